# SPDX-License-Identifier: MIT
# bash and dash with children: pipelines, substitution, job control.

seq 1 3000 >numbers

# script NAME TEXT: by each shell.
script() {
	works "bash: $1" bash -c "$2"
	works "dash: $1" dash -c "$2"
}

script "a child" '/bin/echo one; /bin/echo two; echo $?'
script "a pipeline" 'cat ../numbers | tr 0-9 a-j | sort -r | head -n 5'
script "a pipeline of six" 'seq 1000 | grep 7 | sed s/7/x/g | sort | uniq -c | tail -n 3'
script "the status of a pipeline" 'true | false; echo $?; false | true; echo $?'
script "command substitution" 'a=$(seq 3 | tac); echo "$a"; echo "nested: $(echo $(echo $(echo deep)))"'
script "a subshell" '(cd /usr; a=1; pwd; exit 3); echo $? ${a-unset}; pwd'
script "redirections" 'ls /etc/passwd /none >o 2>e; echo $?; wc -l <o >>o; cat e >&2; { date -u -d @0; echo x; } >g; exec 3<g; read l <&3; echo "$l"'
script "here-documents to programs" 'cat <<END | tr a-z A-Z
a here-document of $((6 * 7))
END
sort <<"END"
$b
$a
END'
script "background jobs" 'sleep 0.3 & a=$!; (sleep 0.1; exit 5) & b=$!; wait $b; echo $?; wait $a; echo $?; wait'
script "kill and wait" 'sleep 100 & kill $!; wait $!; echo $?; { sh -c "kill -9 \$\$"; echo $?; } 2>/dev/null; exec 2>&-'
script "a trap" 'trap "echo got it" USR1; kill -USR1 $$; trap "echo bye" EXIT; (exit 2); echo $?'
script "a signal that wakes wait" 'trap "echo woken" USR1; (sleep 0.3; kill -USR1 $$; sleep 0.5) & wait; echo $?; wait'
script "SIGPIPE" 'yes | head -n 2; seq 100000 | true; echo $?'
script "a loop of children" 'i=0; while [ $i -lt 30 ]; do i=$((i + 1)); /bin/echo $i; done | paste -s -d+ | sed "s/+/ + /g"'
script "a script file" 'printf "#!/bin/sh\necho \$0 \$# \$2\nexit 9\n" >s; chmod +x s; ./s a "b c"; echo $?'
script "find and xargs" 'seq 40 | xargs -n 7 echo; find /etc -maxdepth 1 -name "p*" -type f -exec basename {} \; | sort'
script "xargs in parallel" 'seq 12 | xargs -n 1 -P 4 -I@ sh -c "echo @ >f.@"; cat f.* | sort -n'
script "not found, not executable" 'no-such-command; echo $?; /etc/passwd; echo $?; (exec /no/such/file); echo $?'
works "bash: process substitution" bash -c 'diff <(seq 5) <(seq 2 6); cat <(echo one) <(echo two)'
works "bash: coproc" bash -c 'coproc tr a-z A-Z; echo hello >&"${COPROC[1]}"; eval "exec ${COPROC[1]}>&-"; cat <&"${COPROC[0]}"; wait'
works "bash: job control" bash -c 'exec 2>/dev/null; set -m; stopped() { until jobs | grep -q Stopped; do :; done; }
	sh -c "kill -STOP \$\$; exit 3" & stopped; jobs -l | sed "s/[0-9]\{2,\}/PID/"; fg >/dev/null; echo $?
	sleep 100 & kill -STOP %%; stopped; bg >/dev/null; kill %%; wait %%; echo $?'
works "bash: PIPESTATUS, pipefail" bash -c 'false | true | sh -c "exit 3"; echo "${PIPESTATUS[@]}"; set -o pipefail; false | true; echo $?'
works "bash: time-outs of read" bash -c 'sleep 1 | { read -t 0.1 x; echo $(($? > 128)); }'
TERM=dumb $P/terminal -t 'echo $((6 * 7)); sleep 0.1 | cat
exit 4
' crtos run bash --norc -i >"$out" 2>&1
is "an interactive bash on a terminal" "4 42" "$? $(tr -d '\r' <"$out" | grep -x 42)"
