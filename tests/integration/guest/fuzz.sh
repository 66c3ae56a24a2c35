# SPDX-License-Identifier: MIT
#
# Random calls of everything the module offers, with and without a partition, privileged or not: Linux's log stays
# clean (the machine looks), real-time programs run right meanwhile, and nothing is left behind.
. /opt/crtos/tests/lib.sh
. /opt/crtos/tests/tap.sh

share=$((${1:-30} / 3)) seed=${2:-1}
cpus=$(online)

fuzz() {
	labelled "fuzz-ioctl $*" "$P/fuzz-ioctl" -t $share "$@"
}

# Until /tmp/fuzz.over is there; the number of programs, and of those that went wrong, in /tmp/programs.
programs() {
	good=0 bad=0
	until [ -e /tmp/fuzz.over ]; do
		crtos run "$P/short-life" exit >/tmp/program.out 2>&1
		status=$?
		if [ $status = 7 ] && [ "$(cat /tmp/program.out)" = thread ]; then
			good=$((good + 1))
		else
			bad=$((bad + 1))
			{ echo "status $status:"; cat /tmp/program.out; } >>/tmp/programs.bad
		fi
	done
	echo "$good $bad" >/tmp/programs
}

partition_lives() {
	crtos log >"$out" 2>&1
	if value_is state running; then pass "$1"; else fail "$1"; fi
}

is "the same seed gives the same steps" "$("$P/fuzz-ioctl" -s "$seed" -l 1000 | md5sum)" \
	"$("$P/fuzz-ioctl" -s "$seed" -l 1000 | md5sum)"
ok "another seed gives others" sh -c "
	[ \"\$($P/fuzz-ioctl -s $seed -l 100 | md5sum)\" != \"\$($P/fuzz-ioctl -s $((seed + 1)) -l 100 | md5sum)\" ]"

# What Linux keeps for next time it has then; and to take memory for a partition empties the lists of free pages that
# every CPU has.
"$P/fuzz-ioctl" -t 3 >"$out" 2>&1
crtos start --cpus 2 --mem 64M && crtos stop || exit 1
before=$(free_kib)
crtos start --cpus 2 --mem 64M || exit 1
refused "a program runs" 7 "" crtos run "$P/short-life" exit
ok "and ends" wait_until 20 value_is processes 0
frames=$(value frames_free)

: >/tmp/programs.bad
programs &
fuzz -s "$seed" -u
touch /tmp/fuzz.over
wait
cp /tmp/programs.bad "$out"
read -r good bad </tmp/programs
if [ "$good" -ge 3 ] && [ "$bad" = 0 ]; then
	pass "$good programs ran right meanwhile"
else
	fail "$bad of $((good + bad)) programs did not run right meanwhile"
fi
partition_lives "the partition runs on"
fuzz -s $((seed + 1))
partition_lives "the partition runs on (2)"
ok "no process is left" wait_until 20 value_is processes 0
is "all page frames are free" "$frames" "$(value frames_free)"
refused "a program still runs" 7 "" crtos run "$P/short-life" exit
ok "stop" crtos stop

fuzz -s $((seed + 2)) -p
is "all CPUs are back" "$cpus" "$(online)"
ok "nothing is in use" nothing_in_use
ok "a partition works" sh -c "crtos start --cpus 2 --mem 64M && crtos run /bin/busybox true && crtos stop"
# KASAN keeps what was freed from use for a while, up to a thirty-second of the memory.
limit=4096
! grep -q ' kasan_report$' /proc/kallsyms || limit=$((limit + 32768))
back "KiB of memory missing" $limit "$before"
ok "the module can be removed" wait_until 10 rmmod crtos
ok "and loaded again" insmod /lib/modules/"$(uname -r)"/extra/crtos.ko
ok "and used" sh -c "crtos start --cpus 2 --mem 32M && crtos run /bin/busybox true && crtos stop"
finish
