# SPDX-License-Identifier: MIT
"""subprocess, os.fork, os.posix_spawn, pipes, signals to children."""
import os
import signal
import subprocess
import sys
import threading

print(subprocess.run(["seq", "3"], capture_output=True, text=True, check=True).stdout.split())
print(subprocess.run("cat | tr a-z A-Z", shell=True, input=b"shout", capture_output=True).stdout)
print(subprocess.run(["sh", "-c", "echo err >&2; exit 7"], stderr=subprocess.PIPE))
child = subprocess.Popen(["sleep", "100"])
child.send_signal(signal.SIGTERM)
print(child.wait())
try:
    subprocess.run(["sleep", "100"], timeout=0.2)
except subprocess.TimeoutExpired as error:
    print(type(error).__name__)
try:
    subprocess.run(["/no/such/program"])
except OSError as error:
    print(error)

read, write = os.pipe()
sys.stdout.flush()
data = bytearray(b"parent")
pid = os.fork()
if pid == 0:
    data[:] = b"child!"
    os.write(write, bytes(data))
    os._exit(5)
os.close(write)
print(os.read(read, 100), os.read(read, 100), os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), bytes(data))

pid = os.posix_spawn("/bin/sh", ["sh", "-c", "exit 6"], os.environ)
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))

pid = os.fork()
if pid == 0:
    os.kill(os.getpid(), signal.SIGKILL)
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))

results = {}


def run(number):
    results[number] = subprocess.run(["sh", "-c", f"echo {number}; exit {number}"], capture_output=True).returncode


threads = [threading.Thread(target=run, args=(number,)) for number in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(sorted(results.items()))
print(os.popen("echo popen").read(), end="")
