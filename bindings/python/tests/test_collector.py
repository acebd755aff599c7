"""References are exact, and the garbage collector finds cycles."""

import gc
import sys
import threading
import weakref

import pytest
from asynchron import Asynchron, Future, OnDemandResult, Report, after, report
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


def post_that_is_asked_for_itself(thing):
    A = Asynchron()
    post = A.post_notify(lambda value: (post, A, thing))
    post.notify(lambda p: A)
    A.extra.post = post
    return A


def post_that_has_run(thing):
    A = Asynchron(result=1)
    post = A.post_notify(lambda value: [A, thing])
    A.extra.post = post
    return A


def what_comes_after_itself(thing):
    A, B = Asynchron(), Asynchron()
    R = after([A, B], None, lambda: (A, B, R, thing))
    A.extra.after, B.extra.after = R, R
    A.put(1)
    A.me, A.other = A, B
    return A


def what_came_after(thing):
    A = Asynchron(result=1)
    R = after([A], None, lambda: [A, thing])
    A.extra.after = R
    return A


def background(thing):
    A = Asynchron()
    A.bg(lambda: [A, thing]).join()
    return A


def future(thing):
    F = Future()
    F.add_done_callback(lambda f: (F, thing))
    F.me = F
    return F


def future_that_is_done(thing):
    F = Future()
    F.set_result([F, thing])
    return F


def on_demand(thing):
    A = OnDemandResult(lambda: (A, thing))
    A.me = A
    return A


def tag_in_its_report(thing):
    A, R = Asynchron(), Report()
    R.add(A, (R, thing))
    A.report = R
    return A


def report_of_complete_ones(thing):
    A, R = Asynchron(result=thing), Report()
    R.add(A, [R])
    A.report = R
    return A


def iterator_of_a_report(thing):
    A = Asynchron(extra={"thing": thing})
    A.results = report([A])
    A.also = iter([A.results])
    return A


MAKERS = [
    value_in_itself, failure_in_itself, callback_over_itself, pending_with_callback, two_in_a_circle, extra_and_attribute,
    subclass, post_that_is_asked_for_itself, post_that_has_run, what_comes_after_itself, what_came_after, background,
    future, future_that_is_done, on_demand, tag_in_its_report, report_of_complete_ones, iterator_of_a_report,
]


@pytest.mark.parametrize("make", MAKERS, ids=[make.__name__ for make in MAKERS])
def test_cycles_are_collected(make):
    assert is_collected(make)


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
