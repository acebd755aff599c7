"""ThreadPoolExecutor: the standard one, with futures of ours."""

import asyncio
import concurrent.futures
import contextvars
import copy
import pickle
import sys
import threading
import time

import pytest
from asynchron import Asynchron, Future, Report, ThreadPoolExecutor
from concurrent.futures import BrokenExecutor, CancelledError, as_completed, wait
from conftest import comes_true, many


def test_a_pool_returns_futures_that_are_asynchrons():
    with ThreadPoolExecutor(3, thread_name_prefix="ours") as pool:
        assert isinstance(pool, concurrent.futures.ThreadPoolExecutor)
        fs = [pool.submit(pow, i, 2) for i in range(20)]
        assert all(isinstance(f, Future) for f in fs) and fs[0].name == "pow"
        assert {f() for f in Report(fs)} == {i * i for i in range(20)}
        assert list(pool.map(abs, [-1, -2])) == [1, 2]
        with pytest.raises(ZeroDivisionError):
            pool.submit(lambda: 1 / 0).result()
        with pytest.raises(TypeError):
            pool.submit("not callable").result()
        assert pool.submit(lambda: threading.current_thread().name).result().startswith("ours")
    with pytest.raises(RuntimeError, match="after shutdown"):
        pool.submit(int)


def test_every_task_runs_once_whoever_submits_and_however_many_there_are():
    counts = [0] * many(4000, 200_000)

    def count(i):
        counts[i] += 1

    def submit(part):
        return [pool.submit(count, i) for i in part]

    with ThreadPoolExecutor(4) as pool, concurrent.futures.ThreadPoolExecutor(4) as others:
        fs = [f for part in others.map(submit, [range(i, len(counts), 4) for i in range(4)]) for f in part]
        assert wait(fs, 60).done == set(fs)
    assert counts == [1] * len(counts)


@pytest.mark.skipif(not getattr(sys, "_is_gil_enabled", lambda: True)(), reason="those who are woken wait for no lock")
def test_a_thread_is_idle_when_those_who_waited_for_its_task_go_on():
    interval = sys.getswitchinterval()
    sys.setswitchinterval(100)
    try:
        with ThreadPoolExecutor(4) as pool:
            for _ in range(many(300, 10_000)):
                pool.submit(int).result()
                pool.submit(divmod, 1, 0).exception()
            assert len(pool._threads) == 1
    finally:
        sys.setswitchinterval(interval)


def test_all_threads_are_used_and_no_more():
    with ThreadPoolExecutor(3) as pool:
        barrier = threading.Barrier(3)
        for _ in range(many(20, 500)):
            for f in [pool.submit(barrier.wait, 30) for _ in range(6)]:
                f.result()
        assert len(pool._threads) == 3


def test_a_callback_that_waits_for_another_task_gets_a_thread_for_it():
    with ThreadPoolExecutor(2) as pool:
        for _ in range(many(50, 1000)):
            go_on, got = threading.Event(), []
            f = pool.submit(go_on.wait, 30)
            f.add_done_callback(lambda f: got.append(pool.submit(int, "7").result(20)))
            go_on.set()
            assert comes_true(lambda: got == [7])


def test_leaving_the_with_waits_for_all_also_by_an_exception():
    done = []
    with pytest.raises(KeyError):
        with ThreadPoolExecutor(2) as pool:
            fs = [pool.submit(lambda: (time.sleep(0.01), done.append(1))) for _ in range(6)]
            raise KeyError
    assert len(done) == 6 and all(f.done() for f in fs)


# ---- cancelled, shut down, broken ----


def test_a_cancelled_task_is_skipped_and_those_who_wait_for_it_learn_of_it():
    go_on, ran = threading.Event(), []
    with ThreadPoolExecutor(1) as pool:
        pool.submit(go_on.wait, 30)
        cancelled, last = pool.submit(ran.append, 1), pool.submit(ran.append, 2)
        assert cancelled.cancel()
        go_on.set()
        assert wait([cancelled, last], timeout=30).not_done == set() and ran == [2]


def test_what_is_cancelled_does_not_run_and_what_is_shut_down_is_cancelled():
    go_on, ran = threading.Event(), []
    pool = ThreadPoolExecutor(1)
    first = pool.submit(go_on.wait, 30)
    cancelled, left = pool.submit(ran.append, 1), pool.submit(ran.append, 2)
    assert cancelled.cancel() and wait([cancelled], timeout=0.01).done == set()
    pool.shutdown(wait=False, cancel_futures=True)
    # Those that wait know at once, though the pool is busy.
    assert left.cancelled() and wait([left, cancelled], timeout=30).not_done == set()
    assert not first.done()
    with pytest.raises(RuntimeError, match="after shutdown"):
        pool.submit(ran.append, 3)
    go_on.set()
    pool.shutdown()
    assert first.result() is True and ran == []


