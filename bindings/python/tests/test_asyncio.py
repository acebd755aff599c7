"""`await A` in asyncio, uvloop and trio."""

import asyncio
import gc
import os
import subprocess
import sys
import threading

import pytest
from asynchron import Asynchron, CancellationError, Report
from conftest import later, many, run_python

LOOPS = {"asyncio": asyncio.run}
try:
    import uvloop

    LOOPS["uvloop"] = uvloop.run
except ImportError:
    pass
runs = pytest.mark.parametrize("run", LOOPS.values(), ids=LOOPS)


@runs
def test_a_value_a_failure_and_a_cancel_arrive(run):
    async def main():
        A, B, C = Asynchron(), Asynchron(), Asynchron()
        later(A.put, 5)
        assert await A == 5 and await A == 5
        later(B.fail, KeyError("k"))
        with pytest.raises(KeyError):
            await B
        later(C.cancel, "why")
        with pytest.raises(CancellationError, match="why"):
            await C

    run(main())


@runs
def test_a_task_that_is_cancelled_takes_its_wait_back(run):
    async def main():
        from asynchron import aio

        A = Asynchron()
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(A, 0.02)
        other = asyncio.ensure_future(A)
        mine = asyncio.ensure_future(A)
        await asyncio.sleep(0)
        mine.cancel()
        with pytest.raises(asyncio.CancelledError):
            await mine
        report = aio._report_of(asyncio.get_running_loop())
        assert len(report) == 1 and not A.ready
        A.put(1)
        assert await other == 1 and len(report) == 0

    run(main())


@runs
def test_many_from_four_threads_all_arrive(run):
    n = many(4000, 100_000)

    async def main():
        As = [Asynchron() for _ in range(n)]

        def deliver(part):
            for A in part:
                A.put(id(A))

        tasks = [asyncio.ensure_future(A) for A in As]
        await asyncio.sleep(0)
        threads = [threading.Thread(target=deliver, args=(As[i::4],)) for i in range(4)]
        for thread in threads:
            thread.start()
        assert await asyncio.gather(*tasks) == [id(A) for A in As]

    run(main())


@runs
def test_the_loop_turns_while_deliveries_come(run):
    async def main():
        stop, turns = threading.Event(), 0

        def flood():
            while not stop.is_set():
                waited.put(1) if not waited.ready else stop.wait(0.0001)

        async def turn():
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        waited = Asynchron()
        thread = threading.Thread(target=flood)
        thread.start()
        other = asyncio.ensure_future(turn())
        for _ in range(50):
            assert await waited == 1
            waited = Asynchron()
        stop.set()
        thread.join()
        other.cancel()
        assert turns >= 50, "each delivery is awaited in a turn of its own"

    run(main())


@runs
def test_a_loop_that_closes_leaves_nothing(run):
    def descriptors():
        gc.collect()
        return len(os.listdir("/proc/self/fd"))

    async def main():
        A = Asynchron()
        later(A.put, 1, after=0.01)
        assert await A == 1
        asyncio.ensure_future(Asynchron())
        await asyncio.sleep(0)

    run(main())
    before = descriptors()
    for _ in range(5):
        run(main())
    assert descriptors() == before


def test_two_loops_in_two_threads_wait_for_the_same():
    A, got = Asynchron(), []

    async def main():
        got.append(await A)

    threads = [threading.Thread(target=asyncio.run, args=(main(),)) for _ in range(2)]
    for thread in threads:
        thread.start()
    later(A.put, 7)
    for thread in threads:
        thread.join()
    assert got == [7, 7]


@pytest.mark.parametrize("imported", ["asyncio", "trio"])
def test_outside_of_a_loop_await_says_what_is_needed(imported):
    pytest.importorskip(imported)

    async def main():
        await Asynchron()

    coroutine = main()
    with pytest.raises(RuntimeError, match="asyncio or trio"):
        coroutine.send(None)


def test_importing_asynchron_does_not_import_asyncio():
    assert run_python("import sys, asynchron; print('asyncio' in sys.modules)").stdout == "False\n"


def test_trio_waits_and_takes_back():
    trio = pytest.importorskip("trio")

    async def main():
        A, B = Asynchron(), Asynchron()
        later(A.put, 5)
        assert await A == 5
        with trio.move_on_after(0.02) as scope:
            await B
        assert scope.cancelled_caught
        later(B.fail, KeyError())
        with pytest.raises(KeyError):
            await B
        As = [Asynchron() for _ in range(1000)]
        got = []

        async def one(A):
            got.append(await A)

        async with trio.open_nursery() as nursery:
            for A in As:
                nursery.start_soon(one, A)
            await trio.lowlevel.checkpoint()
            threading.Thread(target=lambda: [A.put(i) for i, A in enumerate(As)]).start()
        assert sorted(got) == list(range(1000))

    trio.run(main)
    trio.run(main)


def test_a_forked_child_awaits_in_a_loop_of_its_own():
    program = """
import asyncio, os, threading
from asynchron import Asynchron
async def main():
    A = Asynchron()
    threading.Timer(0.02, A.put, [1]).start()
    return await A
assert asyncio.run(main()) == 1
child = os.fork()
if child == 0:
    os._exit(0 if asyncio.run(main()) == 1 else 1)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), asyncio.run(main()))
"""
    done = run_python(program)
    assert done.stdout == "0 1\n", done.stderr


def test_a_task_iterates_over_a_report_while_threads_deliver():
    As = [Asynchron() for _ in range(many(1000, 20_000))]

    async def main():
        beats, seen = 0, []

        async def beat():
            nonlocal beats
            while len(seen) < len(As):
                beats += 1
                await asyncio.sleep(0)

        beating = asyncio.ensure_future(beat())
        thread = threading.Thread(target=lambda: [A.put(i) for i, A in enumerate(As)])
        thread.start()
        R = Report(As)
        async for A in R:
            seen.append(A())
        await beating
        thread.join()
        return beats, seen

    beats, seen = asyncio.run(main())
    assert sorted(seen) == list(range(len(As))) and beats > 1


def test_the_second_task_that_waits_for_one_report_is_refused():
    async def main():
        R, A = Report(), Asynchron()
        R.add(A)
        first = asyncio.ensure_future(anext(aiter(R)))
        await asyncio.sleep(0)
        with pytest.raises(RuntimeError, match="another task"):
            await anext(aiter(R))
        A.put(1)
        assert await first is A
        async for _ in R:
            raise AssertionError("nothing is left")

    asyncio.run(main())


def test_trio_iterates_over_a_report():
    trio = pytest.importorskip("trio")

    async def main():
        As = [Asynchron() for _ in range(300)]
        for i, A in enumerate(As):
            later(A.put, i, after=i / 10_000)
        return {A() async for A in Report(As)}

    assert trio.run(main) == set(range(300))
