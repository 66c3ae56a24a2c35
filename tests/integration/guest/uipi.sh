# SPDX-License-Identifier: MIT
#
# Counts of user interrupts, as RTOS, shadows and module see them. The host compares them with the emulator's.
. /opt/crtos/tests/lib.sh

crtos start --cpus 2 --mem 64M || exit 1
forward=0 taken=0 reverse=0 woken=0 wakes=0

# run NAME COMMAND...: the two sides of one process must agree.
run() {
	name=$1
	shift
	rm -f /tmp/stats
	crtos run --stats=/tmp/stats "$@" >"$out" 2>&1 || { fail "$name runs"; return; }
	is "$name: the shadow took as many as the RTOS sent" \
		"$(stat_of /tmp/stats uipi_forward)" "$(stat_of /tmp/stats uipi_forward_taken)"
	# Two that come before it takes the first are one; the emulator knows of these.
	within "$name: the RTOS took no more than the shadow sent" \
		"$(stat_of /tmp/stats uipi_reverse)" "$(stat_of /tmp/stats uipi_reverse_taken)"
	is "$name: none found nothing to do" 0 "$(stat_of /tmp/stats spurious)"
	forward=$((forward + $(stat_of /tmp/stats uipi_forward)))
	taken=$((taken + $(stat_of /tmp/stats uipi_forward_taken)))
	reverse=$((reverse + $(stat_of /tmp/stats uipi_reverse)))
	wakes=$((wakes + $(stat_of /tmp/stats kernel_wakes)))
}

run "null calls, the shadow spinning" --spin inf $P/getppid-loop 2000
is "no notification entered the kernel" 0 "$(stat_of /tmp/stats kernel_wakes)"
run "null calls, the shadow blocked" --spin 0 $P/getppid-loop 500
if [ "$(stat_of /tmp/stats kernel_wakes)" -gt 0 ]; then pass "notifications entered the kernel"; else fail "wakes"; fi
run "threads" $P/threads
run "busybox" /bin/busybox find /etc /lib

is "the RTOS's total is the sum of its processes'" $forward "$(value uipi_forward)"
ok "none of them is left" wait_until 20 value_is processes 0
echo "# total reverse_taken $(value uipi_reverse_taken)"
echo "# total forward $forward"
echo "# total forward_taken $taken"
echo "# total reverse $reverse"
ok "stop" crtos stop
finish