def test_cancel_against_the_pool_that_starts_them():
    rounds, ran = many(2000, 50_000), []
    with ThreadPoolExecutor(2) as pool:
        fs = [pool.submit(ran.append, i) for i in range(rounds)]
        cancelled = [i for i, f in enumerate(fs) if f.cancel()]
        assert wait(fs, 60).not_done == set()
    assert sorted(ran + cancelled) == list(range(rounds))


def test_submit_against_shutdown_loses_none():
    for _ in range(many(100, 3000)):
        pool, fs, barrier = ThreadPoolExecutor(2), [], threading.Barrier(2)

        def submit():
            barrier.wait()
            try:
                while True:
                    fs.append(pool.submit(int))
            except RuntimeError:
                pass

        thread = threading.Thread(target=submit)
        thread.start()
        barrier.wait()
        pool.shutdown(cancel_futures=True)
        thread.join()
        assert wait(fs, 30).not_done == set()


def test_one_that_others_deliver_to_does_not_run():
    go_on, ran = threading.Event(), []
    with ThreadPoolExecutor(1) as pool:
        pool.submit(go_on.wait, 30)
        f = pool.submit(ran.append, 1)
        f.set_result("cached")
        go_on.set()
    assert f.result() == "cached" and ran == []


def test_what_is_cancelled_while_it_runs_is_dropped():
    go_on, running = threading.Event(), threading.Event()
    with ThreadPoolExecutor(1) as pool:
        f = pool.submit(lambda: (running.set(), go_on.wait(30)))
        running.wait()
        assert not f.cancel() and Asynchron.cancel(f)
        with pytest.raises(CancelledError):
            f.result()
        go_on.set()
        assert pool.submit(int).result() == 0


def test_a_task_that_waits_for_itself_fails():
    with ThreadPoolExecutor(1) as pool:
        own = []
        f = pool.submit(lambda: comes_true(lambda: own) and own[0].result())
        own.append(f)
        with pytest.raises(RuntimeError, match="wait for itself"):
            f.result(30)


def test_a_pool_that_is_broken_says_so_to_all():
    go_on = threading.Event()

    def broken():
        go_on.wait(30)
        raise ValueError("no")

    pool = ThreadPoolExecutor(1, initializer=broken)
    fs = [pool.submit(int) for _ in range(5)]
    cancelled = pool.submit(int)
    cancelled.cancel()
    go_on.set()
    for f in fs:
        with pytest.raises(BrokenExecutor):
            f.result(30)
    assert wait([cancelled], 30).done == {cancelled}
    with pytest.raises(BrokenExecutor):
        pool.submit(int)
    pool.shutdown()


def test_a_thread_that_cannot_be_started_is_told_to_whoever_submits(monkeypatch):
    pool, ran = ThreadPoolExecutor(1), []

    def refuse(self):
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        with pytest.raises(RuntimeError, match="new thread"):
            pool.submit(ran.append, 1)
    assert pool.submit(int).result(30) == 0
    pool.shutdown()
    assert ran == []


def test_a_map_that_takes_too_long_cancels_the_rest():
    go_on, ran = threading.Event(), []
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(go_on.wait, 30)
        results = pool.map(ran.append, range(5), timeout=0.01, chunksize=2)
        with pytest.raises(TimeoutError):
            next(results)
        go_on.set()
        assert first.result()
    assert ran == []


# ---- contexts, copies, loops ----


def test_tasks_see_the_context_of_those_who_submit_and_keep_theirs():
    variable = contextvars.ContextVar("variable")
    variable.set(5)
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(variable.get).result() == 5
        pool.submit(variable.set, 6).result()
        assert pool.submit(variable.get).result() == 5 == variable.get()
        variable.set(7)
        assert list(pool.map(lambda _: variable.get(), range(3))) == [7] * 3


def test_copies_share_and_pickling_is_refused():
    with ThreadPoolExecutor(1) as pool:
        assert copy.copy(pool) is pool and copy.deepcopy([pool])[0] is pool
        for it in (pool, pool.submit(int)):
            with pytest.raises(TypeError, match="cannot pickle"):
                pickle.dumps(it)


def test_a_busy_loop_of_asyncio_over_a_pool():
    async def main():
        with ThreadPoolExecutor(4) as pool:
            return sum(await asyncio.gather(*(pool.submit(abs, i) for i in range(many(500, 20_000)))))

    n = many(500, 20_000)
    assert asyncio.run(main()) == n * (n - 1) // 2


def test_as_completed_over_a_pool():
    with ThreadPoolExecutor(4) as pool:
        fs = [pool.submit(time.sleep, i / 1000) for i in range(20)]
        assert set(as_completed(fs, 30)) == set(fs)
