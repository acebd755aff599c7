"""Futures waited for together: by wait() and as_completed() beside the standard ones, in asyncio, and in reports."""

import asyncio
import concurrent.futures
import random
import threading

import pytest
from asynchron import Asynchron, Future, Report, ThreadPoolExecutor
from concurrent.futures import ALL_COMPLETED, FIRST_COMPLETED, FIRST_EXCEPTION, as_completed, wait
from conftest import later, many


def test_wait_and_as_completed_take_them_beside_others():
    ours, theirs, late = Future(), concurrent.futures.Future(), Future()
    ours.set_result(1)
    done, left = wait([ours, theirs, late], timeout=0.01)
    assert done == {ours} and left == {theirs, late}
    later(lambda: (theirs.set_result(1), late.set_exception(KeyError())))
    assert list(as_completed([ours, theirs, late], timeout=30)) == [ours, theirs, late]
    assert wait([ours, late], return_when=FIRST_EXCEPTION).done == {ours, late}
    first = Future()
    later(first.set_result, 1)
    assert wait([first, Future()], return_when=FIRST_COMPLETED, timeout=30).done == {first}


def test_what_is_given_twice_comes_once():
    F = Future()
    later(F.set_result, 1)
    assert list(as_completed([F, F, F], timeout=30)) == [F]
    assert wait([F, F]) == ({F}, set())


def test_a_time_limit_says_how_many_are_left_and_leaves_nothing_behind():
    F, G = Future(result=1), Future()
    with pytest.raises(TimeoutError, match=r"1 \(of 2\) futures unfinished"):
        list(as_completed([F, G], timeout=0.01))
    wait([F, G], timeout=0.01)
    assert G._listeners.waiters == []


def test_a_cancelled_one_counts_when_its_executor_has_noticed():
    F, told = Future(), threading.Event()
    waiter = threading.Thread(target=lambda: (wait([F]), told.set()))
    waiter.start()
    assert F.cancel() and not told.wait(0.05) and wait([F], timeout=0).done == set()
    assert not F.set_running_or_notify_cancel() and told.wait(30)
    waiter.join()
    with pytest.raises(RuntimeError, match="unexpected state"):
        F.set_running_or_notify_cancel()


@pytest.mark.parametrize("who", ["whoever waits", "its owner"])
def test_one_of_c_is_complete_as_soon_as_it_is_cancelled(who):
    A = Asynchron()
    F = Future.from_handle(A.handle)
    later(F.cancel if who == "whoever waits" else A.cancel)
    assert wait([F], timeout=30).done == {F} and list(as_completed([F])) == [F] and F.cancelled() and A.is_cancelled


def test_its_owner_may_cancel_one_that_somebody_failed_to_cancel():
    F = Future()
    F.set_running_or_notify_cancel()
    assert not F.cancel()
    later(Asynchron.cancel, F)
    assert wait([F], timeout=30).done == {F}


class Meddler(concurrent.futures.Future):
    """Has its neighbours delivered while wait() looks at their states: between the first look and the second."""

    looks, neighbours = 0, ()

    @property
    def _state(self):
        self.looks += 1
        if self.looks == 2:
            for F in self.neighbours:
                F.set_result(1)
        return "FINISHED"

    @_state.setter
    def _state(self, state):
        pass


@pytest.mark.parametrize("how", [ALL_COMPLETED, FIRST_EXCEPTION])
def test_what_is_delivered_between_two_looks_is_not_lost(how):
    meddler, Fs = Meddler(), [Future() for _ in range(50)]
    meddler.neighbours = Fs
    assert wait([meddler, *Fs], timeout=20, return_when=how) == ({meddler, *Fs}, set())
    assert meddler.looks >= 2


def test_those_who_wait_learn_of_it_before_callbacks_run():
    for wait_for_it in (lambda F: wait([F]), lambda F: list(as_completed([F]))):
        F, through = Future(), threading.Event()
        # Told after this callback, they would keep it from ending.
        F.add_done_callback(lambda f: through.wait(20))
        thread = threading.Thread(target=lambda: (wait_for_it(F), through.set()))
        thread.start()
        while not F._listeners.waiters:
            pass
        F.set_result(1)
        assert through.is_set()
        thread.join()


def mixed(n, choice):
    return [choice.choice((Future, concurrent.futures.Future))() for _ in range(n)]


def complete(f, choice):
    if choice.random() < 0.1:
        f.set_exception(KeyError())
    elif choice.random() < 0.1:
        f.cancel()
        f.set_running_or_notify_cancel()
    else:
        f.set_result(1)


