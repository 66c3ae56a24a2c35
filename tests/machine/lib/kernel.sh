# SPDX-License-Identifier: MIT
# The machine's kernel. stock: Debian's own, its image unpacked in the cache, never installed; its headers installed
# as dkms users do. Any other: built from Debian's source as kernels/NAME.config says, in the cache too.

kernel=stock

# kernel_use NAME - choose the kernel of the functions below.
kernel_use() {
	[ "$1" = stock ] || [ -e "$machine/kernels/$1.config" ] || die "there is no kernel $1 (there are: $(kernel_names))"
	kernel=$1
}

kernel_names() {
	local file
	printf stock
	for file in "$machine"/kernels/*.config; do
		printf ' %s' "$(basename "$file" .config)"
	done
}

# kernel_resolve - set kver and kernel_dir; with a stock kernel that is what linux-image-amd64 depends on now, and
# nothing is fetched yet. CRTOS_STOCK_KERNEL holds on to it, for a new list of packages may come with a newer one, and
# the module that was built would not fit.
kernel_resolve() {
	local depends=${CRTOS_STOCK_KERNEL:-}
	[ -n "$depends" ] || depends=$(kernel_depends) || true
	if [ -z "$depends" ]; then
		apt_update
		depends=$(kernel_depends) || true
	fi
	[ -n "$depends" ] || die "apt knows no linux-image-amd64 (is this Debian?)"
	export CRTOS_STOCK_KERNEL=$depends
	read -r kver kernel_version <<<"$depends"
	kver=${kver#linux-image-}
	kernel_dir=$cache/kernel-${kver}_$kernel_version
	[ "$kernel" != stock ] || return 0
	kernel_dir=$("$machine/kernels/build.sh" "$kernel" "$kernel_version") || die "cannot build the kernel $kernel"
	read -r kver <"$kernel_dir/release"
}

# "linux-image-6.1.0-56-amd64 6.1.192-2"
kernel_depends() {
	apt-cache show --no-all-versions linux-image-amd64 2>/dev/null |
		sed -n 's/^Depends:.*\(linux-image-[^ ,]*\) (= \([^)]*\)).*/\1 \2/p'
}

apt_update() {
	local as_root=()
	[ "$(id -u)" = 0 ] || as_root=(sudo)
	"${as_root[@]}" apt-get -qq update >&2
}

# kernel_fetch - fill kernel_dir, once; set vmlinuz.
kernel_fetch() {
	kernel_resolve
	[ -d "$kernel_dir" ] || locked kernel kernel_unpack
	vmlinuz=$kernel_dir/boot/vmlinuz-$kver
}

kernel_unpack() {
	local package=linux-image-$kver=$kernel_version

	[ ! -d "$kernel_dir" ] || return 0	# someone else was faster
	say "fetching Debian's $package"
	new_kernel=$(mktemp -d "$cache/.kernel.XXXXXX")
	trap 'rm -rf "$new_kernel"' EXIT
	kernel_download "$package" || { apt_update && kernel_download "$package"; } ||
		die "cannot download $package"
	dpkg-deb -x "$new_kernel"/*.deb "$new_kernel/root"
	mv -T "$new_kernel/root" "$kernel_dir"
}

kernel_download() {
	(cd "$new_kernel" && apt-get -qq -o APT::Sandbox::User="$(id -un)" download "$1" >&2)
}

# kernel_headers - set kdir, the build directory that belongs to the kernel of the machine.
kernel_headers() {
	kernel_resolve
	if [ "$kernel" = stock ]; then
		need "to build the module for the machine's kernel" "linux-headers-$kver" gcc make
		kdir=/usr/src/linux-headers-$kver
	else
		need "to build the module for the machine's kernel" gcc make
		kdir=$kernel_dir/build
	fi
	[ -e "$kdir/Makefile" ] || die "no $kdir"
}
