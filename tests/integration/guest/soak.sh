# SPDX-License-Identifier: MIT
#
# soak.sh SECONDS SEED - see tests/soak. A few runners, each of which does one thing after the other, chosen at random:
# a program that must end well with the output that is expected, or one that would go on for ever, and is killed.
. /opt/crtos/tests/lib.sh

seconds=$1 seed=$2
S=/tmp/soak
mkdir -p $S/scratch
cd $S/scratch || exit 1
echo "# seed $seed"

# --- what is done ------------------------------------------------------------------------------------
# Each prints what it should, or is killed: RT is `crtos run`, or nothing for the same on Linux.

numbers() { seq 1 2000; }
pipeline() { $RT bash -c 'for i in 1 2 3; do seq 1 300 | sort -rn | head -n 2 | tail -n 1; done'; }
python() { $RT python3 -c 'import threading as t
n = [0]; l = t.Lock()
def f():
    for i in range(200):
        with l: n[0] += 1
a = [t.Thread(target=f) for i in range(6)]
[x.start() for x in a]; [x.join() for x in a]; print(n[0])'; }
children() { $RT python3 -c 'import subprocess as s
print(sum(int(s.run(["expr", str(i), "+", "1"], stdout=s.PIPE).stdout) for i in range(6)))'; }
packed() { numbers | $RT gzip -c | gunzip | cksum; }
database() { $RT sqlite3 :memory: 'create table t(x); with recursive c(i) as (select 1 union all select i + 1 from c where i < 500) insert into t select i from c; select sum(x) from t;'; }
digest() { $RT openssl dgst -sha256 /bin/busybox; }
cycles() { $RT cyclictest -q -p 60 -t 2 -l 100 -i 1000 >cycles.$1 2>&1 && echo well; }
groups() { $RT hackbench -T -g 1 -f 3 -l 30 >groups.$1 2>&1 && echo well; }
forks() { $RT stress-ng --fork 2 --fork-ops 20 --quiet && echo well; }
threads() { $RT $P/threads >threads.$1 2>&1 && echo well; }
signals() { $RT $P/signals >signals.$1 2>&1 && echo well; }
inheritance() { $RT $P/pi >inheritance.$1 2>&1 && echo well; }
memory() { $RT $P/mmaps >memory.$1 2>&1 && echo well; }
fault() { $RT $P/segv >fault.$1 2>&1; echo $?; }
interrupts() { $P/stress-pairs -o -r 500 -l 200 >interrupts.$1 2>&1 && echo well; }

works="pipeline python children packed database digest cycles groups forks threads signals inheritance memory fault interrupts"

# They run until they are killed.
endless() {
	case $1 in
	0) exec $RT bash -c 'while :; do ls / | sort >/dev/null; done' ;;
	1) exec $RT $P/periodic -l 100000000 -i 500 ;;
	2) exec $RT python3 -c 'import threading, time
for i in range(5): threading.Thread(target=lambda: time.sleep(10 ** 6)).start()' ;;
	3) exec $RT python3 -c 'import os
while True:
    if not os.fork(): os._exit(0)
    os.wait()' ;;
	4) exec $RT cat /dev/zero >/dev/null ;;
	5) exec $RT cyclictest -q -p 50 -t 3 -i 1000 ;;
	esac
}

# --- runners -----------------------------------------------------------------------------------------

# random LIMIT: sets $random to less than that.
random() {
	state=$(((state * 1103515245 + 12345) & 0x7fffffff))
	random=$((state / 65536 % $1))
}

# wrong WHAT [FILE]: of a work whose output is in FILE, if there is any.
wrong() {
	echo "runner $runner: $1" >>$S/wrong
	tail -n 5 $S/out.$runner $S/err.$runner ${2:-} >>$S/wrong 2>/dev/null
}

one_work() {
	random 15
	# shellcheck disable=SC2086
	set -- $works
	shift $random
	status=0
	$1 $runner >$S/out.$runner 2>$S/err.$runner || status=$?
	if [ $status = 0 ] && cmp -s $S/out.$runner "$S/expected.$1"; then
		ended=$((ended + 1))
	else
		wrong "$RT $1: status $status" "$1.$runner"
	fi
}

one_victim() {
	random 6
	victim=$random
	endless $victim >$S/out.$runner 2>$S/err.$runner </dev/null &
	pid=$!
	random 2000
	usleep $((random * 1000))
	random 4
	case $random in
	0) signal=KILL number=9 ;;
	1) signal=TERM number=15 ;;
	2) signal=HUP number=1 ;;
	3) signal=SEGV number=11 ;;
	esac
	kill -$signal $pid
	status=0
	wait $pid || status=$?
	# cyclictest ends in its own way.
	if [ $status = $((128 + number)) ] || { [ $victim = 5 ] && [ $status = 0 ]; }; then
		killed=$((killed + 1))
	else
		wrong "$RT victim $victim: status $status for SIG$signal"
	fi
}

