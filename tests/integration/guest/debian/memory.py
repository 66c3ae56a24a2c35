# SPDX-License-Identifier: MIT
"""Memory: large objects, anonymous and private file mappings, ctypes, a deep recursion."""
import ctypes
import gc
import mmap
import sys
import tempfile

blocks = [bytearray(1 << 20) for _ in range(24)]
for number, block in enumerate(blocks):
    block[number * 1000] = number
print(sum(sum(block[:100000:100]) for block in blocks), sum(map(len, blocks)))
del blocks
gc.collect()

with mmap.mmap(-1, 1 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as area:
    area[5:10] = b"hello"
    area.move(1000, 5, 5)
    print(area[1000:1005], area.find(b"hello", 6), len(area))

with tempfile.TemporaryFile() as file:
    file.write(bytes(range(256)) * 64)
    file.flush()
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as area:
        print(area[255:260], area.rfind(b"\x01\x02"))
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY) as area:
        area[:4] = b"mine"
        print(area[:6])
    file.seek(0)
    print(file.read(6))

libc = ctypes.CDLL(None)
numbers = (ctypes.c_int * 1000)(*[n * 7919 % 1009 for n in range(1000)])
compare = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_int), ctypes.POINTER(ctypes.c_int))(
    lambda a, b: a[0] - b[0])
libc.qsort(numbers, len(numbers), ctypes.sizeof(ctypes.c_int), compare)
print(numbers[:10], libc.strlen(b"seven"))


def depth(n):
    return 0 if n == 0 else 1 + depth(n - 1)


sys.setrecursionlimit(4000)
print(depth(3000))
