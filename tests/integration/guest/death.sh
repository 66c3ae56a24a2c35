# SPDX-License-Identifier: MIT
#
# A real-time process or its shadow ends at every point where the two meet: nothing is left of it, and the partition
# works on. Of the longer sweeps so many points are used, evenly spread.
. /opt/crtos/tests/lib.sh
. /opt/crtos/tests/tap.sh

points=${1:-20}
L=$P/short-life

crtos start --cpus 2 --mem 32M || exit 1
refused "the program's own end" 7 "" crtos run $L exit
ok "nothing runs" wait_until 20 value_is processes 0

labelled "uipi, a spinning shadow" "$P/kill-at" -r 60 -r 61 -r 62 -r 64 -r 66 kill crtos run --spin inf $L exit
labelled "uipi, a blocking shadow" "$P/kill-at" -n "$points" -r 63 kill crtos run --spin 0 $L exit
labelled "uipi, inside of calls" "$P/kill-at" -n "$points" inside crtos run --spin 0 $L exit
labelled "ipi" "$P/kill-at" -n "$points" -r 65 kill crtos run --notifier ipi $L exit
labelled "poll" "$P/kill-at" -n "$points" kill crtos run --notifier poll $L exit
labelled "a fault" "$P/kill-at" -n "$points" kill crtos run $L fault
labelled "execve" "$P/kill-at" -n "$points" kill crtos run $L exec
# A child that executes a program closes its hundreds of descriptors: what is between it and its parent comes first.
labelled "fork, its beginning" "$P/kill-at" -w 40 -f fork -r 67 kill crtos run $L fork
labelled "fork, all of it" "$P/kill-at" -n "$points" -f fork kill crtos run $L fork
labelled "fork, inside of calls" "$P/kill-at" -n "$points" -f fork inside crtos run --spin 0 $L fork
labelled "a child, before its parent has told the RTOS of it" "$P/kill-at" child crtos run $L fork
labelled "a shared file" "$P/kill-at" -n $((points * 2)) -f lend -r 69 kill crtos run $L share
labelled "a shared file, inside of calls" "$P/kill-at" -n "$points" -f lend inside crtos run --spin 0 $L share
labelled "signals" "$P/kill-at" -n $((points / 2)) -f signalfd -r 6a kill crtos run $L signals
labelled "signals, inside of calls" "$P/kill-at" -n $((points / 2)) -f signalfd inside crtos run --spin 0 $L signals
labelled "between instructions" "$P/kill-at" -n $((points + points / 2)) step crtos run --spin inf $L exit
labelled "after the program's own death" "$P/kill-at" -n "$points" -f death kill crtos run $L accident
labelled "a shadow that stands still as its program dies" "$P/kill-at" -n $((points / 4)) -f loop hold crtos run $L accident
labelled "a core file" "$P/kill-at" -n "$points" -f death kill crtos run $L core
labelled "a core file, inside of calls" "$P/kill-at" -n "$points" -f death inside crtos run --spin 0 $L core
labelled "a panic of the RTOS as it makes a core file" "$P/kill-at" -n $((points / 4)) -f death panic crtos run $L core
labelled "a panic of the RTOS, signals" "$P/kill-at" -n $((points / 4)) -f signalfd panic crtos run $L signals
labelled "a panic of the RTOS" "$P/kill-at" -n $((points / 2)) panic crtos run $L exit
labelled "a panic of the RTOS, fork" "$P/kill-at" -w 40 -n $((points / 2)) -f fork panic crtos run $L fork
labelled "a panic of the RTOS, a shared file" "$P/kill-at" -n $((points / 2)) -f lend panic crtos run $L lend
labelled "crtos stop, a shared file" "$P/kill-at" -n $((points / 2)) -f lend stop crtos run $L lend
labelled "crtos stop" "$P/kill-at" -n $((points / 2)) stop crtos run $L exit
labelled "crtos stop, fork" "$P/kill-at" -w 40 -n $((points / 4)) -f fork stop crtos run $L fork
labelled "crtos stop, signals" "$P/kill-at" -n $((points / 4)) -f signalfd stop crtos run $L signals
labelled "crtos stop as it makes a core file" "$P/kill-at" -n $((points / 2)) -f death stop crtos run $L core
labelled "crtos stop as the program dies" "$P/kill-at" -n $((points / 4)) -f death stop crtos run $L accident

# stopped COMMAND: what becomes of a program that Linux has stopped, which $pid is.
stopped() {
	frames=$(value frames_free)
	crtos run /bin/busybox sh -c 'echo; while :; do :; done' >/tmp/began &
	pid=$!
	wait_until 20 grep -q '' /tmp/began && kill -STOP $pid &&
		wait_until 20 grep -q '^State:.*T (stopped)' /proc/$pid/status && eval "$1" || return 1
	status=0
	wait $pid || status=$?
	[ "$status" -eq 137 ] && wait_until 20 value_is frames_free "$frames"
}

ok "a stopped program is killed" stopped 'kill -KILL $pid'
ok "crtos stop of a stopped program" stopped 'crtos stop --kill && crtos start --cpus 2 --mem 32M'
ok "a panic of the RTOS under a stopped program" stopped 'crtos debug panic && crtos stop && crtos start --cpus 2 --mem 32M'
refused "a program ends as ever" 7 "" crtos run $L exit
ok "stop" crtos stop
is "all CPUs are back" "0-3" "$(online)"
ok "the module can be removed" wait_until 10 rmmod crtos
finish
