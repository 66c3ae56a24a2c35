# SPDX-License-Identifier: MIT
# The machine's kernel. stock: Debian's own, its image unpacked in the cache, never installed; its headers installed
# as dkms users do. A number like 6.12: the newest one of that series that Debian has for this release beside its own,
# with headers in the cache too. Any other: built from Debian's source as kernels/NAME.config says, there too.

kernel=stock series=

# kernel_use NAME - choose the kernel of the functions below.
kernel_use() {
	series=
	[[ ! $1 =~ ^[0-9]+\.[0-9]+$ ]] || series=$1
	[ -n "$series" ] || [ "$1" = stock ] || [ -e "$machine/kernels/$1.config" ] ||
		die "there is no kernel $1 (there are: $(kernel_names) and what apt knows as linux-image-6.12-amd64, say)"
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
# the module that was built would not fit; CRTOS_STOCK_KERNEL_6_12 does so with a series.
kernel_resolve() {
	local hold=CRTOS_STOCK_KERNEL${series:+_${series/./_}} depends
	depends=${!hold:-}
	[ -n "$depends" ] || depends=$(kernel_depends) || true
	if [ -z "$depends" ]; then
		apt_update
		depends=$(kernel_depends) || true
	fi
	[ -n "$depends" ] || die "apt knows no $(kernel_package) (is this Debian?)"
	export "$hold=$depends"
	read -r kver kernel_version <<<"$depends"
	kver=${kver#linux-image-}
	kernel_dir=$cache/kernel-${kver}_$kernel_version
	[ "$kernel" != stock ] && [ -z "$series" ] || return 0
	kernel_dir=$("$machine/kernels/build.sh" "$kernel" "$kernel_version") || die "cannot build the kernel $kernel"
	read -r kver <"$kernel_dir/release"
}

kernel_package() {
	echo "linux-image-${series:+$series-}amd64"
}

# "linux-image-6.1.0-56-amd64 6.1.192-2"
kernel_depends() {
	apt-cache show --no-all-versions "$(kernel_package)" 2>/dev/null |
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
	[ -d "$kernel_dir" ] || locked kernel kernel_unpack "$kernel_dir" "linux-image-$kver"
	vmlinuz=$kernel_dir/boot/vmlinuz-$kver
}

# kernel_unpack DIR PACKAGE... - Debian's packages, of the kernel's version.
kernel_unpack() {
	local dir=$1 file
	shift
	[ ! -d "$dir" ] || return 0	# someone else was faster
	say "fetching Debian's $* ($kernel_version)"
	new_kernel=$(mktemp -d "$cache/.kernel.XXXXXX")
	trap 'rm -rf "$new_kernel"' EXIT
	kernel_download "$@" || { apt_update && kernel_download "$@"; } || die "cannot download $*"
	for file in "$new_kernel"/*.deb; do
		dpkg-deb -x "$file" "$new_kernel/root"
	done
	# Headers name each other's Makefile where they would be installed.
	[ ! -e "$new_kernel/root/usr/src/linux-headers-$kver/Makefile" ] ||
		sed -i "s,^include /,include $dir/," "$new_kernel/root/usr/src/linux-headers-$kver/Makefile"
	mv -T "$new_kernel/root" "$dir"
}

kernel_download() {
	(cd "$new_kernel" && apt-get -qq -o APT::Sandbox::User="$(id -un)" download "${@/%/=$kernel_version}" >&2)
}

# kernel_headers - set kdir, the build directory that belongs to the kernel of the machine.
kernel_headers() {
	local headers
	kernel_resolve
	if [ "$kernel" = stock ]; then
		need "to build the module for the machine's kernel" "linux-headers-$kver" gcc make
		kdir=/usr/src/linux-headers-$kver
	elif [ -n "$series" ]; then
		# Not installed: that would install the kernel, too, and the developer's machine would boot it.
		need "to build the module for the machine's kernel" gcc make
		headers=$cache/headers-${kver}_$kernel_version
		[ -d "$headers" ] || locked kernel kernel_unpack "$headers" \
			"linux-headers-$kver" "linux-headers-${kver%-amd64}-common" "linux-kbuild-${kver%-amd64}"
		kdir=$headers/usr/src/linux-headers-$kver
	else
		need "to build the module for the machine's kernel" gcc make
		kdir=$kernel_dir/build
	fi
	[ -e "$kdir/Makefile" ] || die "no $kdir"
}
