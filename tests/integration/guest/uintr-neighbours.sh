# SPDX-License-Identifier: MIT
#
# User interrupts beside KVM, and over a suspend.
. /opt/crtos/tests/lib.sh
. /opt/crtos/tests/program.sh

program uintr-kvm

program uintr-suspend
program uintr-api

ok "start" crtos start --cpus 2 --mem 32M
refused "no suspend while a partition runs" 1 "" sh -c "echo mem >/sys/power/state"
refused "no suspend to idle either" 1 "" sh -c "echo freeze >/sys/power/state"
ok "the partition works" crtos run /bin/busybox true
ok "stop" crtos stop
ok "the module can be removed" rmmod crtos
finish
