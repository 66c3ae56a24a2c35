# SPDX-License-Identifier: MIT
#
# User interrupts in numbers, while CPUs come and go: none is lost, none comes twice, nothing is left behind by those
# who die; the UPID after the last one is refused.
. /opt/crtos/tests/lib.sh
. /opt/crtos/tests/tap.sh

rounds=${1:-100000} seconds=${2:-5} deaths=${3:-1000}
cpus=$(online)

# CPUs 1, 2 and 3 go away in turn, to nobody or to the RTOS, and come back, until /tmp/enough is there.
hotplug() {
	away=0 donated=0
	until [ -e /tmp/enough ]; do
		cpu=$((1 + away % 3))
		if [ $((away % 8)) = 7 ]; then
			crtos start --cpus $cpu --mem 16M && donated=$((donated + 1))
			usleep 200000
			crtos stop
		else
			echo 0 >/sys/devices/system/cpu/cpu$cpu/online
			usleep 200000
			echo 1 >/sys/devices/system/cpu/cpu$cpu/online
		fi
		away=$((away + 1))
		usleep 300000
	done >/tmp/hotplug 2>&1
	echo "away=$away donated=$donated" >/tmp/away
}

hotplug &
program stress-pairs -m wait -r "$rounds" -l $((300 + rounds / 100))
program stress-pairs -m call -r $((rounds / 4)) -l $((300 + rounds / 100))
# Players that spin take CPUs from each other.
program stress-pairs -r $((rounds / 100)) -l $((300 + rounds / 100))
program stress-crowd "$seconds"
program stress-deaths "$deaths"
touch /tmp/enough
wait
. /tmp/away
cp /tmp/hotplug "$out"
if [ "$away" -ge 10 ] && [ "$donated" -ge 1 ]; then
	pass "a CPU was away $away times, $donated of them in the partition"
else
	fail "a CPU was away only $away times, $donated of them in the partition"
fi
is "all CPUs are back" "$cpus" "$(online)"
ok "nothing is in use" nothing_in_use

ok "the module can be removed" wait_until 10 rmmod crtos
ok "and loaded with 1024 UPIDs" insmod /lib/modules/"$(uname -r)"/extra/crtos.ko upid_pages=16
is "which it has" 1024 "$(value upids_total)"
program stress-limits
ok "nothing is in use (2)" nothing_in_use
program stress-crowd 1
ok "the module can be removed (2)" wait_until 10 rmmod crtos
ok "and loaded as ever" insmod /lib/modules/"$(uname -r)"/extra/crtos.ko
program uintr-api
ok "and removed" wait_until 10 rmmod crtos
finish
