# SPDX-License-Identifier: MIT
#
# The measurements, as run in the test machine: the real-time core is CPU 2, the shadow stays on CPU 1.
set -e
rounds=$1
B=/opt/crtos/bench

$B/messages 1 3 "$rounds"
crtos start --cpus 2 --mem 64M >&2
printf 'rt '
taskset 2 crtos run -f 50 --spin inf --stats=/tmp/stats $B/calls 0 "$rounds" /tmp/rt
printf 'native '
taskset 2 $B/calls 100 "$rounds" /tmp/native
printf 'pipe '
$B/pingpong 1 3 "$rounds"
sed 's/^/stat /' /tmp/stats
crtos status --raw | sed 's/^/status /'
crtos stop >&2
grep -E ' (entry_SYSCALL_64|irq_entries_start|asm_sysvec_apic_timer_interrupt|asm_sysvec_[a-z_]*|asm_exc_page_fault)$' \
	/proc/kallsyms | sed 's/^/symbol /'
