# SPDX-License-Identifier: MIT
#
# System calls give on the RTOS what they give on Linux: the programs diff-* print the same, byte for byte.
. /opt/crtos/tests/lib.sh

seconds=${1:-20} seed=${2:-1}
work=/tmp/differential
mkdir -p $work
crtos start --cpus 2 --mem 192M || exit 1
# What the first process leaves behind stays with the RTOS: tables for its own use.
crtos run $P/threads >"$out" || exit 1
wait_until 20 value_is processes 0
frames=$(value frames_free)

# The lines of one group.
lines_of() {
	awk -v wanted="== $1" '/^== / { on = $0 == wanted } on' "$2"
}

# equal PROGRAM [LABEL COMMAND]: a line for each of its groups. Both are run by COMMAND.
equal() {
	program=$1 label=${2:+, $2} by=${3:-} groups=$work/groups
	$by "$P/$program" linux >$work/linux 2>$work/linux.err
	on_linux=$?
	$by crtos run "$P/$program" rtos >$work/rtos 2>$work/rtos.err
	on_rtos=$?
	sed -n 's/^== //p' $work/linux >$groups
	while read -r name; do
		lines_of "$name" $work/linux >$work/a
		lines_of "$name" $work/rtos >$work/b
		diff -U 0 $work/a $work/b | grep '^[-+][^-+]' >"$out"
		if [ -s "$out" ]; then fail "$name$label"; else pass "$name$label"; fi
	done <$groups
	cat $work/linux.err $work/rtos.err >"$out"
	echo "status $on_rtos, on Linux $on_linux" >>"$out"
	if [ $on_linux = 0 ] && [ $on_rtos = 0 ] && grep -qx '== the end' $work/linux; then
		pass "$program came to its end on both$label"
	else
		fail "$program came to its end on both$label"
	fi
}

for path in "$P"/diff-*; do
	equal "$(basename "$path")"
	equal "$(basename "$path")" "as an ordinary user" $P/as-nobody
done

# fuzz MODE: random calls of one seed. A program that unmaps itself may die by a fault, and may stop itself for ever;
# others come to their end.
fuzz() {
	status=0
	CRTOS_FUZZ_HERE=1 timeout -s KILL 60 crtos run "$P/fuzz-syscalls" "$seed" 3000 $1 >"$out" 2>&1 || status=$?
	case $1:$status in
	:0 | reckless:0 | reckless:139 | reckless:135 | reckless:132 | reckless:137) ;;
	*)	echo "(seed $seed, status $status)" >>"$out"
		return 1 ;;
	esac
	wait_until 20 value_is processes 0 || { echo "(seed $seed: the process is still there)" >>"$out"; return 1; }
}

end=$(($(date +%s) + seconds)) first=$seed wrong=0
while [ "$(date +%s)" -lt $end ] || [ $((seed - first)) -lt 4 ]; do
	mode=
	[ $((seed % 4)) != 3 ] || mode=reckless
	if ! fuzz $mode; then
		wrong=$((wrong + 1))
		fail "random system calls, seed $seed $mode"
		[ $wrong -lt 5 ] || break
	fi
	seed=$((seed + 1))
done
[ $wrong != 0 ] || pass "random system calls, $((seed - first)) seeds from $first"
crtos log >"$work/log"
grep -i "process ended\|panic\|BUG" "$work/log" >"$out"
if [ -s "$out" ]; then fail "the RTOS has nothing to complain of"; else pass "the RTOS has nothing to complain of"; fi
ok "a program runs as before" crtos run $P/mmaps

ok "no process is left" wait_until 20 value_is processes 0
wait_until 20 value_is frames_free "$frames"
is "all memory is free again" "$frames" "$(value frames_free)"
ok "stop" crtos stop
finish
