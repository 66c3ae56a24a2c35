# SPDX-License-Identifier: MIT
# rt-tests. Latencies of an emulated CPU say nothing: what is compared is that all cycles were done and counted.

. /opt/crtos/tests/debian/measured.sh
measured "cyclictest" 1 1000 crtos run -f 90 cyclictest -q -p 90 -h 200 -l 1000 -i 1000
measured "cyclictest, four threads" 4 500 crtos run -f 90 cyclictest -q -p 90 -t 4 -h 200 -l 500 -i 1000
measured "cyclictest, memory locked" 1 500 crtos run -f 90 cyclictest -q -m -p 90 -h 200 -l 500 -i 1000
measured "cyclictest, relative times" 1 300 crtos run -f 90 cyclictest -q -r -p 90 -h 200 -l 300 -i 1000
measured "cyclictest, clock_nanosleep of CLOCK_REALTIME" 1 300 crtos run -f 90 cyclictest -q -c 1 -p 90 -h 200 -l 300 -i 1000
# Where the machine stands still for a while, cycles by POSIX timers are early from then on, on Linux too.
measured "cyclictest, POSIX timers" 1 300 crtos run -f 95 cyclictest -q -x -p 90 -h 200 -l 300 -i 1000
measured "cyclictest, POSIX timers, relative times" 1 200 crtos run -f 95 cyclictest -q -x -r -p 90 -h 200 -l 200 -i 1000
measured "cyclictest, POSIX timers, four threads" 4 200 crtos run -f 95 cyclictest -q -x -t 4 -p 90 -h 200 -l 200 -i 1000
measured "cyclictest, setitimer" 1 200 crtos run -f 95 cyclictest -q -s -p 90 -h 200 -l 200 -i 1000
measured "cyclictest, round robin" 1 200 crtos run -f 95 cyclictest -q --policy=rr -p 90 -h 200 -l 200 -i 1000
ok "hackbench, threads and pipes" crtos run hackbench -T -p -g 1 -f 4 -l 50
ok "hackbench, threads and sockets" crtos run hackbench -T -g 1 -f 4 -l 50
ok "ptsematest" crtos run -f 90 ptsematest -q -t 2 -p 90 -i 1000 -l 200
# Not with its first thread at a real-time priority: on one processor that thread never lets the others begin, here as
# on Linux (sched_setaffinity to CPU 0, FIFO 50, 90 or 95).
ok "signaltest" crtos run signaltest -q -p 90 -t 2 -l 200
ok "sigwaittest" crtos run -f 90 sigwaittest -q -t 2 -p 90 -i 1000 -l 200
ok "svsematest" crtos run -f 90 /usr/bin/svsematest -q -t 2 -p 90 -i 1000 -l 100
ok "pmqtest" crtos run -f 90 pmqtest -q -t 2 -p 90 -i 1000 -l 100
ok "rt-migrate-test" crtos run rt-migrate-test -l 5
# If its time is over before a first sample, it prints empty buckets and divides by the number of samples, as on Linux.
queuelat_ends() {
	status=0
	crtos run -f 90 stdbuf -oL queuelat -m 20000 -c 100 -p 1 -f 1000 -t 2 >queuelat.out || status=$?
	cat queuelat.out
	if grep -q '\] = [1-9]' queuelat.out; then
		[ "$status" = 0 ]
	else
		[ "$status" = 136 ] && grep -q '\] = 0$' queuelat.out
	fi
}
ok "queuelat" queuelat_ends
# They would be on CPU 0. oslat wants libnuma, for which the real-time core is on no node: see get_mempolicy. ssdd traces.
ok "a library for the next" gcc -shared -fPIC -O2 -o anywhere.so /opt/crtos/tests/debian/anywhere.c
ok "pi_stress" env LD_PRELOAD=$work/anywhere.so crtos run pi_stress -i 2000 -g 1 -q
ok "pi_stress, three groups" env LD_PRELOAD=$work/anywhere.so crtos run pi_stress -i 2000 -g 3 -q
ok "pip_stress" env LD_PRELOAD=$work/anywhere.so crtos run pip_stress
