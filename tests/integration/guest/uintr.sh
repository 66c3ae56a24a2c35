# SPDX-License-Identifier: MIT
#
# User interrupts between Linux threads: nothing is left behind, and the module stays as long as anybody holds it.
. /opt/crtos/tests/lib.sh
. /opt/crtos/tests/program.sh

rounds=${1:-100000}

in_use() {
	echo "$(value upids_used) UPIDs, $(value uitts_used) tables, $(value receivers) receivers"
}

nothing_in_use() {
	[ "$(in_use)" = "0 UPIDs, 0 tables, 0 receivers" ]
}

# holds WHAT: with one of it, and /dev/crtos closed, the module stays; without, nothing is left.
holds() {
	"$P/uintr-sender" hold "$1" &
	pid=$!
	wait_until 10 in_use_is "$2" || true
	is "what holding a $1 costs" "$2" "$(in_use)"
	refused "the module stays while there is a $1" 1 "" rmmod crtos
	kill -9 $pid
	wait $pid 2>/dev/null || true
	ok "the $1 is given back" wait_until 10 nothing_in_use
}

# Some of what a process had is free only a moment after its end.
memory_is_back() {
	missing=$((before - $(free_kib)))
	[ $missing -le 2048 ]
}

in_use_is() {
	[ "$(in_use)" = "$1" ]
}

ok "nothing is in use at first" nothing_in_use
program uintr-api
program uintr-sender
program uintr-edges
program uintr-waiting
program uintr-waiting-races "$rounds"
ok "nothing is in use" nothing_in_use

holds receiver "1 UPIDs, 0 tables, 1 receivers"
holds descriptor "1 UPIDs, 0 tables, 0 receivers"
holds table "1 UPIDs, 1 tables, 0 receivers"

before=$(free_kib)
program partition-interrupt 2 64
wait_until 20 memory_is_back || true
within "KiB of memory missing after the interruptions" 2048 "$missing"

ok "the module can be removed" rmmod crtos
ok "and loaded again" insmod /lib/modules/"$(uname -r)"/extra/crtos.ko
program uintr-api
ok "and removed" rmmod crtos
finish
