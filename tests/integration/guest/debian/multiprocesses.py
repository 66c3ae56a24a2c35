# SPDX-License-Identifier: MIT
"""multiprocessing by fork: a pool, a queue, a lock and a value in shared memory."""
import multiprocessing


def square(n):
    return n * n


def count(value, times):
    for _ in range(times):
        with value.get_lock():
            value.value += 1


def answer(queue, answers):
    while (job := queue.get()) is not None:
        answers.put((job, job.upper()))


def main():
    context = multiprocessing.get_context("fork")
    with context.Pool(3) as pool:
        print(pool.map(square, range(20)))
    value = context.Value("i", 0)
    children = [context.Process(target=count, args=(value, 200)) for _ in range(3)]
    for child in children:
        child.start()
    for child in children:
        child.join()
    print(value.value, [child.exitcode for child in children])
    queue, answers = context.Queue(), context.Queue()
    child = context.Process(target=answer, args=(queue, answers))
    child.start()
    for word in ("one", "two", "three", None):
        queue.put(word)
    print([answers.get() for _ in range(3)])
    child.join()


main()
