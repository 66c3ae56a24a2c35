# SPDX-License-Identifier: MIT
#
# Programs that know only Intel's uintr kernel run on this one, with the library preloaded or linked in; what
# else a program does through syscall() is as without it.
. /opt/crtos/tests/lib.sh

C=/opt/crtos/compat
shim=/lib/x86_64-linux-gnu/libcrtos-uintr.so

# program NAME COMMAND...: it prints TAP, to its end.
program() {
	name=$1
	shift
	status=0
	"$@" >"$out" 2>&1 || status=$?
	sed -n "s/^\(not ok\|ok\) [0-9]* - /&$name: /p" "$out"
	count=$((count + $(grep -c '^ok\|^not ok' "$out")))
	failures=$((failures + $(grep -c '^not ok' "$out")))
	if [ $status != 0 ] || ! grep -q '^1\.\.' "$out"; then fail "$name comes to its end (status $status)"; fi
}

preloaded() {
	LD_PRELOAD=libcrtos-uintr.so "$@"
}

first() {
	CRTOS_UINTR_API=1 "$@"
}

nothing_in_use() {
	[ "$(value upids_used) $(value uitts_used) $(value receivers)" = "0 0 0" ]
}

# same NAME COMMAND...: what intel-syscalls printed without the library.
same() {
	name=$1
	shift
	if "$@" >/tmp/calls 2>&1 && diff /tmp/plain /tmp/calls >"$out"; then pass "$name"; else fail "$name"; fi
}

program "second generation, preloaded" preloaded $C/intel-second
program "second generation, linked statically" $C/intel-second-wrapped
program "second generation, linked statically to musl" $C/intel-second-musl
program "second generation, linked" $C/intel-second-linked
program "first generation, preloaded" first preloaded $C/intel-first
program "first generation, linked statically" first $C/intel-first-wrapped
program "first generation, its first numbers" env CRTOS_UINTR_API=1 CRTOS_UINTR_NR=449 LD_PRELOAD=$shim $C/intel-first-449
program "process, preloaded" preloaded $C/intel-process
program "process, linked statically" $C/intel-process-wrapped
ok "nothing is in use" wait_until 10 nothing_in_use

is "whose syscall() is preloaded" $shim "$(preloaded $C/intel-syscalls whose)"
$C/intel-syscalls >/tmp/plain 2>&1
is "calls of all kinds without the library" end "$(tail -n 1 /tmp/plain)"
same "the same results with it" preloaded $C/intel-syscalls
same "and with it linked statically" $C/intel-syscalls-wrapped
same "and in the first generation" first preloaded $C/intel-syscalls
refused "a generation that there is not" 127 "CRTOS_UINTR_API=3: must be" env CRTOS_UINTR_API=3 \
	LD_PRELOAD=$shim $C/intel-second

# example NAME OUTPUT
example() {
	is "example $1" "$2" "$($C/example-"$1" 2>&1)"
}

example self "kept out: nothing came
let in: vector 7"
example pair "vector 3 came from the child"
example wait "woken for 42"
example passed "the other process sent"
example alt-stack "the handler ran on its own stack
and then on the thread's stack"
ok "nothing is in use after the examples" wait_until 10 nothing_in_use

ok "the module can be removed" wait_until 10 rmmod crtos
preloaded $C/intel-second >/tmp/unloaded 2>&1
ok "without the module the calls give ENOSYS" grep 'register_handler(NULL, 0): -38, wanted -14' /tmp/unloaded
finish
