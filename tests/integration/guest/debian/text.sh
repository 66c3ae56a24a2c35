# SPDX-License-Identifier: MIT
# bash without children, grep, sed, gawk, find, diff.

seq 1 8000 | sed 's/$/ The quick brown fox; 0x&, over the lazy dog/' >text
works "grep -c" grep -c 'over.*lazy' ../text
works "grep -r" grep -rn 'pthread_mutex' /usr/include/x86_64-linux-gnu
works "grep -P" grep -P -o '(?<=quick )\w+(?= fox)' ../text
works "grep -f" grep -F -f /etc/passwd -v /etc/group
same "grep of nothing" grep -q nothing.like.it ../text
same "grep with a bad pattern" grep 'a\(' ../text
works "sed" sed -n -E 's/^([0-9]+) (The) (.*)$/\3 \2 \1/; /999/p' ../text
given='cp ../text t'
works "sed -i" sed -i.old -e 's/quick/slow/g' -e '/5/d' t
given=:
works "awk" awk '{ count[$1 % 97] += $1; n += length($0) } END { for (i = 0; i < 97; i++) print i, count[i]; print n }' ../text
works "awk, floating point" awk 'BEGIN { for (i = 0; i < 10000; i++) s += sin(i) * exp(-i / 1e4); printf "%.12g\n", s }'
works "awk, files" awk '{ print > ("part." $1 % 5) }' ../text
works "awk, regular expressions" awk '{ gsub(/[aeiou]+/, "<&>"); print toupper($0) }' ../text
works "gawk, sorting" gawk 'BEGIN { PROCINFO["sorted_in"] = "@val_num_desc" } { n[$1 % 1000]++ } END { for (i in n) print i, n[i] }' ../text
works "find" find /usr/lib/python3.11 -name '*.py' -size +20k -printf '%p %s %M\n'
works "find -newer" find /usr/share -newer /usr/bin/python3.11 -type d
given='cp -rL /usr/share/doc/libc6* .'
works "find -delete" find . -name copyright -delete
given='cp -r /usr/include/x86_64-linux-gnu a; cp -r a b; echo more >>b/sys/time.h; rm b/sys/types.h; echo new >b/new'
same "diff -r" diff -r a b
same "cmp" cmp a/sys/time.h b/sys/time.h
given=:
same "diff of large files" diff ../text /usr/include/stdio.h

# What a shell does by itself.
works "bash, arithmetic and arrays" bash -c 'declare -A sum; for ((i = 0; i < 2000; i++)); do sum[$((i % 13))]=$((${sum[$((i % 13))]:-0} + i)); done
	for i in "${!sum[@]}"; do echo "$i ${sum[$i]}"; done'
works "bash, expansion" bash -c 'a="some text here"; echo "${a^^}" "${a//e/3}" "${#a}" {1..5} "${a:5:4}"; printf "%s\n" /usr/bin/z*'
works "bash, redirections" bash -c 'exec 3>file; echo three >&3; echo more >>file; while read -r line; do echo "[$line]"; done <file'
works "bash, here-documents" bash -c 'while read -r a b; do echo "$b $a"; done <<END
one two
three $((3 + 4))
END
read -r x <<<"a here-string"; echo "$x"'
works "bash, functions and case" bash -c 'f() { local n=$1; ((n < 2)) && { r=$n; return; }; f $((n - 1)); local a=$r; f $((n - 2)); r=$((a + r)); }; f 12; echo $r
	case $r in 1*) echo one;; 6*) echo six;; *) echo other;; esac'
works "bash, a regular expression" bash -c '[[ "key = value" =~ ^([a-z]+)\ =\ (.*)$ ]] && echo "${BASH_REMATCH[@]}"'
same "bash, exit status" bash -c 'exit 42'
same "bash, a syntax error" bash -c 'if then'
works "bash, exec of another program" bash -c 'exec seq 3 5'
works "dash" dash -c 'i=0; while [ $i -lt 5000 ]; do i=$((i + 1)); done; echo $i "$0" "$@"' name one 'two words'
same "a trap at exit" bash -c 'trap "echo at the end" EXIT; cd /usr; pwd; exit 3'
