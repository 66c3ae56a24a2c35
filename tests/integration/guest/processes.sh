# SPDX-License-Identifier: MIT
#
# Many processes, ending in every way: nothing is left of them.
. /opt/crtos/tests/lib.sh

sequential=${1:-200} kills=${2:-100}
B=/bin/busybox
crtos start --cpus 2 --mem 192M || exit 1
crtos run $B true || exit 1
wait_until 20 value_is processes 0
frames=$(value frames_free)
upids=$(value upids_used)

i=0
while [ $i -lt "$sequential" ]; do
	crtos run $B echo $i >"$out" 2>&1 || break
	[ "$(cat "$out")" = $i ] || break
	i=$((i + 1))
done
if [ $i -eq "$sequential" ]; then pass "$sequential processes one after the other"; else fail "process $i"; fi

# 4 with nine threads and 4 with one: 8 reverse and 40 forward UPIDs.
pids='' good=0
for i in 1 2 3 4; do
	crtos run $P/threads >/tmp/eight.$i 2>&1 &
	pids="$pids $!"
	crtos run $B sha256sum /bin/busybox >/tmp/eight.sum.$i 2>&1 &
	pids="$pids $!"
done
for pid in $pids; do
	wait "$pid" && good=$((good + 1))
done
cat /tmp/eight.* >"$out"
is "8 processes at once, 4 of them threaded" 8 $good
is "with right results" 1 "$(cat /tmp/eight.sum.* | sort -u | wc -l)"

# 10 with nine threads want more UPIDs than there are: some are refused threads, or are refused themselves.
pids='' wrong=0
for i in 1 2 3 4 5 6 7 8 9 10; do
	crtos run $P/threads >/tmp/ten.$i 2>&1 &
	pids="$pids $!"
done
for pid in $pids; do
	wait "$pid"
	case $? in
	0 | 1 | 125)	;;
	*)		wrong=$((wrong + 1)) ;;
	esac
done
cat /tmp/ten.* >"$out"
is "too many threads at once are refused in an orderly way" 0 $wrong
ok "none of them is left (0)" wait_until 30 value_is processes 0

# Killed at random moments: before it has a session, while it loads, runs, calls, ends.
i=0
while [ $i -lt "$kills" ]; do
	case $((i % 4)) in
	0)	crtos run $B sha256sum /bin/busybox >/dev/null 2>&1 & ;;
	1)	crtos run $P/threads >/dev/null 2>&1 & ;;
	2)	crtos run $B yes >/dev/null 2>&1 & ;;
	3)	crtos run $B sleep 5 >/dev/null 2>&1 & ;;
	esac
	pid=$!
	usleep $(($(od -An -N2 -tu2 /dev/urandom) * 8))
	kill -9 $pid 2>/dev/null
	wait $pid 2>/dev/null
	i=$((i + 1))
done
pass "$kills processes killed at random moments"

# A shell that has children all the time; some of them are killed, then the shell.
i=0
while [ $i -lt $((kills / 5)) ]; do
	crtos run $B sh -c "while :; do (exit 1); $B true; $B echo | $B cat; done" >/dev/null 2>&1 &
	pid=$!
	for j in 1 2 3; do
		usleep $(($(od -An -N2 -tu2 /dev/urandom) * 4))
		kill -9 $(cat /proc/$pid/task/*/children) 2>/dev/null
	done
	usleep $(($(od -An -N2 -tu2 /dev/urandom) * 4))
	kill -9 $pid 2>/dev/null
	wait $pid 2>/dev/null
	i=$((i + 1))
done
pass "$i that fork, and their children"
ok "none of them is left" wait_until 30 value_is processes 0
ok "a program still runs" crtos run $B true
ok "none of them is left (2)" wait_until 30 value_is processes 0
is "all page frames are free again" "$frames" "$(value frames_free)"
is "all UPIDs are free again" "$upids" "$(value upids_used)"
is "no frame stays pinned" 0 "$(value frames_pinned)"

refused "stop refuses while a process runs" 1 "sleep\|busybox\|process" sh -c "
	crtos run $B sleep 60 & echo \$! >/tmp/pid
	until [ \"\$(crtos status --raw | sed -n 's/^processes: //p')\" = 1 ]; do usleep 20000; done
	crtos stop"
refused "the module cannot be removed either" 1 "" rmmod crtos
ok "stop --kill" crtos stop --kill
ok "ends the process" wait_until 20 sh -c '! kill -0 $(cat /tmp/pid)'
ok "the module can be removed" wait_until 10 rmmod crtos
finish
