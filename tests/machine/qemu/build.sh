#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Build the UINTR test machine: Debian 12's QEMU, with patches/ applied and the plugin beside it.
#
#   build.sh            print the path of qemu-system-x86_64
#   build.sh --plugin   print the path of the counting plugin (see plugin/count.c)
#
# The first call builds (about four minutes on two CPUs), later ones answer at once. The result lives in
# ${XDG_CACHE_HOME:-$HOME/.cache}/crtos/qemu-KEY/, where KEY is a hash of everything in this folder that
# goes into it. Only the path goes to stdout; progress goes to stderr. Calls may run at the same time.
set -eu

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
release=bookworm
version=7.2
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
# The system's python3, ninja and gcc, whatever the caller has in front of them.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C

packages=(
	dpkg-dev patch xz-utils ca-certificates debian-archive-keyring	# fetch and unpack the source
	gcc libc6-dev make ninja-build meson pkg-config python3		# build
	flex bison							# configure asks for them
	libglib2.0-dev libpixman-1-dev libfdt-dev zlib1g-dev		# QEMU's core
	libattr1-dev libcap-ng-dev					# virtio-9p
)

log()
{
	echo "qemu: $*" >&2
}

die()
{
	log "$*"
	exit 1
}

as_root()
{
	if [ "$(id -u)" = 0 ]; then
		"$@"
	else
		sudo "$@"
	fi
}

inputs()
{
	cd "$here"
	echo "$version"
	cat build.sh devices.mak patches/series
	while read -r patch; do
		cat "patches/$patch"
	done <patches/series
}

