"""What the guide lists as otherwise than in concurrent.futures: each row, on the standard ones and on ours."""

import concurrent.futures
import contextvars
import copy
import logging
import pickle
import threading
import traceback

import pytest
from asynchron import Future, ThreadPoolExecutor
from concurrent.futures import wait
from conftest import comes_true


class THEIRS:
    Future, Pool = concurrent.futures.Future, concurrent.futures.ThreadPoolExecutor


class OURS:
    Future, Pool = Future, ThreadPoolExecutor


both = pytest.mark.parametrize("kind", [THEIRS, OURS])


def outcome(function):
    try:
        return function()
    except BaseException as error:
        return type(error).__name__


@both
def test_what_a_shutdown_cancels_is_complete_for_wait(kind):
    go_on = threading.Event()
    pool = kind.Pool(1)
    pool.submit(go_on.wait, 30)
    left = pool.submit(int)
    pool.shutdown(wait=False, cancel_futures=True)
    assert left.cancelled() and wait([left], timeout=0.01).done == ({left} if kind is OURS else set())
    go_on.set()


@both
def test_a_task_sees_the_context_of_whoever_submits_it(kind):
    variable = contextvars.ContextVar("variable", default="the thread's")
    variable.set("mine")
    with kind.Pool(1) as pool:
        assert pool.submit(variable.get).result(30) == ("mine" if kind is OURS else "the thread's")


@both
def test_the_thread_of_one_that_others_delivered_to_goes_on(kind, caplog):
    go_on, pool = threading.Event(), kind.Pool(1)
    pool.submit(go_on.wait, 30)
    pool.submit(int).set_result("cached")
    with caplog.at_level(logging.CRITICAL, "concurrent.futures"):
        go_on.set()
        if kind is OURS:
            assert pool.submit(int).result(30) == 0 and not caplog.records
        else:
            assert comes_true(lambda: "Exception in worker" in caplog.text)
    pool.shutdown()


@both
def test_a_callback_that_raises_system_exit_does_not_end_the_delivery(kind):
    f, seen = kind.Future(), []
    f.add_done_callback(lambda f: (_ for _ in ()).throw(SystemExit))
    f.add_done_callback(seen.append)
    assert outcome(lambda: f.set_result(1)) == (None if kind is OURS else "SystemExit")
    assert seen == ([f] if kind is OURS else [])


@both
def test_cancel_takes_a_message(kind):
    assert outcome(lambda: kind.Future().cancel("not needed")) == (True if kind is OURS else "TypeError")


@both
def test_a_traceback_does_not_grow(kind):
    f = kind.Future()
    f.set_exception(KeyError())
    lengths = set()
    for _ in range(5):
        with pytest.raises(KeyError) as caught:
            f.result()
        lengths.add(len(traceback.extract_tb(caught.value.__traceback__)))
    assert len(lengths) == (1 if kind is OURS else 5)


@both
def test_a_failure_is_an_exception(kind):
    f = kind.Future()
    assert outcome(lambda: f.set_exception(None)) == ("TypeError" if kind is OURS else None)


@both
def test_a_copy_is_the_same_and_pickling_says_why_not(kind):
    f = kind.Future()
    assert (copy.copy(f) is f) == (kind is OURS)
    with pytest.raises(TypeError, match="<Future at" if kind is OURS else "lock|RLock"):
        pickle.dumps(f)
