# SPDX-License-Identifier: MIT
# rt-tests. Latencies of an emulated CPU say nothing: what is compared is that all cycles were done and counted.

# measured NAME THREADS CYCLES COMMAND...: cyclictest's histogram counts so many cycles of the thread that was first to
# have them, when it ends, and some of each.
measured() {
	name=$1 threads=$2 cycles=$3
	shift 3
	"$@" >"$out" 2>&1
	status=$?
	found=$(awk '/^# Total:/ { for (i = 3; i <= NF; i++) n[i - 2] += $i }
		/^# Histogram Overflows:/ { for (i = 4; i <= NF; i++) n[i - 3] += $i }
		END { for (i in n) { if (n[i] > most) most = n[i]; if (n[i] > 0) some++ } print most + 0, some + 0 }' "$out")
	if [ $status -eq 0 ] && [ "$found" = "$cycles $threads" ]; then
		pass "$name (average $(sed -n 's/^# Avg Latencies: //p' "$out"))"
	else
		grep -v '^# Thread\|^[0-9]' "$out" >"$out.short"
		echo "(status $status, cycles and threads: $found)" >>"$out.short"
		mv "$out.short" "$out"
		fail "$name"
	fi
}

measured "cyclictest" 1 1000 crtos run -f 90 cyclictest -q -p 90 -h 200 -l 1000 -i 1000
measured "cyclictest, four threads" 4 500 crtos run -f 90 cyclictest -q -p 90 -t 4 -h 200 -l 500 -i 1000
measured "cyclictest, memory locked" 1 500 crtos run -f 90 cyclictest -q -m -p 90 -h 200 -l 500 -i 1000
measured "cyclictest, relative times" 1 300 crtos run -f 90 cyclictest -q -r -p 90 -h 200 -l 300 -i 1000
measured "cyclictest, clock_nanosleep of CLOCK_REALTIME" 1 300 crtos run -f 90 cyclictest -q -c 1 -p 90 -h 200 -l 300 -i 1000
ok "hackbench, threads and pipes" crtos run hackbench -T -p -g 1 -f 4 -l 50
ok "hackbench, threads and sockets" crtos run hackbench -T -g 1 -f 4 -l 50
ok "ptsematest" crtos run -f 90 ptsematest -q -t 2 -p 90 -i 1000 -l 200
ok "pmqtest" crtos run -f 90 pmqtest -q -t 2 -p 90 -i 1000 -l 100
