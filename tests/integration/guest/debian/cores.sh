# SPDX-License-Identifier: MIT
# Core files: gdb sees in them what it sees in those of Linux, and they are where Linux has them.

cat >look.gdb <<'END'
set width 0
set print thread-events off
thread apply all bt
printf "heap %s, variable %s, constant %s, counter %lx\n", heap + 250000, variable, constant, counter
printf "signal %d, code %d, at %lx\n", $_siginfo.si_signo, $_siginfo.si_code, $_siginfo._sifields._sigfault.si_addr
thread apply all -q printf "xmm7 %g\n", $xmm7.v2_double[0]
thread apply all -q printf "r12 %lx\n", $r12
thread
bt 3
x/1xb hidden
info proc mappings
END

# seen DIRECTORY PROGRAM: what gdb says of a core file, without what differs from run to run: addresses and numbers. Of registers
# those values that the program has put there.
seen() {
	gdb -batch -nx -x look.gdb "$2" "$1"/core* >said 2>&1
	sed -e 's/0x[0-9a-f]*/ADDRESS/g' -e 's/LWP [0-9]*/LWP/' -e 's/^Thread [0-9]* /Thread /' -e 's/thread [0-9]*/thread/' \
		-e 's/Current thread is [0-9]*/Current thread is/' -e '/^signal [36],\|code -[26]/s/at .*/at/' said |
		grep -v '^xmm7 \|^r12 \|^$\|^ *ADDRESS *ADDRESS' | sort
	grep '^xmm7 3.5$\|^r12 5a5a5a5a5a$' said
	# Names of files, but for those of the shadow's own memory, which lies above the program's.
	[ $1 = rt ] && own='[57]...........' || own=none
	sed -n "/^ *0x$own  *0x/d; s/^ *0x[0-9a-f]*  *0x[0-9a-f]* .* \//\//p" said | sort -u
	readelf -n "$1"/core* 2>/dev/null | sed -n 's/^  \(CORE\|LINUX\) .*\(NT_[A-Z0-9_]*\) .*/\2/p' | sort | uniq -c
}

P=/opt/crtos/programs
for how in segv abort thread jump; do
	for program in cores cores-dynamic; do
		[ $program = cores ] || [ $how = segv ] || continue
		for where in native rt; do
			rm -rf $where
			mkdir $where
			[ $where = rt ] && run="crtos run" || run=
			(cd $where && sh -c "$run $P/$program $how; echo \$?" >../$where.out 2>&1)
			seen $where $P/$program >>$where.out 2>&1
		done
		diff -u native.out rt.out >"$out" 2>&1
		grep -q 'deepest\|wait_in_call' rt.out && grep -q "core dumped" rt.out && [ ! -s "$out" ]
		status=$?
		[ $status -ne 0 ] && { cat rt.out >>"$out"; fail "a core of $program, $how"; } || pass "a core of $program, $how"
	done
done
rm -rf native rt

# A shell as parent is told of the core file, or that there is none; and it is named and owned as on Linux.
given='ulimit -c unlimited'
listing='find . -type f -printf "%f %m %u\n" | sed "s/[0-9][0-9][0-9]*/N/g" | sort; rm -f core* x*'
same "without a limit there is none" sh -c "ulimit -c 0; $P/cores segv limit; echo \$?; $listing"
same "of an unreadable program neither" sh -c "$P/cores segv unreadable; echo \$?; $listing"
same "a shell and its child" sh -c "$P/cores abort; echo \$?; $listing"
same "of a program that catches it there is none" python3 -c "import signal, os
signal.signal(signal.SIGQUIT, lambda *a: print('caught'))
os.kill(os.getpid(), signal.SIGQUIT)"
same "python3 asks for the bit" python3 -c "import os, resource
resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY,) * 2)
for how in os.abort, lambda: os._exit(3):
    if not (pid := os.fork()): how()
    status = os.waitpid(pid, 0)[1]
    print(os.WIFSIGNALED(status), os.WCOREDUMP(status), os.path.exists('core') and open('core', 'rb').read(4))
os.unlink('core')"
echo 'x-%e-%s-%p' >/proc/sys/kernel/core_pattern
same "a pattern" sh -c "$P/cores segv; echo \$?; $listing"
echo 'core' >/proc/sys/kernel/core_pattern
same "a link in its place is not followed" sh -c "ln -s /etc/motd-not-there core; $P/cores segv; echo \$?; ls; rm -f core"
printf '#!%s\ncat >/tmp/debian/taken\necho "$@" >/tmp/debian/taken.args\n' /bin/sh >taker
chmod +x taker
echo '|/tmp/debian/taker %e %s' >/proc/sys/kernel/core_pattern
given=:
same "a pipe" sh -c "$P/cores segv limit; echo \$?; cat /tmp/debian/taken.args; rm -f /tmp/debian/taken.args"
ok "what it gets" sh -c "gdb -batch -nx -ex bt $P/cores taken | grep -q 'in main'"
same "a pipe gets none of a program that exits" sh -c "$P/exit-code 3; echo \$?; ls /tmp/debian/taken.args"
echo 'core' >/proc/sys/kernel/core_pattern
ok "python3's core file" sh -c "rm -f core; ulimit -c unlimited; crtos run python3 -c 'import os; os.abort()'
	gdb -batch -nx -ex bt /usr/bin/python3 core 2>&1 | grep -q 'in Py_RunMain\|in Py_BytesMain\|in __libc_start_main'"
rm -f core
