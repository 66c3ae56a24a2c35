# SPDX-License-Identifier: MIT
#
# For scripts that run one of Debian's programs on Linux and on the real-time core and compare.
. /opt/crtos/tests/lib.sh

work=/tmp/debian

# debian_run TOPIC...
debian_run() {
	crtos start --cpus 2 --mem 640M || exit 1
	mkdir -p $work/run
	cd $work || exit 1
	for topic; do
		begin=$(date +%s)
		. "/opt/crtos/tests/debian/$topic.sh"
		echo "# $topic took $(($(date +%s) - begin)) s"
	done
	ok "no process is left" wait_until 20 value_is processes 0
	ok "stop" crtos stop
	finish
}

# What a run starts from and where its input comes from, until set otherwise.
given=: input=/dev/null

# one_run WHERE COMMAND...: in the directory run, where `given` has prepared files: the same path for both, as programs
# print it. It stays as WHERE if there is anything in it. A program that hangs is ended, with status 124.
one_run() {
	where=$1
	shift
	(cd run && eval "$given" && exec timeout --foreground -k 5 120 "$@" <"$input" >../"$where.out" 2>../"$where.err")
	eval "$where=$?"
	for file in run/* run/.[!.]*; do
		[ -e "$file" ] || [ -L "$file" ] || continue
		# Modes, sizes, links: what diff -r does not tell. A directory's own size is the file system's affair.
		find run -printf '%M %n %s %p %l\n' | sed '/^d/s/^\([^ ]*\) [0-9]* [0-9]* /\1 /' | sort >"$where.list"
		mv run "$where"
		mkdir run
		break
	done
}

# difference: of the last two runs; nothing if there is none.
difference() {
	[ "$native" -eq "$rt" ] || echo "status $rt, on Linux $native"
	for part in out err list; do
		[ -s native.$part ] || [ -s rt.$part ] || continue
		cmp native.$part rt.$part || diff -a -u native.$part rt.$part | head -n 12
	done
	[ ! -e native ] || diff -r native rt | grep -v 'is a [a-z ]* while file' | head -n 12
}

# same NAME COMMAND...: status, output, error output and files are those of the command on Linux.
same() {
	name=$1
	shift
	[ ! -e native.list ] && [ ! -e rt.list ] || rm -rf native rt native.list rt.list
	one_run native "$@"
	one_run rt crtos run "$@"
	difference >"$out" 2>&1
	if [ -s "$out" ]; then fail "$name"; else pass "$name"; fi
}

# works NAME COMMAND...: as same, and the command succeeds.
works() {
	same "$@"
	if [ "$native" -ne 0 ]; then
		cat native.err >"$out"
		fail "$1 on Linux (status $native)"
	fi
}
