"""Destructors, callbacks and comparisons of the program's that use the same objects again, while these are being changed."""

import gc
import logging
import sys
import threading
import weakref

import pytest
from asynchron import Asynchron, Report
from conftest import comes_true, later, many


class Runs:
    """Calls a function when it is dropped."""

    def __init__(self, function):
        self.function = function

    def __del__(self):
        self.function()


def test_a_name_that_is_dropped_looks_at_the_name():
    A, seen = Asynchron(), []
    A.name = Runs(lambda: seen.append(A.name))
    A.name = "new"
    assert seen == ["new"] and A.name == "new"


def test_an_extra_that_is_dropped_looks_at_extra():
    A, seen = Asynchron(), []
    A.extra.last = Runs(lambda: seen.append(dict(A.extra)))
    A.extra.clear()
    assert seen == [{}]


def test_a_value_that_came_too_late_asks_for_the_one_that_won():
    A, seen = Asynchron(result=1), []
    with pytest.raises(RuntimeError):
        A.put(Runs(lambda: seen.append(A())))
    assert seen == [1]


def test_a_callback_that_is_taken_back_takes_others_back_as_it_goes():
    A, seen = Asynchron(), []

    class Callback(Runs):
        def __call__(self, a):
            seen.append("ran")

    other = A.notify(lambda a: seen.append("other"))
    token = A.notify(Callback(lambda: seen.append(A.unnotify(other))))
    assert A.unnotify(token) is True and seen == [True]
    A.put(1)
    assert seen == [True]


def test_a_callback_takes_itself_and_others_back():
    A, seen, tokens = Asynchron(), [], []
    tokens.append(A.notify(lambda a: seen.append([A.unnotify(token) for token in tokens])))
    tokens.append(A.notify(lambda a: seen.append("never")))
    A.put(1)
    assert seen == [[False, True]]


def test_a_callback_registers_itself_again_and_again():
    A, left = Asynchron(), [many(1000, 100_000)]

    def callback(a):
        left[0] -= 1
        if left[0]:
            A.notify(callback)

    A.notify(callback)
    A.put(1)
    assert left == [0]


def test_a_callback_that_raises_inside_a_delivery_leaves_its_error_alone(caplog):
    A, B, seen = Asynchron(), Asynchron(), []
    A.notify(lambda a: B.put(1) or 1 / 0)
    B.notify(lambda b: seen.append(sys.exc_info()[0]))
    with caplog.at_level(logging.CRITICAL, "asynchron"):
        try:
            raise KeyError
        except KeyError:
            A.put(1)
            assert sys.exc_info()[0] is KeyError
    assert len(seen) == 1


def test_a_log_that_raises_is_told_and_the_others_run(monkeypatch):
    told, seen, A = [], [], Asynchron()
    monkeypatch.setattr(sys, "unraisablehook", lambda what: told.append(what.exc_type))

    def broken(*args, **keywords):
        raise OSError

    monkeypatch.setattr(logging.getLogger("asynchron"), "handle", broken)
    A.notify(lambda a: 1 / 0)
    A.notify(seen.append)
    A.put(1)
    assert told == [OSError] and seen == [A]


def test_tags_that_are_dropped_add_to_and_take_from_their_report():
    for how in (lambda R, A: R.remove(A), lambda R, A: A.put(1) or R.next(), lambda R, A: A.put(1) or R.next_batch()):
        R, A, seen = Report(), Asynchron(), []
        done = Asynchron(result=1)

        def use():
            R.add(done, "from a destructor")
            seen.append((len(R), R.remove(A), R.next(tagged=True)))

        R.add(A, Runs(use))
        how(R, A)
        gc.collect()
        assert comes_true(lambda: seen == [(1, False, (done, "from a destructor"))])


def test_tags_of_a_report_that_goes_look_at_what_was_in_it():
    seen = []
    A = Asynchron(result=1)
    R = Report()
    gone = weakref.ref(R)
    for _ in range(3):
        R.add(A, Runs(lambda: seen.append((gone(), A()))))
    del R
    assert seen == [(None, 1)] * 3


def test_an_iterable_that_uses_the_report_that_takes_it():
    class Greedy(Report):
        pass

    made = Greedy.__new__(Greedy)

    def asynchrons():
        yield Asynchron(result=1)
        made.next()
        yield Asynchron(result=2)
        raise KeyError

    with pytest.raises(KeyError):
        made.__init__(asynchrons())
    assert len(made) == 1 and made.next()() == 2


