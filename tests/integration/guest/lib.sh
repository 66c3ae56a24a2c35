# SPDX-License-Identifier: MIT
#
# TAP helpers for scripts that run in the test machine (busybox sh).

count=0
failures=0
P=/opt/crtos/programs
out=/tmp/test.out

pass() {
	count=$((count + 1))
	echo "ok $count - $1"
}

# fail NAME: what the last command printed is shown as a comment.
fail() {
	count=$((count + 1))
	failures=$((failures + 1))
	echo "not ok $count - $1"
	tail -n 25 "$out" 2>/dev/null | sed 's/^/# /'
}

skip() {
	count=$((count + 1))
	echo "ok $count - $1 # SKIP $2"
}

# ok NAME COMMAND...: the command must succeed.
ok() {
	name=$1
	shift
	if "$@" >"$out" 2>&1; then pass "$name"; else echo "(status $?)" >>"$out"; fail "$name"; fi
}

# refused NAME STATUS PATTERN COMMAND...: it must end with this status and say something that matches.
refused() {
	name=$1 want=$2 pattern=$3
	shift 3
	status=0
	"$@" >"$out" 2>&1 || status=$?
	if [ "$status" -eq "$want" ] && { [ -z "$pattern" ] || grep -q -e "$pattern" "$out"; }; then
		pass "$name"
	else
		echo "(status $status, wanted $want and: $pattern)" >>"$out"
		fail "$name"
	fi
}

# is NAME WANTED FOUND
is() {
	if [ "$2" = "$3" ]; then
		pass "$1"
	else
		echo "found $3, wanted $2" >"$out"
		fail "$1"
	fi
}

# within NAME LIMIT FOUND: the number is at most the limit.
within() {
	if [ "$3" -le "$2" ]; then
		pass "$1 ($3)"
	else
		echo "found $3, at most $2 expected" >"$out"
		fail "$1"
	fi
}

finish() {
	echo "1..$count"
	echo "# end of tests"
	[ "$failures" -eq 0 ]
	exit
}

# value KEY: from `crtos status --raw`.
value() {
	crtos status --raw | sed -n "s/^$1: //p"
}

# stat_of FILE KEY: from the last block of `crtos run --stats=FILE`.
stat_of() {
	sed -n "s/^$2 //p" "$1" | tail -n 1
}

free_kib() {
	sync
	echo 3 >/proc/sys/vm/drop_caches
	# MemFree does not count what lies free on the lists of CPUs, megabytes after caches were dropped.
	awk '/^MemFree:/ { kib = $2 } / count:/ { kib += $2 * 4 } END { print kib }' /proc/meminfo /proc/zoneinfo
}

# What KASAN keeps of the memory that is freed, to see who uses it nevertheless: at most so many KiB.
quarantine_kib() {
	awk -v kasan="$(grep -c ' kasan_quarantine_put$' /proc/kallsyms)" \
		'/^MemTotal:/ { print int($2 / 32) * (kasan > 0) }' /proc/meminfo
}

# back NAME LIMIT BEFORE: at most LIMIT KiB less are free than before. Pages of processes that have just ended come
# back in their own time.
back() {
	limit=$(($2 + $(quarantine_kib)))
	deadline=$(($(date +%s) + 20))
	missing=$(($3 - $(free_kib)))
	while [ $missing -gt $limit ] && [ "$(date +%s)" -lt $deadline ]; do
		usleep 500000
		missing=$(($3 - $(free_kib)))
	done
	within "$1" $limit $missing
}

online() {
	cat /sys/devices/system/cpu/online
}

# wait_until SECONDS COMMAND...: the command comes true within that time.
wait_until() {
	deadline=$(($(date +%s) + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$(date +%s)" -lt "$deadline" ] || return 1
		usleep 20000
	done
}

value_is() {
	[ "$(value "$1")" = "$2" ]
}
