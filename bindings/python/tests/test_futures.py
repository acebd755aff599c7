"""concurrent.futures: ours where theirs is wanted."""

import asyncio
import concurrent.futures
import threading
import time

import pytest
from asynchron import Asynchron, Future, Report, ThreadPoolExecutor
from concurrent.futures import CancelledError, InvalidStateError
from conftest import later


def test_it_is_both():
    F = Future()
    assert isinstance(F, Asynchron) and isinstance(F, concurrent.futures.Future)
    F.set_result(3)
    assert F.result() == F() == 3 and F.done() and not F.running() and not F.cancelled() and F.exception() is None


def test_a_time_limit():
    F = Future()
    for ask in (F.result, F.exception):
        with pytest.raises(concurrent.futures.TimeoutError):
            ask(0.01)
    later(F.set_result, 1)
    assert F.result(30) == 1


def test_a_failure():
    F, error = Future(), KeyError("k")
    F.set_exception(error)
    assert F.exception() is error
    with pytest.raises(KeyError):
        F.result()
    with pytest.raises(InvalidStateError):
        F.set_result(1)
    with pytest.raises(InvalidStateError):
        F.set_exception(error)


def test_cancel_is_for_what_has_not_begun():
    F, G = Future(), Future()
    assert F.set_running_or_notify_cancel() and F.running() and not F.cancel()
    assert G.cancel() and G.cancel() and G.cancelled() and G.done() and not G.set_running_or_notify_cancel()
    for ask in (G.result, G.exception):
        with pytest.raises(CancelledError):
            ask()
    F.set_result(1)
    assert not F.cancel()
    with pytest.raises(RuntimeError):
        F.set_running_or_notify_cancel()


def test_callbacks():
    F, seen = Future(), []
    F.add_done_callback(seen.append)
    F.set_result(1)
    F.add_done_callback(seen.append)
    assert seen == [F, F]


def test_wait_and_as_completed_take_them_beside_others():
    ours, theirs, late, cancelled = Future(), concurrent.futures.Future(), Future(), Future()
    ours.set_result(1)
    done, left = concurrent.futures.wait([ours, theirs, late], timeout=0.01)
    assert done == {ours} and left == {theirs, late}
    later(late.set_exception, KeyError(), after=0.1)
    later(theirs.set_result, 1, after=0.05)
    assert list(concurrent.futures.as_completed([ours, theirs, late], timeout=30)) == [ours, theirs, late]
    assert concurrent.futures.wait([ours, late], return_when=concurrent.futures.FIRST_EXCEPTION).done == {ours, late}
    later(lambda: (cancelled.cancel(), cancelled.set_running_or_notify_cancel()))
    assert concurrent.futures.wait([cancelled], timeout=30).done == {cancelled}
    first = Future()
    later(first.set_result, 1)
    assert concurrent.futures.wait([first, Future()], return_when="FIRST_COMPLETED", timeout=30).done == {first}


def test_asyncio_wraps_and_awaits_them():
    async def main():
        F, G = Future(), Future()
        later(F.set_result, 1)
        later(G.set_result, 2)
        return await asyncio.wrap_future(F), await G

    assert asyncio.run(main()) == (1, 2)


def test_a_pool_returns_them():
    with ThreadPoolExecutor(3, thread_name_prefix="ours") as pool:
        fs = [pool.submit(pow, i, 2) for i in range(20)]
        assert all(isinstance(f, Future) for f in fs)
        assert {f() for f in Report(fs)} == {i * i for i in range(20)}
        assert list(pool.map(abs, [-1, -2])) == [1, 2]
        with pytest.raises(ZeroDivisionError):
            pool.submit(lambda: 1 / 0).result()
        assert pool.submit(lambda: threading.current_thread().name).result().startswith("ours")
    with pytest.raises(RuntimeError):
        pool.submit(int)


def test_what_is_cancelled_does_not_run_and_what_is_shut_down_is_cancelled():
    go_on, ran = threading.Event(), []
    pool = ThreadPoolExecutor(1)
    first = pool.submit(go_on.wait)
    cancelled = pool.submit(ran.append, 1)
    left = pool.submit(ran.append, 2)
    assert cancelled.cancel()
    pool.shutdown(wait=False, cancel_futures=True)
    assert left.cancelled() and concurrent.futures.wait([left], timeout=30).done
    go_on.set()
    pool.shutdown()
    assert first.result() is True and ran == []


def test_a_pool_that_is_broken_says_so():
    def broken():
        raise ValueError("no")

    pool = ThreadPoolExecutor(1, initializer=broken)
    with pytest.raises(concurrent.futures.BrokenExecutor):
        pool.submit(time.sleep, 0).result(30)
    pool.shutdown()


def test_tasks_see_the_context_of_those_who_submit():
    import contextvars

    variable = contextvars.ContextVar("variable")
    variable.set(5)
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(variable.get).result() == 5
