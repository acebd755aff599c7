"""How fast it is beside what Python has, and beside its ancestor: each pair in turns, in one run.

    python benches/speed.py [--smoke]

Prints a table in Markdown: the medians of nine rounds, in nanoseconds for each operation; of the ratios within a round the
median, and the lowest and highest. Then how soon Ctrl-C ends a wait. --smoke only tries it. A C compiler is needed. Of
cs.result there are figures if it is installed.
"""

import asyncio
import concurrent.futures
import os
import queue
import signal
import statistics
import sys
import threading
import time

from asynchron import Asynchron, Report, report
from native import Bare, crowd

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


def ours_put(n):
    for _ in range(n):
        A = Asynchron()
        A.put(1)
        A()


def bare_put(n):
    for _ in range(n):
        B = Bare()
        B.put(1)
        B()


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


def completed_in_turn(make, report_of, deliver, collect, by_thread):
    """How long n of these take through a report that listens to all before they are delivered, here or by a thread."""

    def run(n):
        all_of_them = [make() for _ in range(n)]
        first, others = all_of_them[:1], all_of_them[1:]
        thread = threading.Thread(target=deliver, args=(others,))
        begun = time.perf_counter()
        done = report_of(all_of_them)
        deliver(first)
        collect([next(done)])
        if by_thread:
            thread.start()
        else:
            deliver(others)
        collect(done)
        took = time.perf_counter() - begun
        if by_thread:
            thread.join()
        return took

    return run


def ours_report(by_thread):
    def deliver(As):
        for A in As:
            A.put(1)

    def collect(As):
        for A in As:
            A()

    return completed_in_turn(Asynchron, report, deliver, collect, by_thread)


def futures_report(by_thread):
    def deliver(Fs):
        for F in Fs:
            F.set_result(1)

    def collect(Fs):
        for F in Fs:
            F.result()

    return completed_in_turn(concurrent.futures.Future, concurrent.futures.as_completed, deliver, collect, by_thread)


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


def from_c(make, deliver):
    """How long it takes to await n of these, which four threads of C complete, one after the other."""

    def run(n):
        async def main():
            all_of_them = [make() for _ in range(n)]
            begun = time.perf_counter()
            deliver(all_of_them)
            for it in all_of_them:
                await it
            took = time.perf_counter() - begun
            crowd.join()
            return took

        return asyncio.run(main())

    return run


def ours_from_c():
    return from_c(Asynchron, crowd.deliver)


def call_soon_from_c():
    def deliver(futures):
        crowd.call_soon(asyncio.get_running_loop(), tuple(future.set_result for future in futures))

    return from_c(lambda: asyncio.get_running_loop().create_future(), deliver)


# ---- Ctrl-C, and waiting itself ----


def interrupted(wait):
    """How many seconds after Ctrl-C a wait in the main thread ends."""
    sent = []

    def interrupt():
        time.sleep(0.05)
        sent.append(time.perf_counter())
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    try:
        thread.start()
        wait()
    except KeyboardInterrupt:
        took = time.perf_counter() - sent[0]
    thread.join()
    return took


def processor_time(wait, seconds):
    """What a wait of so many seconds uses, in seconds for each."""
    begun = time.process_time()
    wait(seconds)
    return (time.process_time() - begun) / seconds


def print_waits():
    signal.signal(signal.SIGINT, signal.default_int_handler)
    rounds = 1 if SMOKE else ROUNDS
    waits = {"A()": Asynchron(), "A.wait(60)": lambda A=Asynchron(): A.wait(60), "next(Report([A]))": Report([Asynchron()]).next}
    print("\n| | median | highest | goal |\n| --- | --- | --- | --- |")
    for what, wait in waits.items():
        took = [interrupted(wait) * 1e3 for _ in range(rounds)]
        print(f"| Ctrl-C ends {what} after | {statistics.median(took):.2f} ms | {max(took):.2f} ms | 5 ms |")
    seconds = 0.1 if SMOKE else 1
    used = [processor_time(Asynchron().wait, seconds) * 1e3 for _ in range(rounds)]
    print(f"| processor time in a second of A.wait() | {statistics.median(used):.2f} ms | {max(used):.2f} ms | none |")


# ---- the table ----


def time_of(work, n):
    begun = time.perf_counter()
    took = work(n)
    return (time.perf_counter() - begun if took is None else took) / n * 1e9


def compare(what, ours, other_name, theirs, n, goal, form=".1f"):
    n = max(1, n // 1000) if SMOKE else n
    rounds = 1 if SMOKE else ROUNDS
    try:
        theirs(1)
    except ImportError:
        return
    ours(1)
    pairs = [(time_of(ours, n), time_of(theirs, n)) for _ in range(rounds)]
    mine, others = (statistics.median(side) for side in zip(*pairs))
    ratios = sorted(other / own for own, other in pairs)
    ratio, lowest, highest = statistics.median(ratios), ratios[0], ratios[-1]
    print(f"| {what} | {mine:,.0f} | {other_name} | {others:,.0f} | {ratio:{form}} | {lowest:{form}} to {highest:{form}} | {goal} |")


def main():
    print("| | ns | beside | ns | times as fast | in the rounds | goal |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    lifecycle = "create, set, get"
    compare(lifecycle, ours_lifecycle, "concurrent.futures.Future", futures_lifecycle, 20_000, 20)
    compare(lifecycle, ours_lifecycle, "asyncio.Future", asyncio_lifecycle, 100_000, 1.8)
    compare(lifecycle, ours_lifecycle, "cs.result", seed_lifecycle, 2_000, 150)
    compare("create, put, get", ours_put, "a C type with nothing else", bare_put, 100_000, 0.77, ".2f")
    compare("get of a complete one", ours_get, "concurrent.futures.Future", futures_get, 200_000, 12)
    compare("create, a callback, set", ours_callback, "concurrent.futures.Future", futures_callback, 20_000, 6)
    in_report = "10,000 in a report"
    compare(f"{in_report}, completed here", ours_report(False), "as_completed", futures_report(False), 10_000, 25)
    compare(f"{in_report}, by a thread", ours_report(True), "as_completed", futures_report(True), 10_000, 25)
    compare("there and back between two threads", ours_hand_over, "queue.SimpleQueue", queue_hand_over, 3_000, 1.3)
    compare("there and back between two threads", ours_hand_over, "concurrent.futures", futures_hand_over, 3_000, 2.5)
    compare("awaited, from 4 threads", ours_awaited(False), "wrap_future", futures_awaited(False), 10_000, 15)
    compare("the same in a task each", ours_awaited(True), "wrap_future", futures_awaited(True), 10_000, 4)
    compare("awaited, from 4 threads of C", ours_from_c(), "call_soon_threadsafe", call_soon_from_c(), 10_000, 25)
    print_waits()


if __name__ == "__main__":
    main()
