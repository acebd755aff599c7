"""How fast it is beside what Python has, and beside its ancestor: each pair in turns, in one run.

    python benches/speed.py [--smoke]

Prints a table in Markdown: the medians of nine rounds, in nanoseconds for each operation, and the median of the ratios
within a round. --smoke only tries it. Of cs.result there are figures if it is installed.
"""

import asyncio
import concurrent.futures
import queue
import statistics
import sys
import threading
import time

from asynchron import Asynchron, Report, report

ROUNDS = 9
SMOKE = "--smoke" in sys.argv

# ---- one ----


def ours_lifecycle(n):
    for _ in range(n):
        A = Asynchron()
        A.result = 1
        A()


def futures_lifecycle(n):
    for _ in range(n):
        F = concurrent.futures.Future()
        F.set_result(1)
        F.result()


def asyncio_lifecycle(n, loop=asyncio.new_event_loop()):
    for _ in range(n):
        F = asyncio.Future(loop=loop)
        F.set_result(1)
        F.result()


def seed_lifecycle(n):
    from cs.result import Result

    for _ in range(n):
        R = Result()
        R.result = 1
        R()


COMPLETE = Asynchron(result=1)
FUTURE = concurrent.futures.Future()
FUTURE.set_result(1)


def ours_get(n):
    A = COMPLETE
    for _ in range(n):
        A()


def futures_get(n):
    F = FUTURE
    for _ in range(n):
        F.result()


def nothing(_):
    pass


def ours_callback(n):
    for _ in range(n):
        A = Asynchron()
        A.notify(nothing)
        A.put(1)


def futures_callback(n):
    for _ in range(n):
        F = concurrent.futures.Future()
        F.add_done_callback(nothing)
        F.set_result(1)


# ---- many ----


def ours_report(n):
    As = [Asynchron() for _ in range(n)]
    begun = time.perf_counter()
    all_of_them = report(As)
    for A in As:
        A.put(1)
    for A in all_of_them:
        A()
    return time.perf_counter() - begun


def futures_report(n):
    Fs = [concurrent.futures.Future() for _ in range(n)]
    begun = time.perf_counter()
    all_of_them = concurrent.futures.as_completed(Fs)
    thread = threading.Thread(target=lambda: [F.set_result(1) for F in Fs])
    thread.start()
    for F in all_of_them:
        F.result()
    thread.join()
    return time.perf_counter() - begun


def ours_report_from_a_thread(n):
    As = [Asynchron() for _ in range(n)]
    begun = time.perf_counter()
    all_of_them = report(As)
    thread = threading.Thread(target=lambda: [A.put(1) for A in As])
    thread.start()
    for A in all_of_them:
        A()
    thread.join()
    return time.perf_counter() - begun


# ---- two threads ----


def ours_hand_over(n):
    pings, pongs = [Asynchron() for _ in range(n)], [Asynchron() for _ in range(n)]

    def peer():
        for ping, pong in zip(pings, pongs):
            pong.put(ping())

    begun = time.perf_counter()
    thread = threading.Thread(target=peer)
    thread.start()
    for ping, pong in zip(pings, pongs):
        ping.put(1)
        pong()
    thread.join()
    return time.perf_counter() - begun


def queue_hand_over(n):
    pings, pongs = queue.SimpleQueue(), queue.SimpleQueue()

    def peer():
        for _ in range(n):
            pongs.put(pings.get())

    begun = time.perf_counter()
    thread = threading.Thread(target=peer)
    thread.start()
    for _ in range(n):
        pings.put(1)
        pongs.get()
    thread.join()
    return time.perf_counter() - begun


def futures_hand_over(n):
    pings = [concurrent.futures.Future() for _ in range(n)]
    pongs = [concurrent.futures.Future() for _ in range(n)]

    def peer():
        for ping, pong in zip(pings, pongs):
            pong.set_result(ping.result())

    begun = time.perf_counter()
    thread = threading.Thread(target=peer)
    thread.start()
    for ping, pong in zip(pings, pongs):
        ping.set_result(1)
        pong.result()
    thread.join()
    return time.perf_counter() - begun


# ---- asyncio ----


def from_threads(make, wait, deliver, tasks):
    """How long it takes to await n of these, which four threads complete; in a task each, or one after the other."""

    def run(n):
        async def main():
            all_of_them = [make() for _ in range(n)]

            async def one(it):
                return await wait(it)

            begun = time.perf_counter()
            if tasks:
                waits = [asyncio.create_task(one(it)) for it in all_of_them]
                await asyncio.sleep(0)
            else:
                waits = [wait(it) for it in all_of_them]
            parts = [all_of_them[i::4] for i in range(4)]
            threads = [threading.Thread(target=lambda part=part: [deliver(it) for it in part]) for part in parts]
            for thread in threads:
                thread.start()
            for it in waits:
                await it
            took = time.perf_counter() - begun
            for thread in threads:
                thread.join()
            return took

        return asyncio.run(main())

    return run


def ours_awaited(tasks):
    return from_threads(Asynchron, lambda A: A, lambda A: A.put(1), tasks)


def futures_awaited(tasks):
    return from_threads(concurrent.futures.Future, asyncio.wrap_future, lambda F: F.set_result(1), tasks)


# ---- the table ----


def time_of(work, n):
    begun = time.perf_counter()
    took = work(n)
    return (time.perf_counter() - begun if took is None else took) / n * 1e9


def compare(what, ours, other, theirs, n, goal):
    n = max(1, n // 1000) if SMOKE else n
    rounds = 1 if SMOKE else ROUNDS
    try:
        theirs(1)
    except ImportError:
        return
    ours(1)
    pairs = [(time_of(ours, n), time_of(theirs, n)) for _ in range(rounds)]
    mine, others = (statistics.median(side) for side in zip(*pairs))
    ratio = statistics.median(b / a for a, b in pairs)
    print(f"| {what} | {mine:,.0f} | {other} | {others:,.0f} | {ratio:.1f} | {goal} |")


def main():
    print("| | ns | beside | ns | times as fast | goal |")
    print("| --- | --- | --- | --- | --- | --- |")
    lifecycle = "create, set, get"
    compare(lifecycle, ours_lifecycle, "concurrent.futures.Future", futures_lifecycle, 20_000, 20)
    compare(lifecycle, ours_lifecycle, "asyncio.Future", asyncio_lifecycle, 100_000, 1.8)
    compare(lifecycle, ours_lifecycle, "cs.result", seed_lifecycle, 2_000, 150)
    compare("get of a complete one", ours_get, "concurrent.futures.Future", futures_get, 200_000, 12)
    compare("create, a callback, set", ours_callback, "concurrent.futures.Future", futures_callback, 20_000, 6)
    compare("10,000 in a report, completed here", ours_report, "as_completed", futures_report, 10_000, 25)
    compare("the same, completed by a thread", ours_report_from_a_thread, "as_completed", futures_report, 10_000, 25)
    compare("there and back between two threads", ours_hand_over, "queue.SimpleQueue", queue_hand_over, 3_000, 1.3)
    compare("there and back between two threads", ours_hand_over, "concurrent.futures", futures_hand_over, 3_000, 2.5)
    compare("awaited, from 4 threads", ours_awaited(False), "wrap_future", futures_awaited(False), 10_000, 15)
    compare("the same in a task each", ours_awaited(True), "wrap_future", futures_awaited(True), 10_000, 4)


if __name__ == "__main__":
    main()
