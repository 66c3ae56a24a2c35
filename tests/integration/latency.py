# SPDX-License-Identifier: MIT
"""latency.py COUNTS SYMBOLS - what the counting plugin saw of the real-time core in latency.test, as TAP."""

import bisect
import collections
import json
import sys

# Of the section itself, and of the bytes that string instructions copy or fill in it: twelve pages.
SECTION_INSTRUCTIONS_MAX = 20000
SECTION_STRINGS_MAX = 49152
SECTIONS_SHOWN = 6
# As of bench/wakeups.c: id, name, wake-ups at least.
ALONE, SPIN, CALLS, FORKS, LOADED_ALONE, LOADED_SPIN, LOADED_CALLS = range(7)
PHASES = (
    ("alone", 450),
    ("beside a thread that computes", 450),
    ("beside system calls", 450),
    ("in a process that forks", 1300),
    ("Linux saturated: alone", 450),
    ("Linux saturated: beside a thread that computes", 450),
    ("Linux saturated: beside system calls", 110),
)
# Those of Linux and of shadows, which may be pending when the timer's comes: each once.
OTHER_INTERRUPTS_MAX = 4000
# The copy of 8 MiB, which takes about two thirds of it. The process between needs more than that for one of its spells.
FORK_INSTRUCTIONS_MAX = 30000000

Arrivals = collections.namedtuple("Arrivals", "count total most wait")
Section = collections.namedtuple("Section", "length strings begin end blocks")


class Symbols:
    def __init__(self, path):
        with open(path, encoding="ascii") as file:
            lines = [line.split() for line in file]
        self.named = sorted((int(words[0], 16), words[2]) for words in lines if len(words) == 3)
        self.addresses = [address for address, _ in self.named]

    def name(self, address):
        return self.named[bisect.bisect_right(self.addresses, address) - 1][1]

    def place(self, section):
        where = collections.Counter()
        for address, count in section.blocks.items():
            where[self.name(int(address, 16))] += count
        return ", ".join(f"{name} {count}" for name, count in where.most_common(4))


class Tap:
    failed = 0

    def ok(self, good, text):
        print(f"{'ok' if good else 'not ok'} - {text}")
        self.failed += not good


def tell_sections(tap, sections, symbols):
    print("# The longest sections with interrupts off: instructions, further iterations of string instructions, where")
    for section in sections[:SECTIONS_SHOWN]:
        print(f"# {section.length - section.strings:8} {section.strings:8}  {symbols.place(section)}")
    most = max(section.length - section.strings for section in sections)
    strings = max(section.strings for section in sections)
    tap.ok(most <= SECTION_INSTRUCTIONS_MAX and strings <= SECTION_STRINGS_MAX,
           f"the longest: {most} instructions of at most {SECTION_INSTRUCTIONS_MAX}, "
           f"{strings} iterations of at most {SECTION_STRINGS_MAX}")


def tell_arrivals(tap, arrivals, longest):
    print("# From the timer's interrupt to the thread's next instruction, in instructions: wake-ups, mean, most, and with")
    print("# the section at whose end the interrupt came")
    for number, (name, wanted) in enumerate(PHASES):
        a = arrivals.get(number, Arrivals(0, 0, 0, 0))
        print(f"# {a.count:6} {a.total / max(a.count, 1):10.1f} {a.most:10} {a.wait:10}  {name}")
        if a.count < wanted:
            tap.ok(False, f"{name}: {a.count} wake-ups, {wanted} wanted")
            return
    for quiet, loaded in ((ALONE, LOADED_ALONE), (SPIN, LOADED_SPIN)):
        limit = arrivals[quiet].most * 11 // 10
        most = arrivals[loaded].most
        tap.ok(most <= limit, f"{PHASES[loaded][0]}: {most} instructions of at most {limit}")
    for phase in (SPIN, CALLS, LOADED_SPIN, LOADED_CALLS):
        limit = longest + arrivals[SPIN].most * 11 // 10 + OTHER_INTERRUPTS_MAX
        wait = arrivals[phase].wait
        tap.ok(wait <= limit, f"{PHASES[phase][0]}: delayed by no more than the longest section ({wait} of {limit})")
    most = arrivals[FORKS].most
    tap.ok(most <= FORK_INSTRUCTIONS_MAX,
           f"{PHASES[FORKS][0]}: who waits for a fork lends it its priority ({most} of {FORK_INSTRUCTIONS_MAX})")


def main():
    symbols = Symbols(sys.argv[2])
    with open(sys.argv[1], encoding="ascii") as file:
        seen = json.loads(file.readlines()[-1])
    arrivals = {int(number): Arrivals(*counts) for number, counts in seen["arrivals"].items()}
    sections = sorted((Section(*section) for section in seen["longest"]), reverse=True)
    tap = Tap()
    tell_sections(tap, sections, symbols)
    tell_arrivals(tap, arrivals, sections[0].length)
    sys.exit(tap.failed > 0)


main()
