# SPDX-License-Identifier: MIT
# The guest's file system: a base archive (kept in the cache) and an archive of what one run adds.

busybox=/bin/busybox
base_modules=(virtio_pci virtio_console)

# initramfs_base MODULE... - set base_cpio: busybox, our init and the kernel's modules named, with what they need.
initramfs_base() {
	local modules=("${base_modules[@]}" "$@") key

	need "the guest's user land" busybox-static cpio kmod
	key=$({ echo "$kernel_dir" "${modules[@]}"; cat "$busybox" "$machine/lib/init" "$machine/lib/initramfs.sh"; } |
		sha256sum | cut -c 1-16)
	base_cpio=$cache/base-$key.cpio
	[ -e "$base_cpio" ] || locked base initramfs_build_base "${modules[@]}"
}

initramfs_build_base() {
	[ ! -e "$base_cpio" ] || return 0	# someone else was faster
	new_base=$(mktemp -d "$cache/.base.XXXXXX")
	trap 'rm -rf "$new_base" "$new_base.cpio"' EXIT
	initramfs_fill_base "$new_base" "$@"
	initramfs_pack "$new_base" >"$new_base.cpio"
	mv "$new_base.cpio" "$base_cpio"
	find "$cache" -maxdepth 1 -name 'base-*.cpio' -mtime +7 -delete
}

initramfs_fill_base() {
	local root=$1 applet module file index=lib/modules/$kver
	shift

	chmod 755 "$root"
	(
		cd "$root"
		mkdir -p bin sbin usr/bin usr/sbin usr/lib lib lib64 etc dev proc sys run tmp root mnt var .machine
		mkdir -p "$index" lib/firmware
		chmod 1777 tmp
		chmod 700 root
		ln -s ../run var/run
		ln -s ../tmp var/tmp
		echo 'root:x:0:0:root:/root:/bin/sh' >etc/passwd
		echo 'nobody:x:65534:65534:nobody:/:/bin/sh' >>etc/passwd
		printf '%s\n' 'root:x:0:' 'nogroup:x:65534:' >etc/group
		echo '127.0.0.1 localhost crtos-machine' >etc/hosts
	)
	cp "$busybox" "$root/bin/busybox"
	for applet in $("$busybox" --list-full); do
		[ -e "$root/$applet" ] || ln -s /bin/busybox "$root/$applet"
	done
	install -m 755 "$machine/lib/init" "$root/init"
	printf '%s\n' "$@" >"$root/.machine/modules"

	# depmod wants the whole tree to resolve names; only the files needed are copied, the index is rebuilt for them.
	kernel_index
	for module; do
		/sbin/modprobe -C /dev/null -d "$kernel_dir" -S "$kver" --show-depends "$module" |
			sed -n 's/^insmod \([^ ]*\).*/\1/p' | while read -r file; do
				file=${file#"$kernel_dir/"}
				install -D -m 644 "$kernel_dir/$file" "$root/$file"
			done
	done
	cp "$kernel_dir/$index"/modules.{builtin*,order} "$root/$index/"
	/sbin/depmod -b "$root" "$kver"
}

# The package's modules come without an index: make it once.
kernel_index() {
	[ -e "$kernel_dir/lib/modules/$kver/modules.dep.bin" ] || /sbin/depmod -b "$kernel_dir" "$kver"
}

# initramfs_pack DIR - a cpio archive of DIR, all owned by root.
initramfs_pack() {
	(cd "$1" && find . -mindepth 1 -print0 | LC_ALL=C sort -z | cpio --quiet -0 -o -H newc -R 0:0)
}

# initramfs_add ROOT HOST GUEST - copy a file or a directory with its modes; note its executables for their libraries.
initramfs_add() {
	local root=$1 host=$2 guest=$3
	[ -e "$host" ] || die "--add: no $host"
	case $guest in /*) ;; *) die "--add: $guest is not an absolute path" ;; esac
	mkdir -p "$root$(dirname "$guest")"
	if [ -d "$host" ]; then
		mkdir -p "$root$guest"
		cp -a "$host/." "$root$guest/"
	else
		[ ! -d "$root$guest" ] || guest=$guest/$(basename "$host")
		cp -L --preserve=mode,timestamps "$host" "$root$guest"
	fi
}

# initramfs_libraries ROOT HOST... - add the shared libraries of the executables among HOST, at their own paths,
# where nothing was added explicitly.
initramfs_libraries() {
	local root=$1 library
	shift
	find -L "$@" -type f -perm -u+x -print0 | while IFS= read -r -d '' file; do
		[ "$(head -c 4 "$file" | tr -d '\0')" = $'\177ELF' ] || continue
		# ldd runs the file's own loader; a static or foreign one has nothing to tell.
		ldd "$file" 2>/dev/null | sed -n 's/^.*=> \(\/[^ ]*\) (.*/\1/p; s/^\t\(\/[^ ]*\) (.*/\1/p' || true
	done | sort -u | while IFS= read -r library; do
		[ ! -e "$root$library" ] && [ ! -e "$root/lib/x86_64-linux-gnu/${library##*/}" ] || continue
		install -D -m 755 "$library" "$root$library"
	done
}
