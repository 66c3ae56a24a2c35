# SPDX-License-Identifier: MIT
"""Shared mappings: what one sees of the other and of the file."""
import mmap
import os

with open("file", "w+b") as file:
    file.truncate(100000)
    with mmap.mmap(file.fileno(), 0) as one, mmap.mmap(file.fileno(), 8192, offset=4096) as two:
        one[4096:4101] = b"first"
        print(two[:5])
        two[5:8] = b"two"
        print(one[4096:4104], os.pread(file.fileno(), 8, 4096))
        os.pwrite(file.fileno(), b"by write", 50000)
        print(one[50000:50008])
        one.flush()
    print(open("file", "rb").read()[4096:4104])
    with mmap.mmap(file.fileno(), 0) as area:
        pid = os.fork()
        if pid == 0:
            area[:5] = b"child"
            os._exit(0)
        os.waitpid(pid, 0)
        print(area[:5])
with mmap.mmap(-1, 4096) as area:
    pid = os.fork()
    if pid == 0:
        area[:9] = b"anonymous"
        os._exit(0)
    os.waitpid(pid, 0)
    print(area[:9])
