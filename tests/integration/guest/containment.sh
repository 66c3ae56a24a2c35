# SPDX-License-Identifier: MIT
#
# Faults stay where they happen: in a program, in a shadow, in the RTOS.
. /opt/crtos/tests/lib.sh

B=/bin/busybox
crtos start --cpus 2 --mem 64M || exit 1

crtos run $B sleep 300 >/tmp/bystander 2>&1 &
bystander=$!
wait_until 20 value_is processes 1
refused "a faulting program dies alone" 139 "" sh -c "crtos run $P/segv; exit \$?"
ok "and is named in the log" sh -c "crtos log | grep -q segv"
ok "another process lives on" kill -0 $bystander

# The SCF buffer is found in the shadow's map and scribbled on through /proc/PID/mem.
scribble() {
	start=$(sed -n 's,^\([0-9a-f]*\)-.* 700000000000 .*/dev/crtos.*,\1,p' /proc/"$1"/maps)
	[ -n "$start" ] || return 1
	# A write to the memory of a process that has just died takes 0 bytes, and dd would try for ever.
	# shellcheck disable=SC2059
	printf "$3" | timeout 2 dd of=/proc/"$1"/mem bs=1 seek=$((0x$start + $2)) conv=notrunc 2>/dev/null
}

# Scribble at a moment when the other side looks: again and again until the process ends.
scribble_until_end() {
	deadline=$(($(date +%s) + 60))
	while kill -0 "$1" 2>/dev/null && [ "$(date +%s)" -lt $deadline ]; do
		scribble "$@"
	done
	kill -9 "$1" 2>/dev/null
}

# Slot 0's response.seq, as a confused or hostile shadow would write it; the RTOS looks while it spins.
crtos run --rt-spin 1000000 $B dd if=/dev/zero of=/dev/null bs=1 2>/tmp/victim.err &
victim=$!
wait_until 20 value_is processes 2
scribble_until_end $victim 4160 '\377\377\377\177'
wait $victim 2>/dev/null
is "a corrupt response ends the process with status 125" 125 $?
ok "and it says why" grep -q protocol /tmp/victim.err
ok "another process lives on (2)" kill -0 $bystander

# Slot 0's request.seq, as a confused RTOS would write it.
crtos run $B dd if=/dev/zero of=/dev/null bs=1 2>/tmp/victim.err &
victim=$!
wait_until 20 value_is processes 2
scribble_until_end $victim 4096 '\377\377\377\177'
wait $victim 2>/dev/null
is "a corrupt request ends the process with status 125" 125 $?
ok "and it says why (2)" grep -q protocol /tmp/victim.err
ok "another process lives on (3)" kill -0 $bystander
ok "a program still runs" crtos run $B true
ok "the bystander is all that is left" wait_until 20 value_is processes 1

crtos debug panic >"$out" 2>&1
ok "the partition is known to be lost" wait_until 20 value_is state panic
wait $bystander 2>/dev/null
is "its process ends with status 125" 125 $?
ok "and says why (3)" grep -q "partition failed" /tmp/bystander
ok "Linux works on" sha256sum /bin/busybox
ok "the report names the panic" sh -c "crtos log | grep -qi panic"
ok "with registers" sh -c "crtos log | grep -qi 'rip'"
refused "run says what to do" 125 "crtos stop\|crtos log" crtos run $B true
ok "stop" crtos stop
is "all CPUs are back" "0-3" "$(online)"
ok "start again" crtos start --cpus 2 --mem 64M
ok "and run" crtos run $B true
ok "and stop" crtos stop
ok "the module can be removed" wait_until 10 rmmod crtos
finish
