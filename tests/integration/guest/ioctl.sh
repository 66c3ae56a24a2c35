# SPDX-License-Identifier: MIT
#
# Bad input to every ioctl gives the documented errno and leaves nothing behind.
. /opt/crtos/tests/lib.sh

table() {
	$P/ioctl-table "$1" >"$out" 2>&1
	status=$?
	sed "s/ - / - $1: /" "$out"
	grep -q '^ok' "$out" && [ $status -le 1 ] || fail "ioctl-table $1"
	! grep -q '^not ok' "$out" || failures=$((failures + 1))
	count=$((count + $(grep -c '^ok\|^not ok' "$out")))
}

table none
table user
crtos start --cpus 2 --mem 32M || exit 1
frames=$(value frames_free)
upids=$(value upids_used)
table partition
wait_until 10 value_is processes 0
is "all page frames are free" "$frames" "$(value frames_free)"
is "all UPIDs are free" "$upids" "$(value upids_used)"
ok "a program runs" crtos run /bin/busybox true
ok "stop" crtos stop
ok "the module can be removed" wait_until 10 rmmod crtos
finish
