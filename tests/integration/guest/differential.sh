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

# equal PROGRAM: a line for each of its groups.
equal() {
	program=$1 groups=$work/groups
	"$P/$program" linux >$work/linux 2>$work/linux.err
	on_linux=$?
	crtos run "$P/$program" rtos >$work/rtos 2>$work/rtos.err
	on_rtos=$?
	sed -n 's/^== //p' $work/linux >$groups
	while read -r name; do
		lines_of "$name" $work/linux >$work/a
		lines_of "$name" $work/rtos >$work/b
		diff -U 0 $work/a $work/b | grep '^[-+][^-+]' >"$out"
		if [ -s "$out" ]; then fail "$name"; else pass "$name"; fi
	done <$groups
	cat $work/linux.err $work/rtos.err >"$out"
	echo "status $on_rtos, on Linux $on_linux" >>"$out"
	if [ $on_linux = 0 ] && [ $on_rtos = 0 ] && grep -qx '== the end' $work/linux; then
		pass "$program came to its end on both"
	else
		fail "$program came to its end on both"
	fi
}

for path in "$P"/diff-*; do
	equal "$(basename "$path")"
done

ok "no process is left" wait_until 20 value_is processes 0
wait_until 20 value_is frames_free "$frames"
is "all memory is free again" "$frames" "$(value frames_free)"
ok "stop" crtos stop
finish
