# SPDX-License-Identifier: MIT
"""Turn the counting plugin's marks and the guest's output into the table of `make bench`."""

import json
import os
import sys

RT_CPU, SHADOW_CPU = 2, 1
MESSAGE_CPUS = 1, 3
SPIN_LOOP_INSTRUCTIONS = 3
NULL_CALL_AIM = 1000


def load(counts, guest):
    marks = {}
    with open(counts) as f:
        for line in f:
            mark = json.loads(line)
            if mark["mark"] is not None:
                marks[mark["mark"]] = mark["cpus"]
    lines, symbols = {"message": []}, {}
    with open(guest) as f:
        for line in f:
            kind, *words = line.split()
            if kind in ("rt", "native", "pipe"):
                lines[kind] = {k: int(v) for k, v in zip(words[::2], words[1::2])}
            elif kind == "message":
                lines[kind].append((words[0], words[1], int(words[2]), int(words[3])))
            elif kind == "symbol":
                symbols[int(words[0], 16)] = words[2]
            elif kind in ("stat", "status") and len(words) == 2:
                lines.setdefault(kind, {})[words[0].rstrip(":")] = words[1]
    return marks, lines, symbols


class Interval:
    """What one vCPU did between two marks."""

    def __init__(self, marks, first, last, cpu):
        a, b = marks[first][cpu], marks[last][cpu]
        self.user = b["user"] - a["user"]
        self.kernel = b["kernel"] - a["kernel"]
        self.pauses = b["pause"][0] - a["pause"][0]
        self.entries = {}
        for addr, (count, insns) in b["from"].items():
            was = a["from"].get(addr, [0, 0])
            if count != was[0]:
                self.entries[int(addr, 16)] = (count - was[0], insns - was[1])

    def entered_total(self):
        return sum(count for count, _ in self.entries.values())

    def entered(self, symbols, name):
        for addr, entry in self.entries.items():
            if symbols.get(addr) == name:
                return entry
        return 0, 0


def call_row(name, marks, symbols, base, rounds):
    rt = Interval(marks, base, base + 1, RT_CPU)
    shadow = Interval(marks, base, base + 1, SHADOW_CPU)
    idle = Interval(marks, 0, 1, SHADOW_CPU)
    native = Interval(marks, 100 + base, 101 + base, SHADOW_CPU)
    # The spin loop executes the same number of instructions for each PAUSE; idle time tells how many.
    per_pause = idle.user / idle.pauses
    user = shadow.user - per_pause * shadow.pauses
    syscalls, service = shadow.entered(symbols, "entry_SYSCALL_64")
    _, native_service = native.entered(symbols, "entry_SYSCALL_64")
    row = [x / rounds for x in (rt.user + rt.kernel, user, service, native.user + native_service)]
    total = sum(row[:3])
    print(f"{name:22} {row[0]:9.1f} {row[1]:9.1f} {row[2]:9.1f} {total:9.1f}   {row[3]:9.1f} {total / row[3]:8.1f}x"
          f"   {syscalls / rounds:8.3f}")
    other = {symbols.get(a, hex(a)): c for a, (c, _) in shadow.entries.items()
             if symbols.get(a) != "entry_SYSCALL_64"}
    return total, other


MESSAGE_KINDS = {
    "post": ("posting one, nobody waits", 1),
    "running": ("one way between threads that run", 2),
    "blocked": ("one way between threads that block", 2),
}


def message_table(marks, messages, rounds):
    """Per notification: a round trip is two."""
    pipe = next(ns for kind, name, _, ns in messages if (kind, name) == ("blocked", "pipe")) / 2
    print(f"\nGuest instructions for one notification between two Linux threads, {rounds} rounds each:\n")
    print(f"{'':34} {'user':>9} {'kernel':>9} {'kernel entries':>15}   {'time / pipe':>11}")
    for kind, (title, per_round) in MESSAGE_KINDS.items():
        print(f"{title}:")
        for _, name, mark, ns in (m for m in messages if m[0] == kind):
            done = [Interval(marks, mark, mark + 1, cpu) for cpu in MESSAGE_CPUS]
            if kind == "post":
                done = done[:1]
            user = sum(i.user - SPIN_LOOP_INSTRUCTIONS * i.pauses for i in done)
            kernel = sum(i.kernel for i in done)
            entries = sum(i.entered_total() for i in done)
            row = [x / rounds / per_round for x in (user, kernel, entries)]
            print(f"  {name:32} {row[0]:9.1f} {row[1]:9.1f} {row[2]:15.3f}   {ns / per_round / pipe:11.3f}")
    print("\nBoth threads' CPUs together, spin loops taken off, timer ticks and idle loops within. A SENDUIPI and a")
    print("delivery each count as at most one instruction: on hardware they cost some hundred cycles.")


def main():
    marks, lines, symbols = load(sys.argv[1], sys.argv[2])
    rounds = lines["rt"]["rounds"]
    print("Guest instructions for one call, the shadow spinning:\n")
    print(f"{'':22} {'RT core':>9} {'shadow':>9} {'service':>9} {'total':>9}   {'native':>9} {'ratio':>9}"
          f"   {'kernel entries':>8}")
    total, other = call_row("getppid (null call)", marks, symbols, 2, rounds)
    call_row("pwrite, 4 KiB", marks, symbols, 4, rounds)
    print("\nRT core: program and RTOS. shadow: its user mode, without the spin loop. service: Linux's kernel, from the")
    print("system-call entry to the return. native: the same program on Linux. kernel entries: system calls per call.")
    print(f"Other kernel entries on the shadow's CPU during {rounds} null calls: "
          + (", ".join(f"{n} {c}" for n, c in sorted(other.items())) or "none"))
    pipe = lines["pipe"]["pipe_ns"]
    print(f"\nRound trip of a null remote call: {lines['rt']['null_ns'] / pipe:.2f} of a pipe ping-pong between two CPUs, "
          f"{lines['rt']['null_ns'] / max(1, lines['native']['null_ns']):.1f} times the call on Linux.")
    print(f"Round trip of a 4 KiB write: {lines['rt']['write_ns'] / pipe:.2f} of a pipe ping-pong.")
    print("(Times in an emulator mean little; the ratios come from one run.)")
    message_table(marks, lines["message"], rounds)
    image = os.path.getsize(os.path.join(sys.argv[3], "rtos.bin"))
    with open(os.path.join(sys.argv[3], "rtos.bin"), "rb") as f:
        header = f.read(64)
    memory = int.from_bytes(header[40:48], "little")
    print(f"\nRTOS image: {image / 1024:.0f} KiB of at most 256; fixed memory with bss and stacks: {memory / 1024:.0f} KiB "
          "of at most 2048.")
    print(f"Null remote call: {total:.0f} guest instructions, the aim is at most {NULL_CALL_AIM}: "
          + ("met." if total <= NULL_CALL_AIM else "NOT met."))


if __name__ == "__main__":
    main()
