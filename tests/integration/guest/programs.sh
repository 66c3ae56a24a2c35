# SPDX-License-Identifier: MIT
#
# Unmodified programs on the real-time core behave as on Linux.
. /opt/crtos/tests/lib.sh

B=/bin/busybox
crtos start --cpus 2 --mem 192M || exit 1
dir=/tmp/programs
mkdir -p $dir
cd $dir || exit 1
{ head -c 3145728 /dev/urandom; seq 1 500000; } >input

# same NAME COMMAND...: status and output are those of the command on Linux.
same() {
	name=$1
	shift
	"$@" </dev/null >native.out 2>native.err
	native=$?
	crtos run "$@" </dev/null >rt.out 2>rt.err
	rt=$?
	{
		[ $native -eq $rt ] || echo "status $rt, on Linux $native"
		cmp native.out rt.out
		diff native.err rt.err
	} >"$out" 2>&1
	if [ -s "$out" ]; then fail "$name"; else pass "$name"; fi
}

same "sha256sum" $B sha256sum input
same "gzip to standard output" $B gzip -c input
$B gzip -c input >input.gz
same "gunzip" $B gunzip -c input.gz
same "a directory walk" $B find /bin /etc /lib /opt
same "stat and readlink" $B ls -lR /etc /lib
same "environment" $B env
same "working directory" $B pwd
same "arguments" $B echo "one two" '' "thr\"ee" '$four'
same "an error message and its status" $B cat /does/not/exist
same "sort" $B sort -r /etc/passwd
same "awk" $B awk 'BEGIN { for (i = 0; i < 20000; i++) s += sin(i); printf "%.9f\n", s }'
same "a large write" $B dd if=input bs=1M count=3
same "many small writes" $B seq 1 3000

seq 1 20000 >numbers
ok "standard input from a pipe, output to a pipe" sh -c \
	"cat numbers | crtos run $B sort -rn | sort -n | cmp - numbers"
ok "reading a terminal-less input to its end" sh -c "printf 'a\nb' | crtos run $B wc -c | grep -qx '3'"
ok "writing files that Linux reads" sh -c \
	"mkdir -p tree/a/b && cp input tree/a/b && crtos run $B cp -r tree copy && diff -r tree copy"
ok "tar" sh -c "crtos run $B tar cf t.tar tree && mkdir -p x && tar xf t.tar -C x && diff -r tree x/tree"
ok "O_APPEND and redirection" sh -c "echo 1 >f; crtos run $B echo 2 >>f; [ \"\$(cat f)\" = '1
2' ]"

for program in hello threads forks pi fpu timers futexes futex-unmapped mmaps signals signal-rules signals-between signals-threads posix-timers first-thread-ends args \
	hello-musl threads-musl futexes-musl args-musl \
	hello-dynamic threads-dynamic; do
	ok "program $program" crtos run $P/$program
done
# Wild pointers to remote and local calls: a line a call.
crtos run $P/efault >"$out" 2>&1
status=$?
grep '^not ok' "$out"
failures=$((failures + $(grep -c '^not ok' "$out")))
is "$(grep -c '^ok' "$out") calls with wild pointers" 0 $status
ok "a periodic task" crtos run -f 80 $P/periodic -l 300 -i 1000

ok "priority inheritance" crtos run $P/pi realtime
ok "a real-time priority for root" crtos run $P/fifo99
refused "none for an ordinary user" 1 "priority 0" $P/as-nobody crtos run $P/fifo99
refused "nor at the start" 125 "RLIMIT_RTPRIO\|CAP_SYS_NICE\|ermission\|ermitted" $P/as-nobody crtos run -f 99 $P/hello
ok "an ordinary user's program" $P/as-nobody crtos run $P/threads

for code in 0 1 42 255; do
	refused "exit status $code" $code "" crtos run $P/exit-code $code
done
refused "no such program" 127 "No such file" crtos run /no/such/program
refused "not executable" 126 "ermission" crtos run /etc/passwd
chmod +x input
refused "not an executable format" 126 "Exec format" crtos run ./input
refused "death by SIGSEGV" 139 "" sh -c "crtos run $P/segv; exit \$?"
refused "death by SIGFPE" 136 "" sh -c "crtos run $P/sigfpe; exit \$?"
refused "death by abort" 134 "" sh -c "crtos run $P/abort; exit \$?"
refused "death by a signal of another thread" 143 "" crtos run $P/signal-rules 15
refused "death by its SIGKILL" 137 "" crtos run $P/signal-rules 9

crtos run $B sleep 100 &
pid=$!
ok "the program is seen by its own name" wait_until 20 sh -c "grep -qx busybox /proc/$pid/comm"
wait_until 20 value_is processes 1
kill -TERM $pid
wait $pid
is "death by SIGTERM" 143 $?
crtos run $P/signals-threads wait >"$out" &
pid=$!
wait_until 20 grep -q . "$out"
$P/signals-threads send $pid "$(cat "$out")" 10
wait $pid
is "a signal from Linux to a single thread" 7 $?
crtos run $B sh -c 'echo; while :; do :; done' >"$out" &
pid=$!
wait_until 20 grep -q '' "$out"
kill -STOP $pid
ok "a program that computes is stopped" wait_until 20 grep -q '^State:.*T (stopped)' /proc/$pid/status
kill -TERM $pid
kill -CONT $pid
wait $pid
is "and continued, to its end" 143 $?
ok "Ctrl-C on a terminal" $P/terminal -s 2 crtos run $B cat
ok "Ctrl-C for a program that computes" $P/terminal -s 2 crtos run $B sh -c 'echo; while :; do :; done'
ok "a program asks a terminal" $P/terminal crtos run $B tty -s
ok "SIGPIPE ends a writer" sh -c "crtos run $B yes | head -n 3 | wc -l | grep -qx 3"
crtos run $B sh -c 'echo $$' >"$out" &
pid=$!
wait $pid
is "getpid is the shadow's" $pid "$(cat "$out")"

# A line a file, with the status that Linux gives or a refusal.
$P/hostile/run crtos run >"$out" 2>&1
sed -n 's/^\(not \)\{0,1\}ok - /\1ok - hostile ELF /p' "$out"
count=$((count + $(grep -c '^ok\|^not ok' "$out")))
failures=$((failures + $(grep -c '^not ok' "$out")))
ok "after all that a program runs" crtos run $P/hello
ok "no process is left" wait_until 20 value_is processes 0
ok "stop" crtos stop
finish
