# SPDX-License-Identifier: MIT
# Signals from Linux and from timers, to handlers.

. /opt/crtos/tests/debian/measured.sh
works "python3, signals" python3 /opt/crtos/tests/debian/signals.py
measured "cyclictest, POSIX timers" 1 300 crtos run -f 90 cyclictest -x -q -p 90 -h 200 -l 300 -i 1000
measured "cyclictest, an interval timer" 1 300 crtos run -f 90 cyclictest -s -q -p 90 -h 200 -l 300 -i 1000
ok "openssl speed, which an alarm ends" crtos run openssl speed -seconds 1 -bytes 1024 sha256
crtos run python3 -c 'import signal, sys, time
signal.signal(signal.SIGUSR1, lambda *_: (print("USR1"), sys.exit(3)))
print("ready", flush=True)
time.sleep(100)' >signal.out 2>&1 &
pid=$!
wait_until 30 grep -q ready signal.out
kill -USR1 $pid
wait $pid
is "a signal from Linux to a handler" "3 ready USR1" "$? $(paste -s -d ' ' signal.out)"
# What it copies flows when its handlers are there.
mkfifo dd.fifo
# A shell has what it starts in the background ignore SIGINT.
env --default-signal=INT crtos run dd if=/dev/zero of=dd.fifo 2>dd.out &
pid=$!
exec 3<dd.fifo
head -c 1 <&3 >dd.first
cat <&3 >/dev/null &
exec 3<&-
kill -USR1 $pid
ok "dd tells its state when asked" wait_until 20 grep -q copied dd.out
kill -INT $pid
wait $pid
is "and ends by SIGINT" 130 $?
