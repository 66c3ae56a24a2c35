# SPDX-License-Identifier: MIT
#
# Files that programs on both sides have mapped shared: memory, futexes, and every kind of death.
. /opt/crtos/tests/lib.sh

share="$P/shared-files"
crtos start --cpus 2 --mem 192M || exit 1
crtos run $share /tmp/first >/dev/null
wait_until 20 value_is processes 0
frames=$(value frames_free)

# Linux counts the pages that are pinned by anybody, each CPU for itself.
pinned() {
	echo 1 >/proc/sys/vm/stat_refresh
	awk '$1 == "nr_foll_pin_acquired" { n += $2 } $1 == "nr_foll_pin_released" { n -= $2 } END { print n }' /proc/vmstat
}

# both COMMAND...: `first` on one side and the rest on the other, at the same time.
both() {
	timeout 100 $first >/tmp/both 2>&1 &
	other=$!
	timeout 100 "$@" && wait $other
}

# held SIDE HEIR FILE...: a process holds the lock on one side (a command before $share, or nothing), another one waits for
# it on the other; `end` then makes the first one end.
held() {
	side=$1 heir=$2 file=$3
	rm -f /tmp/end /tmp/held
	mkfifo /tmp/end
	$side $share $file hold <>/tmp/end >/tmp/held 2>/dev/null &
	owner=$!
	wait_until 40 grep -q held /tmp/held || return 1
	timeout 60 $heir $share $file inherit >/tmp/inherited &
	next=$!
	timeout 60 $share $file waited || return 1
	$end
	wait $owner
	wait $next && grep -q "the owner died" /tmp/inherited
}

says_goodbye() {
	echo >/tmp/end
}

# The process that runs longest has the lowest number.
is_killed() {
	kill -9 "$(crtos status --raw | sed -n 's/^process\..*\.pid: //p' | sort -n | head -n 1)"
}

for place in /tmp /dev/shm; do
	ok "a file in $place" crtos run $share $place/alone
	file=$place/common
	$share $file init
	first="$share $file turns 0 500"
	ok "turns with a process of Linux" both crtos run $share $file turns 1 500
	first="crtos run $share $file turns 0 200"
	ok "turns with another real-time process" both crtos run $share $file turns 1 200
	first="$share $file count 400"
	ok "a lock with a process of Linux" both crtos run $share $file count 400
	is "which both had 400 times" 800 "$($share $file total)"
	for kind in "" plain; do
		$share $file init $kind
		end=says_goodbye
		ok "an owner ends, Linux waits${kind:+, no inheritance}" held "crtos run" "" $file
		ok "an owner ends on Linux${kind:+, no inheritance}" held "" "crtos run" $file
		end=is_killed
		ok "an owner is killed, Linux waits${kind:+, no inheritance}" held "crtos run" "" $file
		ok "an owner is killed, a real-time process waits${kind:+, no inheritance}" held "crtos run" "crtos run" $file
	done
	ok "exec while threads map" crtos run $share $place/storm storm 40
done

ok "no process is left" wait_until 30 value_is processes 0
is "no page is lent" 0 "$(value frames_lent)"
is "all page frames are free again" "$frames" "$(value frames_free)"
is "no frame stays pinned" 0 "$(value frames_pinned)"

# What an ordinary user may have.
file=/tmp/nobody
ok "as much as the user's limit of locked memory allows" "$P/as-nobody" sh -c "ulimit -l 1024; crtos run $share $file limit 200"
refused "and no more" 1 "Cannot allocate memory" "$P/as-nobody" sh -c "ulimit -l 1024; crtos run $share $file limit 300"
ok "that is given back too" wait_until 30 value_is frames_lent 0
is "Linux has no page pinned" 0 "$(pinned)"
ok "stop" crtos stop
ok "the module can be removed" wait_until 10 rmmod crtos
finish
