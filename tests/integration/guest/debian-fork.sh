# SPDX-License-Identifier: MIT
#
# debian-fork.sh [TOPIC]... - as debian.sh, for Debian's programs that start processes, take signals from Linux or use
# priority inheritance.
. /opt/crtos/tests/debian/lib.sh

[ $# -gt 0 ] || set -- shell processes compiling signals load
debian_run "$@"
