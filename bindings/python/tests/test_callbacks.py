"""Functions that are called at completion."""

import logging
import threading

import pytest
from asynchron import Asynchron
from conftest import many


def test_a_callback_gets_the_asynchron_and_runs_once():
    A, seen = Asynchron(), []
    A.notify(seen.append)
    A.notify(seen.append)
    A.put(1)
    assert seen == [A, A]
    A.notify(seen.append)
    assert seen == [A, A, A]


def test_a_call_inside_the_callback_does_not_wait():
    A, seen = Asynchron(), []
    A.notify(lambda a: seen.append(a()))
    A.put(1)
    assert seen == [1]


def test_a_raising_callback_is_logged_and_the_others_run(caplog):
    A, seen = Asynchron("loud"), []
    A.notify(lambda a: 1 / 0)
    A.notify(seen.append)
    with caplog.at_level(logging.ERROR, "asynchron"):
        A.put(1)
    assert seen == [A] and "loud" in caplog.text and "ZeroDivisionError" in caplog.text


def test_a_callback_that_asks_a_cancelled_one_is_no_error(caplog):
    A, seen = Asynchron(), []
    A.notify(lambda a: a())
    A.notify(seen.append)
    with caplog.at_level(logging.INFO, "asynchron"):
        A.cancel()
    assert seen == [A] and caplog.text == ""


def test_one_that_is_taken_back_never_runs():
    A, seen = Asynchron(), []
    token = A.notify(seen.append)
    assert A.unnotify(token) is True and A.unnotify(token) is False
    A.put(1)
    assert seen == []


def test_taking_back_waits_for_one_that_runs():
    for _ in range(many(50, 2000)):
        A, running, done = Asynchron(), threading.Event(), []

        def callback(a):
            running.set()
            done.append(1)

        token = A.notify(callback)
        thread = threading.Thread(target=A.put, args=(1,))
        thread.start()
        running.wait()
        assert A.unnotify(token) is False and done == [1]
        thread.join()


def test_a_callback_may_deliver_to_others_and_release_its_own():
    A, B = Asynchron(), Asynchron()
    A.notify(lambda a: B.put(a.result + 1))
    B.notify(lambda b: b.extra.update(done=True))
    A.put(1)
    assert B() == 2 and B.extra.done


def test_callbacks_of_a_long_chain_do_not_exhaust_the_stack():
    n = 20000
    As = [Asynchron() for _ in range(n)]
    for one, next_ in zip(As, As[1:]):
        one.notify(lambda a, next_=next_: next_.put(a.result))
    As[0].put(1)
    assert As[-1]() == 1


def test_registering_against_completing_loses_none():
    for _ in range(many(300, 5000)):
        A, barrier, seen = Asynchron(), threading.Barrier(2), []

        def register():
            barrier.wait()
            for _ in range(5):
                A.notify(seen.append)

        thread = threading.Thread(target=register)
        thread.start()
        barrier.wait()
        A.put(1)
        thread.join()
        assert len(seen) == 5


def test_base_exceptions_of_callbacks_do_not_reach_the_one_who_delivers():
    A = Asynchron()

    def exit_(a):
        raise SystemExit(3)

    A.notify(exit_)
    A.put(1)
    assert A() == 1
    with pytest.raises(RuntimeError):
        A.put(2)
