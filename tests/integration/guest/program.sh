# SPDX-License-Identifier: MIT
#
# Programs that print TAP of their own, as a part of a script's (busybox sh, after lib.sh).

# program NAME ARGUMENT...: it prints TAP, to its end.
program() {
	name=$1
	shift
	status=0
	"$P/$name" "$@" >/tmp/tap 2>&1 || status=$?
	tap "$name" $status /tmp/tap
}

tap() {
	sed "/^1\.\./d; s/^\(not ok\|ok\) [0-9]* - /&$1: /" "$3"
	count=$((count + $(grep -c '^ok\|^not ok' "$3")))
	failures=$((failures + $(grep -c '^not ok' "$3")))
	cp "$3" "$out"
	if [ "$2" -gt 1 ] || ! grep -q '^1\.\.' "$3"; then fail "$1 comes to its end (status $2)"; fi
}
