# SPDX-License-Identifier: MIT
# Shared by the scripts of the test machine; sourced, never run.

machine=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/crtos

# The exit statuses that are ours; every other one is the command's.
readonly EXIT_SETUP=96		# the machine could not be set up, or it was used wrongly
readonly EXIT_GET=97		# a --get file was not there
readonly EXIT_DIED=98		# the guest died or panicked
readonly EXIT_LOG=99		# the kernel log holds a complaint
readonly EXIT_TIMEOUT=124

say() {
	printf '%s\n' "machine: $*" >&2
}

die() {
	say "$*"
	exit "$EXIT_SETUP"
}

need() {
	"$machine/packages" "$@" || die "cannot install the packages for: $1"
}

# locked NAME COMMAND... - run COMMAND while holding the cache's lock NAME.
locked() {
	local name=$1
	shift
	mkdir -p "$cache"
	(
		flock 8
		"$@" 8>&-
	) 8>"$cache/.$name.lock"
}
