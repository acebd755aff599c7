"""A Future alone: the standard one where that is wanted, and an asynchron."""

import concurrent.futures
import copy
import gc
import logging
import pickle
import pydoc
import random
import re
import weakref

import asynchron
import pytest
from asynchron import Asynchron, CancellationError, Future, Report
from concurrent.futures import CancelledError, InvalidStateError
from conftest import later, many, run_python


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
    with pytest.raises(TypeError):
        Future().set_exception("not an exception")


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


def test_all_who_wait_get_the_message_of_a_cancel():
    F = Future()
    assert F.cancel("not needed")
    for ask, error in ((F.result, CancelledError), (F.exception, CancelledError), (F, CancellationError)):
        with pytest.raises(error, match="not needed"):
            ask()


def test_a_cancellation_that_its_function_raised_is_its_failure():
    F, error = Future(), CancellationError("of another")
    F.set_exception(error)
    assert F.exception() is error and not F.cancelled()
    with pytest.raises(CancellationError, match="of another"):
        F.result()


# ---- every step as the standard library's ----


def outcome(f, step):
    try:
        answer = step(f)
    except Exception as error:
        return type(error).__name__, re.sub("0x[0-9a-f]+", "", str(error))
    return f if answer is f else answer


def is_seen_by_wait(f):
    return len(concurrent.futures.wait([f], timeout=0).done), len(concurrent.futures.wait([f, f], 0, "FIRST_EXCEPTION").done)


def is_seen_by_as_completed(f):
    return len(list(concurrent.futures.as_completed([f], timeout=0)))


STEPS = {
    "set_result": lambda f: f.set_result(3),
    "set_exception": lambda f: f.set_exception(KeyError("k")),
    "cancel": lambda f: f.cancel(),
    "set_running_or_notify_cancel": lambda f: f.set_running_or_notify_cancel(),
    "result": lambda f: f.result(timeout=0),
    "exception": lambda f: repr(f.exception(timeout=0)),
    "state": lambda f: (f.done(), f.running(), f.cancelled(), f._state),
    "repr": lambda f: re.sub("0x[0-9a-f]+", "", repr(f)),
    "add_done_callback": lambda f: f.add_done_callback(lambda f: f.seen.append((f.done(), f.cancelled()))),
    "callbacks": lambda f: list(f.seen),
    "wait": is_seen_by_wait,
    "as_completed": is_seen_by_as_completed,
}


def test_random_steps_have_the_outcomes_of_the_standard_one(caplog):
    for seed in range(many(1500, 50_000)):
        choice = random.Random(seed)
        ours, theirs = Future(), concurrent.futures.Future()
        ours.seen, theirs.seen = [], []
        for name in choice.choices(list(STEPS), k=12):
            pair = outcome(ours, STEPS[name]), outcome(theirs, STEPS[name])
            assert pair[0] == pair[1], (seed, name)


def test_what_others_read_that_is_private():
    """asyncio, from CPython 3.14 on, does."""
    failure = KeyError()
    for f, state, value, exception in ((Future(), "PENDING", None, None), (Future(result=3), "FINISHED", 3, None),
                                       (Future(state="RUNNING"), "RUNNING", None, None)):
        assert (f._state, f._result, f._exception) == (state, value, exception)
    f = Future()
    f.set_exception(failure)
    assert (f._state, f._result, f._exception) == ("FINISHED", None, failure)
    f = Future()
    f.cancel()
    assert (f._state, f._result, f._exception) == ("CANCELLED", None, None)


# ---- callbacks ----


def test_callbacks_run_in_their_order_and_late_ones_at_once():
    F, seen = Future(), []
    for i in range(5):
        F.add_done_callback(lambda f, i=i: seen.append((i, f.result())))
    F.set_result(1)
    F.add_done_callback(lambda f: seen.append("late"))
    assert seen == [(i, 1) for i in range(5)] + ["late"]


def test_a_raising_callback_is_logged_and_the_others_run(caplog):
    F, seen = Future(), []
    F.add_done_callback(lambda f: 1 / 0)
    F.add_done_callback(lambda f: (_ for _ in ()).throw(SystemExit(3)))
    F.add_done_callback(seen.append)
    with caplog.at_level(logging.ERROR, "concurrent.futures"):
        F.set_result(1)
        F.add_done_callback(lambda f: {}["late"])
    assert seen == [F]
    assert [record.name for record in caplog.records] == ["concurrent.futures"] * 3
    assert all(record.message.startswith("exception calling callback for <Future at 0x") for record in caplog.records)
    for raised in ("ZeroDivisionError", "SystemExit", "KeyError"):
        assert raised in caplog.text


