# SPDX-License-Identifier: MIT
#
# latency.sh CPU: wake-ups by timers on the real-time core, with Linux idle and saturated, for the counting plugin.
. /opt/crtos/tests/lib.sh

B=/opt/crtos/bench
cpu=$1 rounds=500

crtos start --cpus "$cpu" --mem 256M || exit 1

# wakeups ID NAME ROUNDS WORK: the ids are those of latency.py.
wakeups() {
	ok "wake-ups, $2" crtos run -f 90 $B/wakeups "$1" "$3" "$4"
}

wakeups 0 "alone" $rounds none
wakeups 1 "beside a thread that computes" $rounds spin
wakeups 2 "beside system calls" $rounds calls
wakeups 3 "in a process that forks" 1500 forks

# Ticks of Linux's CPUs: all, and idle.
ticks() {
	awk '/^cpu / { for (i = 2; i <= 9; i++) all += $i; print all, $5 + $6 }' /proc/stat
}

stress-ng --quiet --cpu 3 --vm 2 --vm-bytes 32M --hdd 1 --hdd-bytes 8M --fork 2 --udp 2 --sock 1 --temp-path /tmp \
	>/tmp/load 2>&1 &
load=$!
ok "Linux gets work" wait_until 60 sh -c 'pgrep stress-ng-hdd && pgrep stress-ng-udp && pgrep stress-ng-fork'
before=$(ticks)
wakeups 4 "Linux saturated, alone" $rounds none
wakeups 5 "Linux saturated, beside a thread that computes" $rounds spin
wakeups 6 "Linux saturated, beside system calls" $((rounds / 4)) calls
ok "priority inheritance, Linux saturated" crtos run $P/pi realtime
after=$(ticks)
set -- $before $after
within "Linux was idle for so many thousandths of the time" 50 $((($4 - $2) * 1000 / ($3 - $1)))
kill -0 $load && kill $load
wait $load 2>/dev/null

for program in threads futexes timers posix-timers signals signal-rules mmaps forks; do
	ok "$program" crtos run $P/$program
done
ok "exec" crtos run /bin/sh -c 'for i in 1 2 3; do ls -l /bin /etc | sort -r | head -n 5; done'
ok "no process is left" wait_until 20 value_is processes 0
ok "stop" crtos stop
finish
