# SPDX-License-Identifier: MIT
#
# The partition: what cannot be had is refused and leaves no trace; what is taken comes back.
. /opt/crtos/tests/lib.sh

rounds=${1:-50}
cpus=$(online)

ok "check finds a machine that can start" crtos check
refused "run without a partition says what to do" 125 "crtos start --cpus" crtos run /bin/busybox true
refused "stop without a partition" 1 "no partition exists" crtos stop
ok "status without a partition" crtos status

before=$(free_kib)
refused "CPU 0 cannot be had" 2 "processor 0" crtos start --cpus 0 --mem 64M
refused "a CPU that does not exist" 1 "CPU 99" crtos start --cpus 99 --mem 64M
refused "two CPUs" 2 "cpus" crtos start --cpus 1,2 --mem 64M
refused "a bad CPU list" 2 "cpus" crtos start --cpus x --mem 64M
refused "no such amount of memory" 1 "memory\|MiB\|GiB" crtos start --cpus 2 --mem 32G
refused "too much memory" 2 "64G" crtos start --cpus 2 --mem 1000G
refused "too little memory" 2 "16M" crtos start --cpus 2 --mem 1M
refused "memory not a multiple of 2 MiB" 2 "2M" crtos start --cpus 2 --mem 16385K
refused "a bad size" 2 "mem" crtos start --cpus 2 --mem lots
echo 0 >/sys/devices/system/cpu/cpu3/online
refused "an offline CPU" 1 "CPU 3" crtos start --cpus 3 --mem 64M
echo 1 >/sys/devices/system/cpu/cpu3/online
mv /lib/firmware/crtos/rtos.bin /tmp/rtos.bin
refused "no firmware image" 1 "rtos.bin" crtos start --cpus 2 --mem 64M
head -c 1000 /tmp/rtos.bin >/lib/firmware/crtos/rtos.bin
refused "a truncated image" 1 "rtos.bin" crtos start --cpus 2 --mem 64M
head -c 65536 /dev/urandom >/lib/firmware/crtos/rtos.bin
refused "an image that is none" 1 "rtos.bin" crtos start --cpus 2 --mem 64M
mv /tmp/rtos.bin /lib/firmware/crtos/rtos.bin
is "all CPUs are there after the refusals" "$cpus" "$(online)"
back "KiB of memory missing after the refusals" 2048 "$before"

ok "start" crtos start --cpus 2 --mem 64M
is "the CPU is Linux's no more" "0-1,3" "$(online)"
refused "a second start" 1 "already" crtos start --cpus 1 --mem 64M
refused "Linux cannot take the CPU back behind our back" 1 "" sh -c 'echo 1 >/sys/devices/system/cpu/cpu2/online'
is "status tells the CPU" 2 "$(value cpu)"
refused "the module cannot be removed while the partition runs" 1 "" rmmod crtos
ok "the RTOS runs a program" crtos run /bin/busybox true
ok "the log is readable" sh -c 'crtos log | grep -q .'
ok "stop" crtos stop
is "all CPUs are back" "$cpus" "$(online)"

i=0 good=0
base=$(free_kib)
while [ $i -lt "$rounds" ]; do
	crtos start --cpus $((1 + i % 3)) --mem $((32 + i % 5 * 16))M >"$out" 2>&1 || break
	[ $((i % 10)) -ne 0 ] || crtos run /bin/busybox true >>"$out" 2>&1 || break
	crtos stop >>"$out" 2>&1 || break
	[ "$(online)" = "$cpus" ] || break
	i=$((i + 1)) good=$((good + 1))
done
if [ $good -eq "$rounds" ]; then pass "$rounds rounds of start and stop"; else fail "round $i of start and stop"; fi
back "KiB of memory missing after $rounds rounds" 2048 "$base"

ok "the module can be removed" rmmod crtos
ok "and loaded again" insmod /lib/modules/"$(uname -r)"/extra/crtos.ko
ok "and used again" sh -c 'crtos start --cpus 2 --mem 32M && crtos run /bin/busybox true && crtos stop'
ok "and removed" rmmod crtos
finish
