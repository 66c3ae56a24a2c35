# SPDX-License-Identifier: MIT
#
# With page-table isolation there are no user interrupts, and the other notifiers do.
. /opt/crtos/tests/lib.sh
. /opt/crtos/tests/program.sh

ok "page-table isolation is on" sh -c "dmesg | grep 'page tables isolation: enabled'"
ok "the kernel's log says why there are none" sh -c "dmesg | grep 'crtos: no user interrupts because page-table isolation is on'"
program uintr-edges without
ok "start" crtos start --cpus 1 --mem 32M
ok "a program runs, notified by interrupts" crtos run --notifier ipi /bin/busybox true
refused "but not by user interrupts" 125 "no user interrupts here" crtos run --notifier uipi /bin/busybox true
ok "stop" crtos stop
ok "the module can be removed" rmmod crtos
finish
