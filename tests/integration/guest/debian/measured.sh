# SPDX-License-Identifier: MIT

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
