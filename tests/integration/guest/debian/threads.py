# SPDX-License-Identifier: MIT
"""Threads: locks, conditions, queues, events with time-outs, pools, thread-local data, clocks."""
import concurrent.futures
import queue
import threading
import time

counter, lock = 0, threading.Lock()


def add(times):
    global counter
    for _ in range(times):
        with lock:
            counter += 1


threads = [threading.Thread(target=add, args=(2000,)) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(counter)

jobs, results = queue.Queue(4), queue.Queue()


def work():
    while (job := jobs.get()) is not None:
        results.put(job * job)


threads = [threading.Thread(target=work) for _ in range(3)]
for thread in threads:
    thread.start()
for job in range(200):
    jobs.put(job)
for _ in threads:
    jobs.put(None)
for thread in threads:
    thread.join()
print(sum(results.get() for _ in range(200)))

ready, turn, order = threading.Condition(), 0, []


def in_turn(mine):
    global turn
    for _ in range(10):
        with ready:
            ready.wait_for(lambda: turn % 3 == mine)
            order.append(mine)
            turn += 1
            ready.notify_all()


threads = [threading.Thread(target=in_turn, args=(n,)) for n in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(order)

start = time.monotonic()
print(threading.Event().wait(0.05), lock.acquire(timeout=0.01), lock.acquire(timeout=0.05))
print(0.1 <= time.monotonic() - start < 30)
barrier = threading.Barrier(4)
with concurrent.futures.ThreadPoolExecutor(4) as pool:
    print(sorted(pool.map(lambda _: barrier.wait(), range(4))), list(pool.map(pow, range(10), [3] * 10)))

wall, mono = time.time(), time.monotonic()
time.sleep(0.1)
print(0.1 <= time.monotonic() - mono < 30, 0.099 <= time.time() - wall < 30, time.perf_counter() > 0)
print(time.thread_time() <= time.process_time() + 1, 1.6e9 < time.time() < 1e10)
