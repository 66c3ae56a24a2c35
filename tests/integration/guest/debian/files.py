# SPDX-License-Identifier: MIT
"""Files and directories: the os module, temporary files, locks, archives, a database."""
import fcntl
import os
import pathlib
import shutil
import sqlite3
import stat
import tarfile

root = pathlib.Path("files")
for number in range(40):
    path = root / f"d{number % 7}" / f"e{number % 3}" / f"f{number}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(bytes([number]) * number * 1000)
    os.chmod(path, 0o600 | number % 8)
for folder, folders, names in sorted(os.walk(root)):
    print(folder, sorted(folders), sorted(names))
os.symlink("d1", root / "link")
os.rename(root / "d2", root / "moved")
print(os.readlink(root / "link"), sorted(entry.name for entry in os.scandir(root)))
print([oct(stat.S_IMODE(os.stat(path).st_mode)) for path in sorted(root.glob("*/e0/*"))])
shutil.rmtree(root / "d3")



def at_epoch(info):
    info.mtime = 0
    return info


with tarfile.open("all.tar", "w", format=tarfile.PAX_FORMAT) as archive:
    archive.add(root, filter=at_epoch)
with tarfile.open("all.tar") as archive:
    print(len(archive.getnames()), sum(member.size for member in archive))

with open("locked", "w+b", buffering=0) as file:
    fcntl.lockf(file, fcntl.LOCK_EX)
    print(os.pwrite(file.fileno(), b"0123456789", 5), os.pread(file.fileno(), 4, 7), os.fstat(file.fileno()).st_size)
    os.ftruncate(file.fileno(), 8)
    print(os.lseek(file.fileno(), 0, os.SEEK_END), os.sendfile(file.fileno(), file.fileno(), 0, 3))

base = sqlite3.connect("base.db")
base.execute("create table t(a, b)")
base.executemany("insert into t values(?, ?)", ((n, str(n) * 3) for n in range(3000)))
base.commit()
print(base.execute("select sum(a), max(b), count(*) from t where a % 3 = 1").fetchone())
base.close()

for call in (lambda: os.open("nothing", os.O_RDONLY), lambda: os.mkdir("files"), lambda: os.rmdir("files"),
             lambda: os.read(99, 1), lambda: os.listdir("locked")):
    try:
        call()
    except OSError as error:
        print(error)
