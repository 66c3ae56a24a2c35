# SPDX-License-Identifier: MIT
# Programs that start others.

D=/opt/crtos/tests/debian
seq 1 2000 >numbers
works "timeout" timeout 20 seq 3
same "timeout, exceeded" timeout 0.3 sleep 20
works "env" env -i A=1 /usr/bin/env
works "nohup" nohup seq 2
works "nice" nice -n 5 nice
works "stdbuf" stdbuf -o L cat ../numbers
works "split with a filter" split -l 500 --filter='sort -r >$FILE' ../numbers part.
works "sort that compresses" sort -S 10k --compress-program=gzip -r ../numbers
works "awk, pipes and system" awk 'BEGIN { while (("seq 5" | getline x) > 0) s += x; print s; system("echo from system"); print "b\na" | "sort"; close("sort") }'
works "sed, e" sed -n '3{s/.*/echo executed/;e
p}' ../numbers
works "find -exec" find /etc -maxdepth 1 -type f -name 'h*' -exec wc -c {} + -execdir echo {} \;
works "diff3" diff3 ../numbers ../numbers /etc/passwd
works "install -s" sh -c 'cp /usr/bin/true .; strip -o t true && ./t'
works "python3, subprocesses" python3 $D/subprocesses.py
