# SPDX-License-Identifier: MIT
#
# python-suite.sh SECONDS MODULE... - modules of Python's own test suite, on Linux and then on the real-time core: each test
# has the same result, but for those of python-suite.known. A module has so many seconds; with what it has not come to by then nothing is compared.
. /opt/crtos/tests/lib.sh

seconds=$1
shift
suite=/opt/crtos/tests/python-suite.py
work=/tmp/python-suite
mkdir -p $work
cd $work || exit 1
crtos start --cpus 2 --mem 1024M || exit 1

# one_run WHERE MODULE COMMAND...
one_run() {
	where=$1 module=$2
	shift 2
	mkdir -p $where
	(cd $where && exec timeout -k 10 "$seconds" "$@" python3 $suite $work/$module.$where $module \
		</dev/null >$work/$module.$where.out 2>&1)
	eval "$where=$?"
}

for module; do
	begin=$(date +%s)
	one_run native $module
	between=$(date +%s)
	one_run rt $module crtos run
	echo "# $module took $((between - begin)) s on Linux, $(($(date +%s) - between)) s on the real-time core"
	# The one that a run was ended in, and what only the other one came to, are left out, and told.
	for where in native rt; do
		sed -n 's/ begins$//p' $module.$where | sort -u >$where.begun
		grep -v ' begins$' $module.$where | sort -u >$where.results
		sed 's/ [a-z]*$//' $where.results | sort -u >$where.ended
	done
	comm -12 native.ended rt.ended >both.all
	sed 's/ .*//' /opt/crtos/tests/python-suite.known >known
	grep -v -x -F -f known both.all >both
	grep -x -F -f known both.all | sed 's/^/# known to differ: /'
	for where in native rt; do
		awk 'NR == FNR { both[$0]; next } { name = $0; sub(/ [a-z]*$/, "", name); if (name in both) print }' both \
			$where.results >$where.compared
	done
	diff -U 0 native.compared rt.compared | sed '/^---/d;/^+++/d;/^@@/d' >"$out"
	differing=$(sed 's/^[-+]//; s/ [a-z]*$//' "$out" | sort -u | wc -l)
	comm -23 rt.begun rt.ended | sed 's/^/# did not end there: /'
	comm -23 native.begun native.ended | sed 's/^/# did not end on Linux: /'
	comm -23 native.ended rt.begun | sed 's/^/# not come to there: /' >missing
	cat missing
	sed 's/^/# /' "$out"
	if [ -s both ] && [ ! -s "$out" ] && { [ $native -eq 124 ] || { [ $rt -ne 124 ] && [ ! -s missing ]; }; }; then
		pass "$module: $(wc -l <both) tests with the same result"
	else
		sed -n '/^====/,$p' $module.rt.out | tail -n 150 | sed 's/^/# rt: /'
		tail -n 3 $module.native.out >"$out"
		fail "$module: $differing of $(wc -l <both) tests differ, $(wc -l <missing) were not come to (status $rt, on Linux $native)"
	fi
done
ok "no process is left" wait_until 20 value_is processes 0
ok "stop" crtos stop
finish