install_packages()
{
	local missing=() p

	for p in "${packages[@]}"; do
		dpkg-query -W -f '${Status}' "$p" 2>/dev/null | grep -q ' installed$' || missing+=("$p")
	done
	if [ ${#missing[@]} = 0 ]; then
		return
	fi
	log "installing what the build needs: ${missing[*]}"
	as_root apt-get update >&2 || log "apt-get update failed, going on with the lists there are"
	as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600 \
		install -y --no-install-recommends "${missing[@]}" >&2
}

# apt with lists, cache and sources of its own: the repositories are the system's, with sources enabled.
private_apt()
{
	apt-get -o Dir::Etc::SourceList="$work/apt/sources.list" -o Dir::Etc::SourceParts=- \
		-o Dir::State="$work/apt/state" -o Dir::State::status=/var/lib/dpkg/status \
		-o Dir::Cache="$work/apt/cache" -o APT::Sandbox::User=root "$@" >&2
}

fetch()
{
	local uri suite component

	mkdir -p "$work/apt/state/lists/partial" "$work/apt/cache/archives/partial" "$work/fetch"
	apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
	sort -u | while read -r uri suite component; do
		case $suite:$component:$uri in
		$release:main:*debian* | $release-updates:main:*debian* | $release-security:main:*debian*)
			echo "deb [signed-by=$keyring] $uri $suite main"
			echo "deb-src [signed-by=$keyring] $uri $suite main"
		esac
	done >"$work/apt/sources.list"
	[ -s "$work/apt/sources.list" ] || die "no Debian 12 ($release) repository is configured on this system"

	log "fetching the source of QEMU and its firmware"
	private_apt update
	cd "$work/fetch"
	private_apt --download-only source qemu
	# Debian's QEMU source comes without the firmware of others.
	private_apt download seabios ipxe-qemu
	ls qemu_"$version"+*.dsc >/dev/null || die "this is not QEMU $version"
	dpkg-source -x qemu_"$version"+*.dsc "$work/source" >&2
	local deb
	for deb in *.deb; do
		dpkg-deb -x "$deb" "$work/firmware"
	done
}

build()
{
	local patch

	cd "$work/source"
	while read -r patch; do
		log "applying $patch"
		patch -p1 --fuzz=0 --no-backup-if-mismatch <"$here/patches/$patch" >&2
	done <"$here/patches/series"
	cp "$here/devices.mak" configs/devices/x86_64-softmmu/crtos.mak

	mkdir build
	cd build
	log "building"
	../configure --target-list=x86_64-softmmu --with-devices-x86_64=crtos \
		--without-default-features --enable-system --enable-tcg --enable-plugins \
		--enable-trace-backends=log --enable-fdt=system \
		--enable-virtfs --enable-attr --enable-cap-ng \
		--disable-debug-info --disable-werror >"$work/log" 2>&1 || { tail -n 30 "$work/log" >&2; return 1; }
	ninja -j"$(nproc)" qemu-system-x86_64 >"$work/log" 2>&1 || { tail -n 50 "$work/log" >&2; return 1; }
	# configure leaves these out where the compiler cannot link 32-bit programs, which they are not.
	printf '%s\n' "TOPSRC_DIR=$work/source" TARGET_DIR= CC=gcc LD=ld OBJCOPY=objcopy PYTHON=python3 \
		>pc-bios/optionrom/config.mak
	make -C pc-bios/optionrom all >"$work/log" 2>&1 || { tail -n 30 "$work/log" >&2; return 1; }
}

# QEMU finds ../share/qemu from where its binary is, so the folder can be moved.
install_tree()
{
	local out=$1 src=$work/source

	mkdir -p "$out/bin" "$out/include" "$out/share/qemu"
	strip -o "$out/bin/qemu-system-x86_64" "$src/build/qemu-system-x86_64"
	cp "$src/include/qemu/qemu-plugin.h" "$out/include/"
	cp "$src"/build/pc-bios/optionrom/*.bin "$out/share/qemu/"
	cp -L "$work"/firmware/usr/share/seabios/*.bin "$out/share/qemu/"
	cp -L "$work"/firmware/usr/lib/ipxe/qemu/efi-*.rom "$out/share/qemu/"
	cp "$src/COPYING" "$src/COPYING.LIB" "$out/"
	dpkg-parsechangelog -l "$src/debian/changelog" -S Version >"$out/source-version"
	"$out/bin/qemu-system-x86_64" -cpu help | grep -qw uintr || die "the build has no uintr"
}

# Run a part of the work as a job with a process group of its own, so that clean_up() can end all of it.
child=
stage()
{
	set -m
	("$@") </dev/null 9>&- &
	child=$!
	set +m
	wait "$child"
	child=
}

clean_up()
{
	if [ -n "$child" ]; then
		kill -- "-$child" 2>/dev/null || true
		wait "$child" || true
	fi
	rm -rf "$work"
}

# The plugin has a key of its own: a change of it does not build QEMU again.
build_plugin()
{
	local source=$here/plugin/count.c hash temporary

	hash=$(sha256sum <"$source")
	plugin=$cache/lib/libcount-${hash:0:16}.so
	[ ! -e "$plugin" ] || return 0
	install_packages
	mkdir -p "$cache/lib"
	temporary=$(mktemp "$cache/lib/.XXXXXX")
	# shellcheck disable=SC2046
	gcc -shared -fPIC -O2 -Wall -Wextra $(pkg-config --cflags glib-2.0) -I"$cache/include" \
		-o "$temporary" "$source" $(pkg-config --libs glib-2.0) >&2
	mv "$temporary" "$plugin"
}

what=qemu
case ${1-} in
'') ;;
--plugin) what=plugin ;;
*) die "usage: build.sh [--plugin]" ;;
esac

root=${XDG_CACHE_HOME:-$HOME/.cache}/crtos
hash=$(inputs | sha256sum)
cache=$root/qemu-${hash:0:16}

if [ ! -e "$cache" ]; then
	mkdir -p "$root"
	exec 9>"$cache.lock"
	flock 9
	if [ ! -e "$cache" ]; then
		work=$(mktemp -d "$root/.build-XXXXXX")
		trap clean_up EXIT
		trap 'exit 1' HUP INT TERM
		install_packages
		stage fetch
		stage build
		stage install_tree "$work/out"
		mv -T "$work/out" "$cache"
		log "done: $cache"
	fi
fi
if [ $what = plugin ]; then
	build_plugin
	echo "$plugin"
else
	echo "$cache/bin/qemu-system-x86_64"
fi
