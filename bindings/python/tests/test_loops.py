"""`await A` under attack: loops that close, several loops, cancels that race, crowds, signals, forks."""

import asyncio
import queue
import sys
import threading
import warnings
import weakref

import pytest
from asynchron import Asynchron, CancellationError, aio
from conftest import comes_true, later, many
from loops import descriptors, makers, run, turn


@makers
@pytest.mark.parametrize("kept", [False, True], ids=["loop dropped", "loop kept"])
def test_a_loop_that_closes_with_waits_pending_leaves_nothing(make, kept):
    class Mine(Asynchron):
        pass

    run(make, turn())  # the first loop has descriptors made that the process keeps
    before = descriptors()
    loop, A, shared = make(), Mine(), Mine()

    async def main():
        tasks = [asyncio.ensure_future(wait(it)) for it in (A, A, shared)]
        await turn()
        gone.extend(map(weakref.ref, [*tasks, aio._report_of(loop)]))

    async def wait(it):
        await it

    gone = [weakref.ref(A)]
    loop.set_exception_handler(lambda *_: None)  # it says of tasks that they are lost
    loop.run_until_complete(main())
    loop.close()
    del A
    if not kept:
        gone.append(weakref.ref(loop))
        del loop
    assert descriptors() == before
    assert [ref() for ref in gone] == [None] * len(gone)
    shared.put(1)
    assert sys.getrefcount(shared) == 2


def test_a_loop_that_was_only_dropped_leaves_nothing():
    before = descriptors()

    async def main():
        asyncio.ensure_future(Asynchron())
        await turn()

    loop = asyncio.new_event_loop()  # uvloop keeps what was not closed, also without us
    loop.set_exception_handler(lambda *_: None)
    loop.run_until_complete(main())
    report = weakref.ref(aio._report_of(loop))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        del loop
        assert comes_true(lambda: descriptors() == before)
    assert report() is None


@makers
def test_several_loops_in_several_threads_each_get_all(make):
    n, got = many(300, 10_000), []
    As = [Asynchron() for _ in range(n)]
    waiting = threading.Barrier(4)

    async def main():
        tasks = [asyncio.ensure_future(A) for A in As]
        await turn()
        waiting.wait()
        got.append(await asyncio.gather(*tasks))

    threads = [threading.Thread(target=run, args=(make, main()), daemon=True) for _ in range(3)]
    for thread in threads:
        thread.start()
    waiting.wait()
    for i, A in enumerate(As):
        A.put(i)
    for thread in threads:
        thread.join()
    assert got == [list(range(n))] * 3


@makers
def test_two_loops_take_turns_in_one_thread(make):
    loops = [make(), make()]
    for i in range(20):
        A = Asynchron()
        later(A.put, i, after=0.001)

        async def main(A=A):
            return await A

        assert loops[i % 2].run_until_complete(main()) == i
    for loop in loops:
        loop.close()


@makers
def test_a_run_inside_of_a_thread_of_another_run(make):
    async def inner():
        A = Asynchron()
        later(A.put, 1, after=0.001)
        return await A

    async def outer():
        B = Asynchron()
        later(B.put, 2, after=0.001)
        one = await asyncio.to_thread(run, make, inner())
        return one, await B

    assert run(make, outer()) == (1, 2)


@makers
def test_cancel_against_completion_gives_the_one_or_the_other_and_leaves_nothing(make):
    rounds = many(2000, 10_000)
    orders, seen = queue.SimpleQueue(), set()

    def deliver():
        while (A := orders.get()) is not None:
            A.put(1)

    async def main():
        for i in range(rounds):
            A = Asynchron()
            task = asyncio.ensure_future(A)
            await turn()
            orders.put(A)
            for _ in range(i % 4):
                await turn()
            task.cancel()
            try:
                assert await task == 1
                seen.add("value")
            except asyncio.CancelledError:
                seen.add("cancel")
            if i % 100 == 0:
                # Another that waits in the same loop is not touched by that.
                B = Asynchron()
                other = asyncio.ensure_future(B)
                await turn()
                B.put(i)
                assert await other == i
        assert len(aio._report_of(asyncio.get_running_loop())) == 0

    thread = threading.Thread(target=deliver, daemon=True)
    thread.start()
    run(make, main())
    orders.put(None)
    thread.join()
    assert "cancel" in seen