def test_all_three_waits_while_threads_deliver_to_ours_and_theirs():
    for seed in range(many(150, 10_000)):
        choice = random.Random(seed)
        fs, barrier = mixed(12, choice), threading.Barrier(4)

        def deliver(part, choice):
            barrier.wait()
            for f in part:
                complete(f, choice)

        threads = [threading.Thread(target=deliver, args=(fs[i::3], random.Random(seed + i))) for i in range(3)]
        for thread in threads:
            thread.start()
        barrier.wait()
        done, left = wait(fs, 30, FIRST_COMPLETED)
        assert done and all(f.done() for f in done), seed
        done, left = wait(fs, 30, FIRST_EXCEPTION)
        assert not left or any(not f.cancelled() and f.exception() for f in done), seed
        came = list(as_completed(fs, 30))
        assert len(came) == 12 and set(came) == set(fs), seed
        assert wait(fs, 30) == (set(fs), set()), seed
        for thread in threads:
            thread.join()


def test_many_who_wait_for_the_same_all_learn_of_it():
    for _ in range(many(30, 1000)):
        fs, answers = [Future() for _ in range(20)], []
        threads = [threading.Thread(target=lambda i=i: answers.append(
            len(wait(fs).done) if i % 2 else len(list(as_completed(fs))))) for i in range(4)]
        for thread in threads:
            thread.start()
        for f in fs:
            f.set_result(1)
        for thread in threads:
            thread.join()
        assert answers == [20] * 4


def test_threads_of_c_complete_futures(pool):
    import pool as extension

    n = many(2000, 100_000)
    fs, called = [Future.from_handle(A.capsule()) for A in extension.squares(n)], []
    for f in fs:
        f.add_done_callback(called.append)
    assert len(list(as_completed(fs, 60))) == n and wait(fs).done == set(fs)
    assert int.from_bytes(fs[3].result(), "little") == 9

    async def main():
        return [await asyncio.wrap_future(Future.from_handle(A.capsule())) for A in extension.squares(100)]

    assert len(asyncio.run(main())) == 100
    F = Future()
    later(extension.complete, F, "by C")
    assert wait([F], 30).done == {F} and F.result() == "by C"
    Report(fs).close()


# ---- asyncio, reports ----


def test_asyncio_wraps_and_awaits_them():
    async def main():
        F, G, H, cancelled = Future(), Future(), Future(), Future()
        later(F.set_result, 1)
        later(G.set_result, 2)
        later(H.set_exception, KeyError("k"))
        later(cancelled.cancel)
        with pytest.raises(KeyError):
            await asyncio.wrap_future(H)
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wrap_future(cancelled)
        return await asyncio.wrap_future(F), await G, await asyncio.gather(F, asyncio.wrap_future(G))

    assert asyncio.run(main()) == (1, 2, [1, 2])


def test_cancelling_the_wrapper_cancels_the_future_and_cancelling_the_wait_does_not():
    async def main():
        F, G = Future(), Future()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.wrap_future(F), 0.01)
        task = asyncio.ensure_future(G)
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return F.cancelled(), G.cancelled()

    assert asyncio.run(main()) == (True, False)


def test_a_loop_runs_functions_in_our_pool():
    async def main():
        loop = asyncio.get_running_loop()
        with ThreadPoolExecutor(2) as pool:
            assert await loop.run_in_executor(pool, pow, 2, 3) == 8
            with pytest.raises(ZeroDivisionError):
                await loop.run_in_executor(pool, divmod, 1, 0)
            assert await pool.submit(pow, 2, 4) == 16
        loop.set_default_executor(ThreadPoolExecutor(2, thread_name_prefix="ours"))
        return await asyncio.to_thread(lambda: threading.current_thread().name)

    assert asyncio.run(main()).startswith("ours")


def test_a_coroutine_threadsafe_and_a_future_of_ours_wait_for_each_other():
    F = Future()

    async def answer():
        return await F + 1

    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    theirs = asyncio.run_coroutine_threadsafe(answer(), loop)
    later(F.set_result, 2)
    assert wait([F, theirs], 30).done == {F, theirs} and theirs.result() == 3
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def test_a_report_of_futures_yields_them_as_they_complete():
    Fs = [Future() for _ in range(3)]
    later(lambda: [F.set_result(1) for F in reversed(Fs)])
    assert list(Report(Fs)) == Fs[::-1]
