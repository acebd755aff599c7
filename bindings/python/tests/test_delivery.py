"""One delivery wins, and all who ask get it."""

import threading

import pytest
from asynchron import Asynchron, CancellationError
from conftest import later, many


def test_a_value_that_is_assigned_in_one_thread_is_returned_in_others():
    A = Asynchron()
    got = []
    threads = [threading.Thread(target=lambda: got.append(A())) for _ in range(5)]
    for thread in threads:
        thread.start()
    later(setattr, A, "result", 3)
    for thread in threads:
        thread.join()
    assert got == [3] * 5 and A() == 3


def test_the_very_object_is_returned():
    value = object()
    A = Asynchron()
    A.put(value)
    assert A() is value and A.result is value and A.get() is value and A.join() == (value, None)


@pytest.mark.parametrize("deliver", [
    lambda A: A.put(2), lambda A: setattr(A, "result", 2), lambda A: A.fail(ValueError()),
    lambda A: A.raise_(ValueError()), lambda A: A.run_func(int),
])
def test_a_second_delivery_is_refused_and_changes_nothing(deliver):
    A = Asynchron(result=1)
    with pytest.raises(RuntimeError):
        deliver(A)
    assert A() == 1


def test_of_many_that_deliver_one_wins_and_the_others_are_told():
    for _ in range(many(300, 5000)):
        A, barrier, won = Asynchron(), threading.Barrier(3), []

        def deliver(what):
            barrier.wait()
            try:
                what()
            except (RuntimeError, CancellationError):
                return
            won.append(what)

        def cancel():
            if not A.cancel():
                raise RuntimeError

        threads = [threading.Thread(target=deliver, args=(what,))
                   for what in (lambda: A.put(1), lambda: A.fail(KeyError()), cancel)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(won) == 1


def test_a_failure_is_raised_with_its_traceback():
    def broken():
        raise KeyError("k")

    A = Asynchron()
    with pytest.raises(KeyError):
        A(broken)
    with pytest.raises(KeyError) as caught:
        A()
    assert "broken" in [entry.name for entry in caught.traceback]
    assert A.result is None and A.exc_info[0] is KeyError and A.join()[1][1] is caught.value


def test_a_failure_that_is_raised_often_does_not_grow():
    A = Asynchron()
    A.fail(ValueError("v"))
    for _ in range(100):
        with pytest.raises(ValueError) as caught:
            A()
        assert len(caught.traceback) < 5


def test_cancel_ends_all_who_wait():
    A = Asynchron()
    later(A.cancel, "enough")
    with pytest.raises(CancellationError, match="enough"):
        A()
    assert A.cancelled and A.state == "CANCELLED" and A.ready
    for ask in (A, A.join, A.get, lambda: A.result, lambda: A.exc_info):
        with pytest.raises(CancellationError):
            ask()
    assert A.cancel() is False


def test_a_delivery_to_a_cancelled_one_says_so():
    A = Asynchron()
    assert A.cancel() is True
    for deliver in (lambda: A.put(1), lambda: A.fail(ValueError), lambda: A(int), lambda: A.bg(int)):
        with pytest.raises(RuntimeError):
            deliver()
    assert A.cancelled


def test_what_runs_is_cancelled_quietly_and_its_value_dropped():
    A, begun, go_on = Asynchron(), threading.Event(), threading.Event()

    def function():
        begun.set()
        go_on.wait()
        return 1

    thread = A.bg(function)
    begun.wait()
    assert A.is_running and A.cancel()
    go_on.set()
    thread.join()
    with pytest.raises(CancellationError):
        A()


def test_a_function_that_cancels_what_it_computes_is_dropped_and_whoever_asks_is_told():
    for function in (lambda: A.cancel("enough"), lambda: A.cancel("enough") and 1 / 0):
        A = Asynchron()
        assert A.run_func(function) is None and A.cancelled
        A = Asynchron()
        with pytest.raises(CancellationError, match="enough"):
            A(function)


def test_a_function_runs_once():
    A = Asynchron()
    assert A(lambda x, y=1: x + y, 2, y=5) == 7
    with pytest.raises(RuntimeError):
        A(lambda: 1)
    B = Asynchron()
    with pytest.raises(RuntimeError):
        B(lambda: B(lambda: 1))


def test_a_function_that_waits_for_itself_is_told():
    A = Asynchron()
    with pytest.raises(RuntimeError, match="itself"):
        A(lambda: A())


def test_a_time_limit_ends_the_wait_and_nothing_else():
    A = Asynchron()
    with pytest.raises(TimeoutError):
        A.join(0.01)
    assert not A.wait(0) and not A.wait(0.01) and not A.ready
    A.put(1)
    assert A.wait(0) and A.join(0) == (1, None)


def test_an_asynchron_that_expires_has_failed():
    import asynchron

    A = Asynchron()
    assert A.expire_after(0.01)
    with pytest.raises(asynchron.Error) as caught:
        A()
    assert caught.value.args[1] == 4


@pytest.mark.parametrize("wrong", [
    lambda A: A.wait("x"), lambda A: A.join(float("nan")), lambda A: A.fail(3), lambda A: A.notify(3),
    lambda A: A.run_func(3), lambda A: A.run_func(), lambda A: A.bg(3), lambda A: A(3), lambda A: A(key=1),
    lambda A: setattr(A, "exc_info", 3), lambda A: delattr(A, "result"), lambda A: delattr(A, "exc_info"), lambda A: A.unnotify("x"),
    lambda A: A.post_notify(None), lambda A: A.expire_after(A), lambda A: A.cancel(3),
    lambda A: A.from_handle(0), lambda A: A.from_handle("x"), lambda A: A.from_handle(object()),
])
def test_bad_input_is_refused_and_changes_nothing(wrong):
    A = Asynchron()
    with pytest.raises((TypeError, ValueError, RuntimeError, AttributeError)):
        wrong(A)
    assert A.pending
    A.put(1)
    assert A() == 1