def test_a_destructor_waits_for_another_thread():
    A, seen = Asynchron(), []
    later(A.put, 1)
    B = Asynchron(result=Runs(lambda: seen.append(A())))
    del B
    assert seen == [1]


def test_a_callback_out_of_a_destructor_lets_others_run_while_a_value_is_refused():
    """It runs in the drop of a thread that has the lock, lets go of that, and what it delivers too late is dropped then."""
    n, seen = many(300, 20_000), []
    complete = Asynchron(result=1)

    def refused(_):
        for how in (complete.put, lambda value: complete.fail(ValueError(value))):
            try:
                how(Runs(lambda: seen.append(1)))
            except RuntimeError:
                pass

    def use():
        A = Asynchron()
        A.notify(refused)
        A.cancel()

    stop = Asynchron()
    waiter = threading.Thread(target=stop)  # so that each delivery lets go of the lock
    waiter.start()
    for _ in range(n):
        A = Asynchron(result=Runs(use))
        del A
    stop.put(None)
    waiter.join()
    assert comes_true(lambda: gc.collect() is not None and len(seen) == 2 * n)


def test_the_collector_runs_inside_callbacks_and_destructors():
    for _ in range(many(20, 500)):
        A = Asynchron()
        A.put([A, Runs(gc.collect)])
        B = Asynchron()
        B.notify(lambda b: gc.collect())
        B.me = B
        C = Asynchron()
        C.notify(lambda c: (C, B))
        del A
        B.put(Runs(gc.collect))
        del B, C
        gc.collect()


WRONG = [
    (TypeError, lambda A: A.put()), (TypeError, lambda A: A.put(1, 2)), (TypeError, lambda A: A.fail(1)),
    (TypeError, lambda A: A.fail(int)), (TypeError, lambda A: A.cancel(1)), (TypeError, lambda A: A.cancel_pending(1)),
    (ValueError, lambda A: A.cancel("a\0b")), (TypeError, lambda A: A.notify(1)), (TypeError, lambda A: A.notify()),
    (TypeError, lambda A: A.post_notify(1)), (TypeError, lambda A: A.bg(1)), (TypeError, lambda A: A.run_func(1)),
    (TypeError, lambda A: A(1)), (TypeError, lambda A: A(key=1)), (TypeError, lambda A: A.wait("x")),
    (TypeError, lambda A: A.join("x")), (ValueError, lambda A: A.wait(float("nan"))), (TypeError, lambda A: A.unnotify("x")),
    (ValueError, lambda A: A.unnotify(-1)), (ValueError, lambda A: A.unnotify(1 << 64)),
    (TypeError, lambda A: A.expire_after("x")), (ValueError, lambda A: A.expire_after(float("nan"))),
    (AttributeError, lambda A: delattr(A, "result")), (AttributeError, lambda A: setattr(A, "state", "DONE")),
    (AttributeError, lambda A: setattr(A, "handle", 1)), (TypeError, lambda A: setattr(A, "exc_info", 1)),
    (TypeError, lambda A: setattr(A, "exc_info", (1, 2, 3))), (TypeError, lambda A: Asynchron.from_handle("x")),
    (ValueError, lambda A: Asynchron.from_handle(0)), (ValueError, lambda A: Asynchron.from_handle(1 << 70)),
    (ValueError, lambda A: Asynchron(state="NONE")), (ValueError, lambda A: Asynchron(state=1)),
    (TypeError, lambda A: Asynchron(nothing=1)), (TypeError, lambda A: Report([A, 1])), (TypeError, lambda A: Report(A, A)),
]


@pytest.mark.parametrize("error, wrong", WRONG, ids=[str(i) for i in range(len(WRONG))])
def test_what_is_wrong_is_refused_and_changes_nothing(error, wrong):
    A, seen = Asynchron("A", extra={"kept": 1}), []
    A.notify(seen.append)
    thing = A.__dict__.copy()
    with pytest.raises(error) as told:
        wrong(A)
    assert str(told.value) and A.pending and A.name == "A" and A.extra == {"kept": 1} and A.__dict__ == thing
    A.put(1)
    assert seen == [A] and A() == 1