# runner NUMBER WHERE: until $S/enough is there.
runner() {
	runner=$1 state=$((seed + 1000003 * $1)) ended=0 killed=0
	RT=''
	[ "$2" = linux ] || RT='crtos run'
	until [ -e $S/enough ]; do
		random 3
		if [ $random = 0 ]; then one_victim; else one_work; fi
	done
	echo "ended=\$((ended + $ended)) killed=\$((killed + $killed))" >$S/new.$1
	mv $S/new.$1 $S/sum.$1
}

# --- before ------------------------------------------------------------------------------------------

processes_of_linux() {
	for dir in /proc/[0-9]*; do
		[ -z "$(readlink "$dir/exe")" ] || echo "${dir#/proc/} $(cat "$dir/comm")"
	done 2>/dev/null >$S/processes
}

files() {
	cut -f 1 /proc/sys/fs/file-nr
}

crtos start --cpus 2 --mem 512M || exit 1
# What each should print is what it prints on Linux with nothing beside it; and then, once, on the real-time core: what
# the RTOS keeps for later it has now.
RT=''
for work in $works; do
	runner=0
	$work 0 >$S/expected.$work 2>$S/out.0 || { cat $S/out.0 $work.0 >"$out" 2>/dev/null; fail "$work on Linux"; }
done
RT='crtos run'
for work in $works; do
	$work 0 >$S/out.0 2>$S/err.0
	cmp $S/out.0 $S/expected.$work >"$out" 2>&1 || { cat $S/out.0 $S/err.0 >>"$out"; fail "$work"; }
done
wait_until 30 value_is processes 0
processes_of_linux
frames=$(value frames_free) count_before=$(wc -l <$S/processes) files_before=$(files)
memory=$(free_kib)
echo "# all of it once, on both sides"

# --- meanwhile ---------------------------------------------------------------------------------------

stress-ng --quiet --cpu 1 --vm 1 --vm-bytes 32M --hdd 1 --hdd-bytes 4M --fork 1 --udp 1 --temp-path /tmp >/tmp/load 2>&1 &
load=$!
for number in 1 2 3; do runner $number realtime 2>/dev/null & done
runner 4 linux 2>/dev/null &
sleep "$seconds"
touch $S/enough
runners_ended() {
	[ "$(ls $S/sum.* | wc -l)" = 4 ]
}
# Nothing that they do takes as long, under this load: what does is stuck.
wait_until 300 runners_ended || ps -o pid,ppid,stat,args >"$out"
kill $load
wait $load 2>/dev/null

# --- after -------------------------------------------------------------------------------------------

ended=0 killed=0
for number in 1 2 3 4; do
	[ -e $S/sum.$number ] || { fail "runner $number came to its end"; continue; }
	eval "$(cat $S/sum.$number)"
done
touch $S/wrong
cp $S/wrong "$out"
if [ -s $S/wrong ]; then fail "all went as it should"; else pass "$ended programs ended as they should, $killed were killed"; fi
if [ $ended -ge $((seconds / 20)) ] && [ $killed -ge $((seconds / 40)) ]; then
	pass "there were enough of both"
else
	echo "$ended ended, $killed killed" >"$out"
	fail "there were enough of both"
fi
crtos status --raw >"$out"
ok "no process is left in the partition" wait_until 60 value_is processes 0
wait_until 60 value_is frames_free "$frames"
is "all memory of the partition is free again" "$frames" "$(value frames_free)"
is "and none of it is referenced by Linux" 0 "$(value frames_pinned)"
is "and none of Linux's is lent" 0 "$(value frames_lent)"
is "no UPID, send table or receiver is in use" "0 0 0" "$(value upids_used) $(value uitts_used) $(value receivers)"
processes_of_linux
cp $S/processes "$out"
number=$(wc -l <"$out")
if [ "$number" = "$count_before" ]; then pass "no process is left on Linux"; else fail "$count_before processes on Linux before, $number now"; fi
within "open files more than before" 128 $(($(files) - files_before))
rm -rf "${S:?}"/scratch/*
back "KiB of Linux's memory missing" 16384 "$memory"
crtos log | grep -i 'process ended\|panic\|BUG\|not carried out\|flooded' >"$out"
if [ -s "$out" ]; then fail "the RTOS has nothing to complain of"; else pass "the RTOS has nothing to complain of"; fi
ok "a program runs as before" crtos run $P/threads
ok "no process is left (2)" wait_until 20 value_is processes 0
ok "stop" crtos stop
is "all CPUs are back" 0-3 "$(online)"
ok "the module can be removed" wait_until 10 rmmod crtos
finish
