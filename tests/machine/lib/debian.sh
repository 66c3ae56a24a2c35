# SPDX-License-Identifier: MIT
# A disk with Debian's own packages, which becomes the guest's root: unpacked, never installed, so that neither root's
# rights nor a mount is needed; kept in the cache.

disk_modules=(virtio_blk ext4)
# What every program counts on. Busybox's own shell would run busybox's applets, whatever PATH holds: sh is dash.
disk_always=(base-files base-passwd dash libc-bin)

# disk_build PACKAGE... - set disk, the image of these packages and all they depend on.
disk_build() {
	local names key

	need "to make a disk of packages" e2fsprogs fakeroot
	set -- "${disk_always[@]}" "$@"
	names=$(disk_resolve "$@") || { apt_update && names=$(disk_resolve "$@"); } || die "apt cannot resolve: $*"
	key=$({ echo "$names"; cat "$machine"/lib/{debian.sh,make-disk}; } | sha256sum | cut -c 1-16)
	disk=$cache/disk-$key.ext4
	[ -e "$disk" ] || locked disk disk_fill "$@"
	touch "$disk"
}

# apt in a world where nothing is installed yet: it works out everything that is needed.
disk_apt() {
	apt-get -qq -o Dir::State::status=/dev/null -o Debug::NoLocking=1 -o APT::Sandbox::User="$(id -un)" \
		-o APT::Install-Recommends=0 "$@"
}

# disk_resolve PACKAGE... - the packages' files, whose names tell the versions.
disk_resolve() {
	disk_apt --print-uris install "$@" | cut -d ' ' -f 2 | LC_ALL=C sort
}

disk_fill() {
	[ ! -e "$disk" ] || return 0	# someone else was faster
	say "fetching the packages: $*"
	new_disk=$(mktemp -d "$cache/.disk.XXXXXX")
	trap 'rm -rf "$new_disk"' EXIT
	mkdir -p "$new_disk/archives/partial"
	disk_download "$@" || { apt_update && disk_download "$@"; } || die "cannot download the packages"
	# With the packages' owners and modes, whoever we are.
	fakeroot "$machine/lib/make-disk" "$new_disk" || die "cannot make the disk"
	mv "$new_disk/image" "$disk"
	find "$cache" -maxdepth 1 -name 'disk-*.ext4' -mtime +14 -delete
}

disk_download() {
	disk_apt -y --download-only -o Dir::Cache::archives="$new_disk/archives" install "$@" </dev/null >&2
}

# disk_attach - the emulator's options for it. What the guest writes is gone when it ends.
disk_attach() {
	command+=(-drive "file=$disk,format=raw,if=none,id=packages,snapshot=on,cache=unsafe"
		-device "virtio-blk-pci,drive=packages,serial=packages")
}
