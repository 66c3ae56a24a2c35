# SPDX-License-Identifier: MIT
#
# As program.sh, for a program that one script runs in several ways.
. /opt/crtos/tests/program.sh

# labelled LABEL COMMAND...: it prints TAP, to its end; each of its lines carries the label.
labelled() {
	label=$1
	shift
	status=0
	"$@" >/tmp/tap 2>&1 || status=$?
	tap "$label" $status /tmp/tap
}

nothing_in_use() {
	[ "$(value upids_used) $(value uitts_used) $(value receivers)" = "0 0 0" ]
}
