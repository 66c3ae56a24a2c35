# SPDX-License-Identifier: MIT
#
# On a kernel that manages user interrupts itself: whose a thread is. Then the module goes, and the kernel's own
# vector was used: nothing of the module's is left in the way.
. /opt/crtos/tests/lib.sh

ok "the kernel manages user interrupts" grep -q '^flags.* uintr' /proc/cpuinfo
ok "the module uses them" sh -c 'crtos check | tee /dev/stderr | grep -q "^user interrupts *ok"'
status=0
"$P/uintr-owned" >/tmp/tap 2>&1 || status=$?
sed '/^1\.\./d; s/^\(not ok\|ok\) [0-9]* - /&uintr-owned: /' /tmp/tap
count=$((count + $(grep -c '^ok\|^not ok' /tmp/tap)))
failures=$((failures + $(grep -c '^not ok' /tmp/tap)))
cp /tmp/tap "$out"
if [ "$status" -gt 1 ] || ! grep -q '^1\.\.' /tmp/tap; then fail "uintr-owned comes to its end (status $status)"; fi
ok "the module can be removed" rmmod crtos
finish