# ---- as an asynchron ----


def test_what_every_asynchron_can():
    F = Future("with a name")
    G = F.post_notify(lambda value: value + 1)
    assert F.name == "with a name" and not F.ready and F.pending
    F.result = 5
    assert F.result() == 5 and G() == 6 and list(Report([F])) == [F] and F.join() == (5, None)
    cancelled, failed = Future(), Future()
    of_cancelled, of_failed = cancelled.post_notify(abs), failed.post_notify(abs)
    cancelled.cancel()
    failed.set_exception(KeyError())
    assert of_cancelled.is_cancelled and of_failed.exc_info[0] is KeyError
    with pytest.raises(RuntimeError, match="already completed"):
        F.result = 6


def test_a_future_is_had_for_any_asynchron():
    A = Asynchron()
    F = Future.from_handle(A)
    later(A.put, 5)
    assert concurrent.futures.wait([F], 30).done == {F} and F.result() == 5
    for wrong, error in (("text", TypeError), (0, ValueError), (None, TypeError)):
        with pytest.raises(error):
            Future.from_handle(wrong)


def test_asynchrons_cancel_reaches_also_one_that_runs():
    F, told = Future(), []
    F.set_running_or_notify_cancel()
    F.add_done_callback(told.append)
    waiter = later(lambda: told.append(concurrent.futures.wait([F]).done), after=0)
    assert not F.cancel() and Asynchron.cancel(F) and F.cancelled()
    waiter.join()
    assert F in told and {F} in told
    with pytest.raises(InvalidStateError):
        F.set_result(1)


def test_help_shows_what_is_imported_only_when_it_is_wanted():
    text = pydoc.plain(pydoc.render_doc(asynchron))
    assert "class Future(" in text and "class ThreadPoolExecutor(" in text
    assert run_python("import sys, asynchron; print('concurrent.futures' in sys.modules)").stdout == "False\n"


def test_a_subclass_has_its_own():
    class Mine(Future):
        def __init__(self, more):
            self.more = more

        def result(self, timeout=None):
            return self.more, super().result(timeout)

    F = Mine(3)
    assert repr(F).startswith("<Mine at 0x")
    F.add_done_callback(lambda f: None)
    F.set_result(4)
    assert F.result() == (3, 4) and concurrent.futures.wait([F]).done == {F}
    assert issubclass(Future[int], Future)


def test_copies_share_and_pickling_is_refused():
    F = Future()
    assert copy.copy(F) is F and copy.deepcopy([F])[0] is F
    with pytest.raises(TypeError, match="cannot pickle <Future at 0x"):
        pickle.dumps(F)


# ---- what is kept ----


class Thing:
    pass


def ask(holder):
    holder.pop().result()


@pytest.fixture
def no_collector():
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def test_a_future_is_freed_at_once_whatever_was_done_with_it(no_collector):
    def complete(F):
        F.add_done_callback(lambda f: f.result())
        concurrent.futures.wait([F], timeout=0)
        list(concurrent.futures.as_completed([F, Future(result=1)], timeout=None if F.done() else 0.0))

    value, F = Thing(), Future()
    gone = weakref.ref(value), weakref.ref(F)
    F.set_result(value)
    complete(F)
    del value, F
    assert [one() for one in gone] == [None, None]

    F = Future()
    gone = weakref.ref(F)
    F.set_exception(KeyError())
    holder = [F]
    del F
    with pytest.raises(KeyError) as caught:
        ask(holder)
    assert gone() is None
    del caught


def test_callbacks_are_not_kept_after_they_ran(no_collector):
    def callback(f):
        pass

    F, gone = Future(), weakref.ref(callback)
    F.add_done_callback(callback)
    F.set_result(1)
    del callback
    assert gone() is None


def test_a_pending_one_with_callbacks_and_waiters_is_collected():
    F = Future()
    F.add_done_callback(lambda f, F=F: F)
    concurrent.futures.wait([F], timeout=0)
    gone = weakref.ref(F)
    del F
    gc.collect()
    assert gone() is None
