# SPDX-License-Identifier: MIT
"""Handlers for signals from timers, from the program itself and to a thread; interrupted system calls."""
import faulthandler
import os
import select
import signal
import socket
import threading
import time

seen = []
signal.signal(signal.SIGALRM, lambda number, _: seen.append(number))
signal.alarm(1)
start = time.monotonic()
time.sleep(1.5)
print(seen == [signal.SIGALRM], 1.5 <= time.monotonic() - start < 30)

seen.clear()
signal.setitimer(signal.ITIMER_REAL, 0.05, 0.05)
while len(seen) < 5:
    signal.pause()
signal.setitimer(signal.ITIMER_REAL, 0)
print(len(seen) >= 5, signal.getitimer(signal.ITIMER_REAL))


class Interrupted(Exception):
    pass


def interrupt(*_):
    raise Interrupted


signal.signal(signal.SIGALRM, interrupt)
a, b = socket.socketpair()
for call in (lambda: a.recv(1), lambda: select.select([a], [], []), lambda: os.read(a.fileno(), 1),
             lambda: time.sleep(100), lambda: threading.Event().wait(100)):
    signal.setitimer(signal.ITIMER_REAL, 0.1)
    try:
        print(call())
    except Interrupted:
        print("interrupted")

signal.signal(signal.SIGUSR1, lambda *_: seen.append("usr1"))
seen.clear()
os.kill(os.getpid(), signal.SIGUSR1)
print(seen)
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
os.kill(os.getpid(), signal.SIGUSR1)
print(seen, signal.sigpending())
print(signal.sigtimedwait({signal.SIGUSR1}, 5).si_signo, signal.sigtimedwait({signal.SIGUSR2}, 0.05))
signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGUSR1})

read, write = os.pipe()
os.set_blocking(write, False)
signal.set_wakeup_fd(write)
threading.Timer(0.1, lambda: os.kill(os.getpid(), signal.SIGUSR1)).start()
print(os.read(read, 1) == bytes([signal.SIGUSR1]))
faulthandler.enable()
