#!/bin/bash
# SPDX-License-Identifier: MIT
#
# build.sh NAME VERSION - build the kernel NAME from Debian's source of VERSION and print where it is.
#
# NAME.config on top of base, and NAME.patch if there is one. The result lives in
# ${XDG_CACHE_HOME:-$HOME/.cache}/crtos/kernel-NAME-KEY/, where KEY is a hash of all that goes into it, and holds
#
#	release		the name that uname gives
#	boot, lib	as the package of Debian's own kernel does
#	build		what make -C kmod KDIR= wants
#
# Only the path goes to stdout; progress goes to stderr. Calls may run at the same time.
set -eu -o pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
export PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C

name=${1-} version=${2-}

log() {
	echo "kernel $name: $*" >&2
}

die() {
	log "$*"
	exit 1
}

inputs() {
	cd "$here"
	echo "$version"
	cat build.sh base "$name.config"
	[ ! -e "$name.patch" ] || cat "$name.patch"
}

# The series is the version's first two numbers: 6.1.192-2 is in linux-source-6.1.
fetch() {
	local series
	series=$(echo "$version" | cut -d . -f 1,2)
	log "fetching Debian's linux-source-$series $version"
	cd "$work"
	apt-get -qq -o APT::Sandbox::User="$(id -un)" download "linux-source-$series=$version" >&2 ||
		die "cannot download linux-source-$series=$version"
	dpkg-deb --fsys-tarfile linux-source-*.deb | tar -x --to-stdout "./usr/src/linux-source-$series.tar.xz" >source.tar.xz
	rm linux-source-*.deb
	mkdir source
	tar -x -f source.tar.xz -C source --strip-components=1
	rm source.tar.xz
}

# Every line of the fragments must have come true: Kconfig drops silently what lacks a dependency.
configure() {
	local line bad=0
	cat "$here/base" "$here/$name.config" >"$work/fragments"
	KCONFIG_ALLCONFIG=$work/fragments make -s allnoconfig >&2
	while read -r line; do
		case $line in
		CONFIG_*=*)		grep -qxF -- "$line" .config || { bad=1; log "not possible: $line"; } ;;
		'# CONFIG_'*' is not set')
			line=${line#\# }
			! grep -q -- "^${line%% *}=" .config || { bad=1; log "still set: ${line%% *}"; } ;;
		esac
	done <"$work/fragments"
	[ $bad = 0 ]
}

build() {
	cd "$work/source"
	if [ -e "$here/$name.patch" ]; then
		log "applying $name.patch"
		patch -s -p1 --fuzz=0 --no-backup-if-mismatch <"$here/$name.patch" >&2
	fi
	configure || die "the configuration is not the one wanted"
	log "building: this takes a while"
	# KVM is a module that nobody builds: see base.
	make -s -j"$(nproc)" bzImage >"$work/log" 2>&1 || { tail -n 40 "$work/log" >&2; die "the build failed"; }
	make -s modules_prepare >"$work/log" 2>&1 || { tail -n 40 "$work/log" >&2; die "the build failed"; }
}

install_kernel() {
	local out=$1 release
	cd "$work/source"
	release=$(cat include/config/kernel.release)
	mkdir -p "$out/boot" "$out/lib/modules/$release" "$out/build"
	echo "$release" >"$out/release"
	cp arch/x86/boot/bzImage "$out/boot/vmlinuz-$release"
	cp System.map "$out/boot/System.map-$release"
	cp modules.builtin modules.builtin.modinfo "$out/lib/modules/$release/"
	: >"$out/lib/modules/$release/modules.order"

	# What building a module takes: Makefiles, headers, the tools that were built.
	{
		find . -maxdepth 1 \( -name Makefile -o -name Kbuild -o -name .config \)
		find include scripts arch/x86/include -type f
		find arch/x86 -maxdepth 1 -name 'Makefile*'
		echo tools/objtool/objtool
	} | cpio --quiet -p -d -m "$out/build"
	cp vmlinux.symvers "$out/build/Module.symvers"
}

# Run a part of the work as a job with a process group of its own, so that clean_up() can end all of it.
child=
stage() {
	set -m
	("$@") </dev/null 9>&- &
	child=$!
	set +m
	wait "$child"
	child=
}

clean_up() {
	if [ -n "$child" ]; then
		kill -- "-$child" 2>/dev/null || true
		wait "$child" || true
	fi
	rm -rf "$work"
}

[ $# = 2 ] || die "usage: build.sh NAME VERSION"
[ -e "$here/$name.config" ] || die "there is no $here/$name.config"
root=${XDG_CACHE_HOME:-$HOME/.cache}/crtos
hash=$(inputs | sha256sum)
cache=$root/kernel-$name-${hash:0:16}

if [ ! -e "$cache" ]; then
	mkdir -p "$root"
	exec 9>"$cache.lock"
	flock 9
	if [ ! -e "$cache" ]; then
		work=$(mktemp -d "$root/.kernel-$name-XXXXXX")
		trap clean_up EXIT
		trap 'exit 1' HUP INT TERM
		"$here/../packages" "to build a kernel" gcc libc6-dev make patch bc bison flex libelf-dev \
			xz-utils cpio perl >&2
		stage fetch
		stage build
		stage install_kernel "$work/out"
		mv -T "$work/out" "$cache"
		log "done: $cache"
	fi
fi
echo "$cache"
