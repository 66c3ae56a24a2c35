#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes ELF files that must be refused, or may be run, without harm to anything.

hostile-elf.py GOOD DIRECTORY: from a good static program, many files, and `expected`, a list of
"name status": what a shell sees when it is run on Linux or on the RTOS. 126: refused; "any": it may be
refused, run, or die, as long as nothing else does.
"""

import os
import struct
import sys

EHDR = struct.Struct("<16sHHIQQQIHHHHHH")
PHDR = struct.Struct("<IIQQQQQQ")
EFIELDS = ("ident type machine version entry phoff shoff flags ehsize phentsize phnum shentsize "
           "shnum shstrndx").split()
PFIELDS = "type flags offset vaddr paddr filesz memsz align".split()
PT_LOAD, PT_INTERP = 1, 3


def main():
    good = open(sys.argv[1], "rb").read()
    directory = sys.argv[2]
    os.makedirs(directory, exist_ok=True)
    header = dict(zip(EFIELDS, EHDR.unpack_from(good)))
    count = header["phnum"]
    first = header["phoff"]
    segments = [dict(zip(PFIELDS, PHDR.unpack_from(good, first + i * PHDR.size))) for i in range(count)]
    loads = [i for i in range(count) if segments[i]["type"] == PT_LOAD]
    expected = []

    def put(name, data, status):
        path = os.path.join(directory, name)
        with open(path, "wb") as file:
            file.write(data)
        os.chmod(path, 0o755)
        expected.append((name, status))

    def with_header(**fields):
        data = bytearray(good)
        changed = dict(header, **fields)
        EHDR.pack_into(data, 0, *(changed[f] for f in EFIELDS))
        return data

    def with_segment(index, **fields):
        data = bytearray(good)
        changed = dict(segments[index], **fields)
        PHDR.pack_into(data, first + index * PHDR.size, *(changed[f] for f in PFIELDS))
        return data

    def ident(at, value):
        changed = bytearray(header["ident"])
        changed[at] = value
        return with_header(ident=bytes(changed))

    # Not an ELF file of this machine.
    put("empty", b"", "any")
    put("magic-only", good[:4], 126)
    put("half-header", good[:32], 126)
    put("header-only", good[:64], 126)
    put("half-phdrs", good[:64 + 56 + 20], 126)
    put("zeros", b"\0" * 4096, 126)
    put("class-32", ident(4, 1), "any")
    put("big-endian", ident(5, 2), "any")
    put("bad-magic", ident(1, ord("X")), 126)
    put("aarch64", with_header(machine=183), 126)
    put("i386", with_header(machine=3), "any")
    put("relocatable", with_header(type=1), 126)
    put("core", with_header(type=4), 126)
    put("type-none", with_header(type=0), 126)

    # A table of program headers that cannot be.
    put("phentsize-0", with_header(phentsize=0), 126)
    put("phentsize-57", with_header(phentsize=57), 126)
    put("phnum-0", with_header(phnum=0), 126)
    put("phnum-65535", with_header(phnum=65535), 126)
    put("phoff-behind", with_header(phoff=len(good) + 4096), 126)
    put("phoff-negative", with_header(phoff=2**64 - 56), 126)
    put("phoff-max", with_header(phoff=2**63 - 1), 126)
    put("phoff-0", with_header(phoff=0), "any")

    # Segments where none may be.
    put("low-address", with_segment(loads[0], vaddr=0), "any")
    put("kernel-address", with_segment(loads[0], vaddr=0xffffffff80000000), "any")
    put("non-canonical", with_segment(loads[0], vaddr=0x800000000000), "any")
    put("at-the-end", with_segment(loads[0], vaddr=0x4ffffffff000), "any")
    put("in-the-shadow", with_segment(loads[0], vaddr=0x555555554000), "any")
    put("wraps", with_segment(loads[0], vaddr=2**64 - 4096), "any")
    put("filesz-above-memsz", with_segment(loads[0], filesz=segments[loads[0]]["memsz"] + 4096), "any")
    put("filesz-max", with_segment(loads[0], filesz=2**64 - 1, memsz=2**64 - 1), "any")
    put("memsz-huge", with_segment(loads[-1], memsz=1 << 46), "any")
    put("memsz-max", with_segment(loads[-1], memsz=2**64 - 1), "any")
    put("memsz-1g", with_segment(loads[-1], memsz=1 << 30), "any")
    put("offset-behind", with_segment(loads[0], offset=1 << 40), "any")
    put("offset-negative", with_segment(loads[0], offset=2**64 - 4096), "any")
    put("offset-odd", with_segment(loads[0], offset=1), "any")
    put("overlap", with_segment(loads[1], vaddr=segments[loads[0]]["vaddr"]), "any")
    data = bytearray(good)
    for index in loads:
        PHDR.pack_into(data, first + index * PHDR.size, *(dict(segments[index], type=0)[f] for f in PFIELDS))
    put("no-segments", data, "any")

    # An interpreter that is none.
    spare = next(i for i in range(count) if i not in loads)
    for name, fields, status in (
            ("interp-behind", dict(offset=1 << 40, filesz=20), "any"),
            ("interp-long", dict(offset=0, filesz=8192), 126),
            ("interp-short", dict(offset=0, filesz=1), 126),
            ("interp-open", dict(offset=0, filesz=3), 126),
            ("interp-negative", dict(offset=2**64 - 8, filesz=8), "any"),
            ("interp-garbage", dict(offset=len(good), filesz=11), "any")):
        data = with_segment(spare, type=PT_INTERP, **fields)
        put(name, bytes(data) + b"/dev/null\0\0\0", status)

    # Code where none is.
    put("entry-0", with_header(entry=0), 139)
    put("entry-kernel", with_header(entry=0xffffffff80000000), 139)
    put("entry-non-canonical", with_header(entry=0x800000000000), 139)
    put("not-executable", with_segment(loads[1], flags=4), 139)

    # The good one, cut at many places: whatever happens, it happens to the file alone.
    for i in range(1, 16):
        put("cut-%d" % i, good[:len(good) * i // 16], "any")

    put("good", good, 0)
    with open(os.path.join(directory, "expected"), "w") as file:
        for name, status in expected:
            file.write("%s %s\n" % (name, status))
    run = os.path.join(directory, "run")
    with open(run, "w") as file:
        file.write(RUN)
    os.chmod(run, 0o755)


RUN = """#!/bin/sh
# run [COMMAND...]: runs all the files, by COMMAND (such as: crtos run), and compares the statuses.
cd "$(dirname "$0")" || exit 1
[ $# -gt 0 ] || set -- ../exec-direct
failed=0
while read -r name want; do
	timeout 20 "$@" "./$name" >/dev/null 2>&1 </dev/null
	got=$?
	[ $want = any ] && want=$got
	if [ $got -eq 124 ] || [ $got -ne $want ]; then
		echo "not ok - $name: status $got, expected $want"
		failed=1
	else
		echo "ok - $name: $got"
	fi
done <expected
exit $failed
"""

if __name__ == "__main__":
    main()
