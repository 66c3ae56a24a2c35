# SPDX-License-Identifier: MIT
#
# The demonstration, as run in the test machine: Debian's own cyclictest beside the same on Linux, Debian's own busybox,
# a threaded glibc program and a periodic task on the real-time core, each result compared with Linux's.

B=/bin/busybox
P=/opt/crtos/programs
failures=0
table=/tmp/table
stats=/tmp/stats
dir=/tmp/demo
mkdir -p $dir
cd $dir || exit 1
: >$table

title() {
	printf '\n\033[1m== %s\033[0m\n' "$*"
}

stat_of() {
	sed -n "s/^$1 //p" $stats | tail -n 1
}

# row NAME STATUS RESULT: one line of the closing table, from the statistics of the last run.
row() {
	printf '%-34s %6s %8s %9s %9s %9s  %s\n' "$1" "$2" "$(stat_of remote_calls)" "$(stat_of uipi_forward)" \
		"$(stat_of uipi_reverse)" "$(stat_of kernel_wakes)" "$3" >>$table
	[ "$3" = same ] || [ "$3" = ok ] || failures=$((failures + 1))
}

# An emulated CPU is slow: the shadow spins for 2 ms, not the usual 50 us, before it blocks.
rt() {
	rm -f $stats
	crtos run --spin 2000 --stats=$stats "$@"
}

# verdict STATUS COMMAND...: "same" if the run ended with 0 and the comparison succeeds.
verdict() {
	if [ "$1" -ne 0 ]; then
		echo "status $1"
		return
	fi
	shift
	if "$@" >/dev/null 2>&1; then echo same; else echo DIFFERENT; fi
}

title "crtos check"
crtos check || exit 1

title "crtos start --cpus 2 --mem 256M"
crtos start --cpus 2 --mem 256M || exit 1
echo "CPUs left to Linux: $(cat /sys/devices/system/cpu/online)"

# load_start, load_stop: something to do for each of Linux's CPUs.
load_start() {
	load=''
	for i in 1 2 3; do
		(while :; do sha256sum input >/dev/null; cp input load.$i; done) &
		load="$load $!"
	done
}

load_stop() {
	for pid in $load; do
		kill "$pid"
		wait "$pid"
	done 2>/dev/null
}

title "a file of 32 MiB"
{ dd if=/dev/urandom bs=1M count=16 2>/dev/null; seq 1 3000000 | head -c 16777216; } >input
ls -l input

title "crtos run -f 90 cyclictest -q -p 90 -h 500 -l 2000 -i 1000, and the same on Linux, loaded"
load_start
cyclictest -q -p 90 -h 500 -l 2000 -i 1000 >linux.hist || echo "on Linux: status $?"
rt -f 90 cyclictest -q -p 90 -h 500 -l 2000 -i 1000 >rt.hist
status=$?
load_stop
python3 /opt/crtos/histogram.py linux.hist rt.hist --svg cyclictest.svg \
	--subtitle "Debian's own program, SCHED_FIFO 90, in the emulator, whose own delays are in these times"
counted=$?
echo "The emulator's own delays are in these times. The picture: out/cyclictest.svg"
row "cyclictest (FIFO 90, loaded)" $status "$([ $status -eq 0 ] && [ $counted -eq 0 ] && echo ok || echo "status $status, $counted")"

title "busybox sha256sum"
sha256sum input >native.sum
rt $B sha256sum input >rt.sum
status=$?
cat rt.sum
row "busybox sha256sum (32 MiB)" $status "$(verdict $status cmp native.sum rt.sum)"

title "busybox gzip and gunzip"
rt $B gzip -1 -c input >rt.gz
status=$?
gunzip -c rt.gz | cmp - input
row "busybox gzip (32 MiB)" $status "$(verdict $status sh -c 'gunzip -c rt.gz | cmp - input')"
rt $B gunzip -c rt.gz >rt.plain
status=$?
ls -l rt.gz rt.plain
row "busybox gunzip" $status "$(verdict $status cmp rt.plain input)"
rm -f rt.plain rt.gz

title "a pipeline: Linux | real-time core | Linux"
seq 1 50000 >numbers
cat numbers | { rt $B sort -rn; echo $? >rt.status; } | tee rt.sorted | wc -l
status=$(cat rt.status)
row "busybox sort -rn (in a pipeline)" $status "$(verdict $status sh -c 'sort -n rt.sorted | cmp - numbers')"

title "a directory walk"
find /bin/ /etc /lib/modules /opt /usr/share | sort >native.walk
rt $B find /bin/ /etc /lib/modules /opt /usr/share >rt.walk
status=$?
sort rt.walk >rt.walk.sorted
wc -l rt.walk
row "busybox find" $status "$(verdict $status cmp native.walk rt.walk.sorted)"

title "files written on the real-time core, compared by Linux"
mkdir -p tree/a/b/c
for i in 1 2 3 4 5 6 7 8 9; do seq 1 $((i * 1000)) >tree/a/b/file.$i; done
cp -r /usr/share/doc tree/a
rt $B cp -r tree copy
status=$?
diff -r tree copy && echo "tree and copy are equal"
row "busybox cp -r" $status "$(verdict $status diff -r tree copy)"

title "a static glibc program with threads"
rt $P/threads
status=$?
row "threads (glibc, static)" $status "$([ $status -eq 0 ] && echo ok || echo "status $status")"

title "a periodic task, 1 kHz, while Linux is loaded"
load_start
rt -f 80 $P/periodic -l 3000 -i 1000
status=$?
load_stop
echo "The emulator's own delays are in these times: they show that it works, not how well."
row "periodic 1 kHz (FIFO 80, loaded)" $status "$([ $status -eq 0 ] && echo ok || echo "status $status")"

title "crtos status"
crtos status

title "crtos stop"
crtos stop || failures=$((failures + 1))
echo "CPUs of Linux: $(cat /sys/devices/system/cpu/online)"
[ "$(cat /sys/devices/system/cpu/online)" = 0-3 ] || failures=$((failures + 1))

printf '\n%-34s %6s %8s %9s %9s %9s  %s\n' program exit remote UIPI UIPI kernel result
printf '%-34s %6s %8s %9s %9s %9s  %s\n' '' status calls forward reverse wake-ups ''
cat $table
echo "kernel wake-ups: forward notifications that found the shadow blocked and so entered Linux's kernel."
echo
if [ $failures -eq 0 ]; then
	echo "demo: ok"
else
	echo "demo: $failures FAILED"
	exit 1
fi
