# SPDX-License-Identifier: MIT
"""Kernel entries on the shadow's CPU between the marks of tests/bench/calls.c, as shell assignments."""

import json
import sys

SHADOW_CPU = 1
# Stubs of 8 bytes for the vectors 0x20 to 0xeb, in which the module's own vectors lie too.
STUBS = 8 * (0xec - 0x20)


def main():
    symbols, marks = {}, {}
    with open(sys.argv[2]) as f:
        for line in f:
            words = line.split()
            if words[:2] == ["#", "symbol"]:
                symbols[words[4]] = int(words[2], 16)
    with open(sys.argv[1]) as f:
        for line in f:
            mark = json.loads(line)
            marks[mark["mark"]] = mark["cpus"][SHADOW_CPU]["from"]
    start = symbols["irq_entries_start"]
    for name, first in (("null", 2), ("write", 4)):
        syscalls = interrupts = 0
        for addr, (count, _) in marks[first + 1].items():
            count -= marks[first].get(addr, [0, 0])[0]
            addr = int(addr, 16)
            if addr == symbols["entry_SYSCALL_64"]:
                syscalls += count
            elif start <= addr < start + STUBS:
                interrupts += count
        print(f"{name}_syscalls={syscalls} {name}_interrupts={interrupts}")


if __name__ == "__main__":
    main()
