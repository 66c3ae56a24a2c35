# SPDX-License-Identifier: MIT
#
# crtos: everything is built, tested and installed from here. "make" lists the targets.

VERSION := 0.1.0

prefix ?= /usr
sbindir ?= $(prefix)/sbin
libexecdir ?= $(prefix)/libexec
libdir ?= $(if $(filter /usr,$(prefix)),/lib/x86_64-linux-gnu,$(prefix)/lib)
devlibdir ?= $(prefix)/lib$(if $(filter /usr,$(prefix)),/x86_64-linux-gnu)
includedir ?= $(prefix)/include
mandir ?= $(prefix)/share/man
firmwaredir ?= /lib/firmware

# The kernel that the module is built for: the running one, or with no headers of that the test machine's.
KDIR ?= $(or $(wildcard /lib/modules/$(shell uname -r)/build),$(shell tests/machine/kernel headers))

machine := tests/machine
need := $(machine)/packages

.PHONY: help
help:
	@echo 'make all             build everything: the module, the RTOS, the library, the daemon, the test programs'
	@echo 'make demo            start the RTOS in the test machine and run programs on it'
	@echo 'make shell           a shell in the test machine, everything in place and the module loaded'
	@echo 'make check           all tests'
	@echo 'make check-debug     tests on kernels with KASAN and lockdep, and on one that manages user interrupts itself'
	@echo 'make soak            programs start, fork and die for half an hour (MINUTES=N), and nothing is left of them'
	@echo 'make conformance     bare-metal tests of user interrupts, statement by statement (tests/conformance/rows)'
	@echo 'make bench           the measurements'
	@echo 'make style           format and static checks'
	@echo 'make dkms-install    the module, with dkms, for the running kernel'
	@echo 'make install         the rest (DESTDIR, prefix)'
	@echo 'make clean'
	@echo
	@echo 'The parts: make kmod [KDIR=...], make rtos, make userspace, make programs'

.PHONY: all
all: kmod rtos userspace programs

.PHONY: toolchain
toolchain:
	@$(need) 'to build crtos' gcc libc6-dev binutils pkg-config

.PHONY: kmod rtos userspace programs
kmod: toolchain
	$(MAKE) -C kmod KDIR=$(KDIR)

rtos: toolchain
	$(MAKE) -C rtos

userspace: toolchain
	$(MAKE) -C libcrtos
	$(MAKE) -C shadowd

programs: userspace
	@$(need) 'to build test programs against musl too, and malformed ones' musl-tools python3
	$(MAKE) -C tests/programs

# The machine builds what it needs itself, for its own kernel.
.PHONY: demo shell check check-debug soak conformance bench
demo:
	@mkdir -p out
	$(machine)/crtos-run --cpus 4 --mem 1500M --timeout 1500 --packages rt-tests \
		--add tests/integration/demo.sh:/opt/crtos/demo.sh \
		--add tests/integration/histogram.py:/opt/crtos/histogram.py \
		--get /tmp/demo/cyclictest.svg:out/cyclictest.svg -- sh /opt/crtos/demo.sh

shell:
	$(machine)/crtos-run --shell --cpus 4 --mem 1500M

check:
	@tests/check

check-debug:
	@tests/check-debug

soak:
	@tests/soak $(MINUTES)

conformance:
	tests/conformance/run

bench:
	tests/bench/run

.PHONY: style
style:
	@tests/style

.PHONY: install
install: rtos userspace
	$(MAKE) -C shadowd installable
	install -d $(DESTDIR)$(sbindir) $(DESTDIR)$(libexecdir)/crtos $(DESTDIR)$(libdir) \
		$(DESTDIR)$(devlibdir)/pkgconfig $(DESTDIR)$(includedir)/crtos $(DESTDIR)$(firmwaredir)/crtos
	install -m 755 shadowd/build/install/crtos $(DESTDIR)$(sbindir)/crtos
	install -m 755 shadowd/build/install/shadowd $(DESTDIR)$(libexecdir)/crtos/shadowd
	install -m 644 rtos/build/rtos.bin $(DESTDIR)$(firmwaredir)/crtos/rtos.bin
	install -m 755 libcrtos/build/libcrtos.so.0 $(DESTDIR)$(libdir)/libcrtos.so.0
	ln -sf $(libdir)/libcrtos.so.0 $(DESTDIR)$(devlibdir)/libcrtos.so
	install -m 755 libcrtos/build/libcrtos-uintr.so $(DESTDIR)$(libdir)/libcrtos-uintr.so
	install -m 644 libcrtos/build/libcrtos-uintr.a $(DESTDIR)$(devlibdir)/libcrtos-uintr.a
	rm -f libcrtos/build/crtos.pc
	$(MAKE) -C libcrtos build/crtos.pc prefix=$(prefix) libdir=$(devlibdir) includedir=$(includedir)
	install -m 644 libcrtos/build/crtos.pc $(DESTDIR)$(devlibdir)/pkgconfig/crtos.pc
	install -m 644 $(wildcard include/crtos/*.h) libcrtos/crtos.h $(DESTDIR)$(includedir)/crtos/
	set -e; for page in $(wildcard libcrtos/man/*.[0-9] shadowd/man/*.[0-9]) shadowd/build/man/crtos-syscalls.7; do \
		install -D -m 644 $$page $(DESTDIR)$(mandir)/man$${page##*.}/$${page##*/}; \
	done

# What dkms copies: the module, its contracts and the recipe.
dkms_source = $(DESTDIR)/usr/src/crtos-$(VERSION)
as_root := $(if $(filter 0,$(shell id -u)),,sudo)
# An ordinary user's path need not lead there.
dkms := $(as_root) /usr/sbin/dkms

.PHONY: dkms-source dkms-install
dkms-source:
	rm -rf $(dkms_source)
	install -d $(dkms_source)/include
	cp -r include/crtos $(dkms_source)/include/
	set -e; for file in $$(cd kmod && find . -name '*.[chS]' ! -name '*.mod.c' -o -name '*.lds*' -o -name Makefile -o -name Kbuild); do \
		install -D -m 644 kmod/$$file $(dkms_source)/kmod/$$file; \
	done
	install -m 644 dkms.conf $(dkms_source)/

dkms-install:
	@$(need) 'to build the module whenever a kernel is installed' dkms
	@[ -e /lib/modules/$$(uname -r)/build ] || $(need) 'to build the module' linux-headers-$$(uname -r)
	! $(dkms) status crtos/$(VERSION) | grep -q . || $(dkms) remove crtos/$(VERSION) --all
	$(as_root) $(MAKE) dkms-source
	$(dkms) add crtos/$(VERSION)
	$(dkms) install crtos/$(VERSION)

.PHONY: clean
clean:
	$(MAKE) -C kmod KDIR=$(KDIR) clean
	for part in rtos libcrtos shadowd tests/programs tests/unit tests/conformance tests/bench; do \
		[ ! -e $$part/Makefile ] || $(MAKE) -C $$part clean || exit; \
	done
	rm -rf out
