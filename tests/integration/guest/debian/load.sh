# SPDX-License-Identifier: MIT
# Programs that load a kernel: hackbench, rt-tests, stress-ng.

ok "hackbench, processes and pipes" crtos run hackbench -p -g 1 -f 4 -l 50
ok "hackbench, processes and sockets" crtos run hackbench -g 1 -f 4 -l 50
ok "ptsematest, processes" crtos run -f 90 ptsematest -q -f -p 90 -i 1000 -l 100
ok "pmqtest, processes" crtos run -f 90 pmqtest -q -f -p 90 -i 1000 -l 100
# stressor NAME OPTION...: it ends well, and says so of the checks it makes itself.
stressor() {
	name=$1
	shift
	ok "stress-ng: $name" sh -c 'crtos run stress-ng --verify --timeout 60 "$@" >stress.out 2>&1 && ! grep -i "fail:\|error:" stress.out' sh "$@"
}
stressor "cpu" --cpu 2 --cpu-ops 20
stressor "memory" --vm 1 --vm-bytes 8M --vm-ops 50
stressor "fork" --fork 2 --fork-ops 50
stressor "pipes" --pipe 1 --pipe-ops 500
stressor "futexes" --futex 1 --futex-ops 200
stressor "mutexes" --mutex 1 --mutex-ops 300
stressor "signals" --kill 1 --kill-ops 200
stressor "timers" --timer 1 --timer-ops 100
# These two last as long as they may, also on Linux.
stressor "semaphores" --sem 1 --sem-ops 500 --timeout 5
stressor "yield" --yield 1 --yield-ops 1000 --timeout 5
stressor "files" --hdd 1 --hdd-bytes 1M --hdd-ops 50
stressor "mappings" --mmap 1 --mmap-bytes 4M --mmap-ops 10
