# SPDX-License-Identifier: MIT
#
# awk -v as=table|page -f syscalls.awk notes.def syscalls.def - what becomes of each system call, as a table in C or
# as sections of the manual page.

function class_name(class) {
	return class == "REALTIME" ? "real-time" : tolower(class)
}

function manual(text) {
	gsub(/-/, "\\-", text)
	gsub(/'/, "\\(aq", text)
	return text
}

/^NOTE\(/ {
	name = $0
	sub(/^NOTE\(/, "", name)
	sub(/,.*/, "", name)
	text = $0
	sub(/^[^"]*"/, "", text)
	sub(/"\)$/, "", text)
	note[name] = text
	unused[name]
}

/^SYSCALL\(/ {
	row = $0
	gsub(/^SYSCALL\(|\)$/, "", row)
	split(row, field, /, */)
	number = field[1]
	name = field[2]
	class = field[3]
	error = class == "REFUSED" ? field[4] : ""
	delete unused[name]
	if (as == "table") {
		printf "{ %s, \"%s\", CLASS_%s, \"%s\", \"%s\" },\n", number, name, class, error, note[name]
		next
	}
	entry = "\\fB" manual(name) "\\fR\\~(" number ")"
	if (note[name] != "" || error != "") {
		text = note[name]
		if (error != "")
			text = error (text == "" ? "" : ": " text)
		described[class] = described[class] ".TP\n" entry "\n" manual(text) "\n"
	} else {
		plain[class] = plain[class] (plain[class] == "" ? "" : ",\n") entry
	}
}

END {
	for (name in unused) {
		print "a note on " name ", which is no system call" >"/dev/stderr"
		exit 1
	}
	if (as != "page")
		exit
	split("REALTIME DUAL REMOTE REFUSED", classes, " ")
	for (i = 1; i <= 4; i++) {
		class = classes[i]
		print ".SS " toupper(substr(class_name(class), 1, 1)) manual(substr(class_name(class), 2))
		if (plain[class] != "")
			print plain[class] (described[class] == "" ? "." : ".\n.PP\nAnd with what there is to say:")
		printf "%s", described[class]
	}
}
