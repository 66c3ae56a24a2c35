# SPDX-License-Identifier: MIT
# rt-tests. Latencies of an emulated CPU say nothing: what is compared is that all cycles were done and counted.

. /opt/crtos/tests/debian/measured.sh
measured "cyclictest" 1 1000 crtos run -f 90 cyclictest -q -p 90 -h 200 -l 1000 -i 1000
measured "cyclictest, four threads" 4 500 crtos run -f 90 cyclictest -q -p 90 -t 4 -h 200 -l 500 -i 1000
measured "cyclictest, memory locked" 1 500 crtos run -f 90 cyclictest -q -m -p 90 -h 200 -l 500 -i 1000
measured "cyclictest, relative times" 1 300 crtos run -f 90 cyclictest -q -r -p 90 -h 200 -l 300 -i 1000
measured "cyclictest, clock_nanosleep of CLOCK_REALTIME" 1 300 crtos run -f 90 cyclictest -q -c 1 -p 90 -h 200 -l 300 -i 1000
ok "hackbench, threads and pipes" crtos run hackbench -T -p -g 1 -f 4 -l 50
ok "hackbench, threads and sockets" crtos run hackbench -T -g 1 -f 4 -l 50
ok "ptsematest" crtos run -f 90 ptsematest -q -t 2 -p 90 -i 1000 -l 200
ok "signaltest" crtos run signaltest -q -p 90 -t 2 -l 200
ok "sigwaittest" crtos run -f 90 sigwaittest -q -t 2 -p 90 -i 1000 -l 200
ok "svsematest" crtos run -f 90 /usr/bin/svsematest -q -t 2 -p 90 -i 1000 -l 100
ok "pmqtest" crtos run -f 90 pmqtest -q -t 2 -p 90 -i 1000 -l 100
