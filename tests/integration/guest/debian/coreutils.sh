# SPDX-License-Identifier: MIT
# coreutils: one program each, with files of some size where that matters.

seq 1 50000 >numbers
seq 20000 -1 1 | sed 's/$/ line of text, with words: alpha beta gamma/' >lines
head -c 1000000 /usr/bin/python3.11 >binary
mkdir -p tree/a/b/c tree/empty
head -c 200000 binary >tree/a/binary
echo one >tree/a/b/one
ln -s b/one tree/a/link
ln tree/a/b/one tree/a/b/c/hard
chmod 640 tree/a/b/one
mkfifo tree/fifo
touch -h -d @1000000000 tree/a/b/one tree/a/link tree/fifo
sort numbers >sorted.a
seq 5 7 50000 | sort >sorted.b

works "uname" uname -srvm
works "b2sum" b2sum ../binary
works "base64" base64 -w 100 ../binary
base64 binary >binary.base64
works "base64 -d" base64 -d ../binary.base64
works "basename" basename /usr/lib/libc.so .so
works "cat -A" cat -A ../lines
works "cat of many files" cat /etc/passwd /etc/group /etc/os-release /usr/lib/x86_64-linux-gnu/libc.so.6
given='cp -a ../tree .'
works "chmod -R" chmod -R go-rwx,u+s tree
works "chown -R" chown -R 65534:65534 tree
works "cp -r" cp -r tree copy
works "cp -a" cp -a tree copy
works "cp --sparse" cp --sparse=always tree/a/binary sparse
works "du" du -a -b tree
works "install" install -D -m 751 ../binary bin/here/program
works "ln" ln tree/a/b/one tree/other
works "ln -s" ln -s -f -T b/c/hard tree/a/link
works "ls -lR" ls -lRn --time-style=+ tree
works "ls -lR of a large tree" ls -lR --time-style=full-iso /etc /usr/include/x86_64-linux-gnu
works "mv" mv tree elsewhere
works "readlink -f" readlink -f tree/a/link
works "realpath" realpath --relative-to=tree tree/a/b/c/hard tree/a/../empty
works "rm -r" rm -rv tree
works "rmdir" rmdir tree/empty
works "stat" stat -c '%n %s %f %h %Y %u %F' tree/a/b/one tree/a/link tree/fifo
works "touch" touch -d '2001-02-03 04:05:06.789' tree/a/binary new
works "truncate" truncate -s 345678 tree/a/binary
works "unlink" unlink tree/a/link
same "mv onto a directory that is not empty" mv -T tree/a tree
same "rmdir of one" rmdir tree/a
given=:
works "cksum" cksum ../binary ../lines
works "comm" comm ../sorted.a ../sorted.b
works "join" join -a 1 ../sorted.a ../sorted.b
works "paste" paste -d, ../sorted.a ../sorted.b
works "csplit" csplit -n 4 -f part ../numbers '/000$/' '{10}'
works "cut" cut -d ' ' -f 2,4- ../lines
works "date" date -u -d '@1234567890' '+%F %T %j %A'
works "dd" dd if=../binary of=copy bs=64k skip=3 seek=5 conv=sync status=none
works "dd with O_DIRECT" dd if=/usr/lib/x86_64-linux-gnu/libc.so.6 of=copy bs=4k count=100 iflag=direct status=none
works "df" df --output=target,fstype /proc
works "env" env
works "expr" expr 12345678901234567890 '*' 98765432109876543210
works "factor" factor 1234567890123456789 18446744073709551557 170141183460469231731687303715884105727
works "fmt" fmt -w 40 ../lines
works "fold" fold -w 33 -s ../lines
works "head" head -c 765432 ../binary
works "id" id
works "md5sum" md5sum ../binary ../numbers
works "mkdir -p" mkdir -p -m 711 a/b/c/d
works "mknod" mknod device c 1 3
works "nl" nl -ba -w 9 ../lines
works "numfmt" numfmt --to=iec 1 1024 123456789012
works "od" od -A x -t x1z -v -N 200000 ../binary
works "pr" pr -3 -l 60 -h title -D date ../numbers
works "printf" printf '%08.3f %s %q\n' 3.14159 'a b' "it's"
works "pwd" pwd -P
works "seq" seq -f %.3f 0 0.37 2000
works "sha256sum" sha256sum ../binary ../lines
sha256sum lines numbers | sed 's,  ,&../,' >sums
works "sha256sum -c" sha256sum -c ../sums
works "shuf" shuf -n 9000 --random-source=../binary ../numbers
works "sort" sort -n -r ../numbers
works "sort, by threads" sort --parallel=4 -S 20M -k 3,3 -k 1n ../lines
works "sort with temporary files" sort -S 300k -T . ../lines
works "split" split -b 50k -d ../binary part.
works "split -n" split -n l/7 ../lines part.
works "stdbuf" stdbuf -o 0 seq 100
works "sync" sync .
works "tac" tac ../lines
works "tail" tail -n 17000 ../lines
works "tsort" tsort ../numbers
input=../lines
works "tee" tee a b
works "tr" tr -cs a-z '\n'
works "wc" wc
works "dd of standard input" dd bs=777 status=none
works "head of standard input" head -n 77
input=/dev/null
works "uniq" uniq -c -f 1 ../lines
same "tty" tty
same "false" false
same "test" test -e /does/not/exist
same "an error message" cat /does/not/exist /etc/passwd /etc
same "an unknown option" ls --no-such-option
same "a full device" dd if=../binary of=/dev/full bs=64k status=none
ok "yes, until its reader ends" sh -c "crtos run yes | head -n 50000 | wc -l | grep -qx 50000"
ok "a pipeline of four" sh -c "crtos run cat lines | crtos run tr a-z A-Z | crtos run sort | crtos run sha256sum >rt.sum &&
	cat lines | tr a-z A-Z | sort | sha256sum | cmp - rt.sum"
