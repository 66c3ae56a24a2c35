# SPDX-License-Identifier: MIT
#
# tally.awk - sum up TAP by the statements of the file "rows": awk -f tally.awk [-v all=1] rows TAP...
#
# "# row ID..." in the TAP says what the checks behind it are about; "# image NAME" starts another image. Every check
# needs a statement and, with all=1, every statement a check; a lack of either fails.

FILENAME == ARGV[1] {
	if ($0 ~ /^[A-Z]/) {
		id = $1
		order[++rows] = id
		text[id] = substr($0, length(id) + 2)
	}
	next
}

/^# image / {
	image = $0
	sub(/^# image /, "", image)
	current = ""
	next
}

/^# row / {
	current = $0
	sub(/^# row /, "", current)
	next
}

/^(not )?ok / {
	kind = /^not / ? "failed" : / # SKIP / ? "skipped" : "passed"
	total[kind]++
	if (kind == "skipped") {
		reason = $0
		sub(/^.* # SKIP /, "", reason)
		reasons[reason]++
	}
	# An image that broke off.
	if (/^not ok - /)
		next
	if (current == "")
		complain(image ": a check without a row: " $0)
	n = split(current, ids, " ")
	for (i = 1; i <= n; i++) {
		if (!(ids[i] in text))
			complain(image ": no such row: " ids[i])
		count[ids[i], kind]++
		seen[ids[i]] = 1
	}
}

function complain(what)
{
	if (!(what in complaints)) {
		complaints[what] = 1
		total["failed"]++
	}
}

END {
	for (i = 1; i <= rows; i++)
		if (all && !(order[i] in seen))
			complain(order[i] ": no check")
	printf "\n%-14s %7s %7s %7s  %s\n", "statement", "passed", "failed", "skipped", "text"
	for (i = 1; i <= rows; i++) {
		id = order[i]
		if (all || id in seen)
			printf "%-14s %7d %7d %7d  %s\n", id, count[id, "passed"], count[id, "failed"],
				count[id, "skipped"], text[id]
	}
	for (reason in reasons)
		printf "skipped %d: %s\n", reasons[reason], reason
	for (what in complaints)
		print "not ok - " what
	printf "%d passed, %d failed, %d skipped\n", total["passed"], total["failed"], total["skipped"]
	exit total["failed"] > 0
}
