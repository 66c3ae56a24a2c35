# SPDX-License-Identifier: MIT
# What programs read of themselves, and ps of them.

works "its command line" cat /proc/self/cmdline
works "that of a child" sh -c 'cat /proc/self/cmdline | tr "\0" " "; tr "\0" " " </proc/$$/cmdline; cat /proc/$$/comm'
works "with another argv[0]" bash -c 'exec -a "another name" cat /proc/self/cmdline'
works "its environment" env -i A=1 B=2 sh -c 'exec cat /proc/self/environ'
works "its name" sh -c 'grep Name /proc/self/status; cat /proc/self/comm; cut -d " " -f 2 /proc/self/stat'
works "ps" sh -c 'sleep 30 & ps -o comm=,args= -p $!,$$; kill $!; wait' 2>/dev/null
works "the auxiliary vector" python3 -c 'import struct
v = dict(struct.iter_unpack("QQ", open("/proc/self/auxv", "rb").read()))
print(v[6], v[17], v[11], v[14], v[4], v[5])'

# The areas, without where they are; Linux has some of its own.
cat >areas.py <<'END'
import ctypes, mmap, os, re, sys
maps = [l.split(None, 5) for l in open(sys.argv[1])]
print(sorted({(m[1], m[5].strip()) for m in maps if len(m) > 5 and not m[5].startswith(("[v", "anon"))}))
print(sorted({m[4] == str(os.stat(m[5].strip()).st_ino) and m[3] != "00:00" for m in maps if len(m) > 5 and m[5][0] == "/"}))
at = ctypes.addressof(ctypes.c_char.from_buffer(held := mmap.mmap(-1, 1 << 20)))
def find(address):
    return [m for m in (l.split() for l in open(sys.argv[1]))
            if int(m[0].split("-")[0], 16) <= address < int(m[0].split("-")[1], 16)]
print([m[1] for m in find(at)], [m[1:] and m[1] for m in find(id(sys))], [m[5] for m in find(id(maps)) if len(m) > 5 and m[5][0] == "/"])
fd = os.open(sys.argv[1], os.O_RDONLY)
print(os.lseek(fd, 0, os.SEEK_CUR), len(os.read(fd, 5)), os.read(fd, 100000).count(b"\n") > 10, os.get_inheritable(fd))
END
works "its areas" python3 ../areas.py /proc/self/maps
works "of its first thread" python3 ../areas.py /proc/thread-self/maps
works "by its number" sh -c 'exec python3 ../areas.py /proc/$$/maps'
