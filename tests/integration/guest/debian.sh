# SPDX-License-Identifier: MIT
#
# debian.sh [TOPIC]... - Debian's own programs on the real-time core do what they do on Linux: the scripts of debian/,
# all by default. What starts processes or takes signals from Linux is in debian-fork.sh.
. /opt/crtos/tests/debian/lib.sh

[ $# -gt 0 ] || set -- coreutils text toolchain data database python self cores realtime redis sharing
debian_run "$@"
