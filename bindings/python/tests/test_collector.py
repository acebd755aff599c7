"""References are exact, and the garbage collector finds cycles."""

import gc
import sys
import threading
import weakref

from asynchron import Asynchron, Report
from conftest import many


class Thing:
    pass


def is_collected(make):
    thing = Thing()
    gone = weakref.ref(thing)
    A = make(thing)
    also = weakref.ref(A)
    del A, thing
    gc.collect()
    return gone() is None and also() is None


def value_in_itself(thing):
    A = Asynchron()
    A.result = [A, thing]
    return A


def failure_in_itself(thing):
    A, error = Asynchron(), ValueError()
    error.cause = (A, thing)
    A.fail(error)
    return A


def callback_over_itself(thing):
    A = Asynchron()
    A.notify(lambda a: (A, thing))
    return A


def pending_with_callback(thing):
    A = Asynchron()
    A.notify(lambda a: thing)
    return A


def two_in_a_circle(thing):
    A, B = Asynchron(), Asynchron()
    A.put((B, thing))
    B.notify(lambda b: A)
    return B


def extra_and_attribute(thing):
    A = Asynchron()
    A.extra.me, A.me, A.thing = A, A, thing
    return A


def subclass(thing):
    class Special(Asynchron):
        pass

    A = Special()
    A.put((A, thing, Special))
    return A


def test_cycles_are_collected():
    for make in (value_in_itself, failure_in_itself, callback_over_itself, pending_with_callback, two_in_a_circle,
                 extra_and_attribute, subclass):
        assert is_collected(make), make.__name__


def test_a_callback_of_one_that_is_collected_does_not_run():
    ran = []

    def make():
        A = Asynchron()
        A.notify(lambda a: ran.append((A, a)))

    make()
    gc.collect()
    assert ran == []


def test_what_c_holds_too_is_not_collected():
    A = Asynchron()
    A.put([A])
    gone, capsule = weakref.ref(A), A.capsule()
    del A
    gc.collect()
    assert gone() is not None
    B = Asynchron.from_handle(capsule)
    del capsule
    assert B()[0] is gone()


def test_references_are_exact_after_races_of_deliveries():
    value, error = Thing(), ValueError()
    before = sys.getrefcount(value), sys.getrefcount(error)
    rounds = many(5000, 250_000)
    As = [Asynchron() for _ in range(rounds)]
    barrier = threading.Barrier(3)

    def deliver(how):
        barrier.wait()
        for A in As:
            try:
                how(A)
            except Exception:
                pass

    threads = [threading.Thread(target=deliver, args=(how,))
               for how in (lambda A: A.put(value), lambda A: A.fail(error), lambda A: A.cancel())]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(A.ready for A in As)
    As.clear()
    del threads, deliver
    gc.collect()
    error.__traceback__ = None
    assert (sys.getrefcount(value), sys.getrefcount(error)) == before


def test_nothing_is_left_of_what_was_used():
    def use():
        A = Asynchron("name", extra={"a": 1})
        A.notify(lambda a: None)
        A.unnotify(A.notify(lambda a: None))
        report = Report([A])
        A(lambda: [A])
        list(report)
        repr(A)
        Asynchron().cancel("why")

    def blocks():
        gc.collect()
        return sys.getallocatedblocks()

    for _ in range(2000):
        use()
    before = blocks()
    for _ in range(2000):
        use()
    # A block that each leaves would be 2000.
    assert blocks() - before < 1000