@makers
def test_a_crowd_is_awaited_and_withdrawn_in_any_order(make):
    n = many(10_000, 100_000)

    async def main():
        As = [Asynchron() for _ in range(n)]
        tasks = [asyncio.ensure_future(A) for A in As]
        await turn()
        report = aio._report_of(asyncio.get_running_loop())
        assert len(report) == n
        for task in reversed(tasks[n // 2:]):
            task.cancel()
        await turn()
        assert len(report) == n // 2
        threading.Thread(target=lambda: [A.put(i) for i, A in enumerate(As)], daemon=True).start()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        assert outcomes[: n // 2] == list(range(n // 2))
        assert all(isinstance(outcome, asyncio.CancelledError) for outcome in outcomes[n // 2:])

    run(make, main())


@makers
def test_what_asyncio_has_for_several_takes_asynchrons(make):
    async def main():
        A, B, C = (Asynchron() for _ in range(3))
        later(A.put, 1, after=0.001)
        later(B.fail, KeyError("b"), after=0.002)
        later(C.cancel, after=0.003)
        one, two, three = await asyncio.gather(A, B, C, return_exceptions=True)
        assert one == 1 and isinstance(two, KeyError) and isinstance(three, CancellationError)

        late, soon = Asynchron(), Asynchron()
        later(soon.put, 2, after=0.001)
        tasks = [asyncio.ensure_future(late), asyncio.ensure_future(soon)]
        done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        assert done == {tasks[1]} and pending == {tasks[0]}
        late.put(1)
        assert [await each for each in asyncio.as_completed([late])] == [1]

        never = Asynchron()
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(never, 0.005)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.005):
                await never
        assert not never.ready and len(aio._report_of(asyncio.get_running_loop())) == 0
        # A shield goes on waiting.
        shielded = asyncio.shield(never)
        shielded.cancel()
        never.put(5)
        assert await never == 5

    run(make, main())


@makers
def test_a_turn_of_the_loop_tells_one_batch_however_many_there_are(make):
    n, batch = 2560, 256

    async def main():
        done, most = 0, 0

        async def one(A):
            nonlocal done
            await A
            done += 1

        As = [Asynchron() for _ in range(n)]
        tasks = [asyncio.ensure_future(one(A)) for A in As]
        await turn()
        producers = [threading.Thread(target=lambda part=part: [A.put(1) for A in part], daemon=True) for part in (As[::2], As[1::2])]
        for producer in producers:
            producer.start()
        for producer in producers:
            producer.join()
        while done < n:
            before = done
            await turn()
            most = max(most, done - before)
        await asyncio.gather(*tasks)
        assert 0 < most <= batch

    run(make, main())


@makers
def test_others_have_their_turns_while_two_producers_deliver_without_end(make):
    async def main():
        stop, requests = threading.Event(), [queue.SimpleQueue() for _ in range(2)]

        def produce(requests):
            while (A := requests.get()) is not None:
                A.put(1)

        async def consume(requests):
            nonlocal consumed
            while not stop.is_set():
                A = Asynchron()
                requests.put(A)
                await A
                consumed += 1

        consumed = ticks = 0
        threads = [threading.Thread(target=produce, args=(each,), daemon=True) for each in requests]
        for thread in threads:
            thread.start()
        tasks = [asyncio.ensure_future(consume(each)) for each in requests for _ in range(20)]
        while consumed < many(1000, 50_000):
            await asyncio.sleep(0.0001)
            ticks += 1
        stop.set()
        await asyncio.gather(*tasks)
        for each, thread in zip(requests, threads):
            each.put(None)
            thread.join()
        assert ticks > 2

    run(make, main())


@pytest.mark.skipif(sys.version_info < (3, 12), reason="eager tasks came with 3.12")
@makers
def test_eager_tasks_wait_and_are_cancelled(make):
    async def one(A):
        return await A

    async def main():
        A, B, C = Asynchron(), Asynchron(), Asynchron(result=3)
        loop = asyncio.get_running_loop()
        first, second, third = (asyncio.Task(one(each), loop=loop, eager_start=True) for each in (A, B, C))
        report = aio._report_of(loop)
        assert third.done() and len(report) == 2
        second.cancel()
        later(A.put, 1, after=0.001)
        assert await first == 1
        with pytest.raises(asyncio.CancelledError):
            await second
        assert len(report) == 0 and not B.ready

    run(make, main())
