# SPDX-License-Identifier: MIT
#
# Remote calls with marks for the counting plugin, the shadow spinning on CPU 1 with nothing beside it.
. /opt/crtos/tests/lib.sh

crtos start --cpus 2 --mem 64M || exit 1
ok "calls" taskset 2 crtos run --spin inf --stats=/tmp/stats /opt/crtos/bench/calls 0 "$1" /tmp/file
is "the module counted no wake-up" 0 "$(stat_of /tmp/stats kernel_wakes)"
ok "stop" crtos stop
grep -E ' (entry_SYSCALL_64|irq_entries_start|spurious_entries_start)$' /proc/kallsyms | sed 's/^/# symbol /'
finish
