"""Reports: the order of completion, tags, a descriptor."""

import os
import select
import selectors
import threading
import time

import pytest
from asynchron import Asynchron, Report
from conftest import later, many


def test_tags_come_out_with_what_they_were_added_with():
    R, A, B = Report(), Asynchron(), Asynchron()
    R.add(A, "a")
    R.add(B, tag="b")
    R.add(A)
    B.put(1)
    assert R.next(tagged=True) == (B, "b") and len(R) == 2
    A.cancel()
    assert R.next_batch(tagged=True) == [(A, "a"), (A, None)]
    assert R.next() is None and R.next_batch() == []


def test_what_is_removed_does_not_come_out():
    R, A, B = Report(), Asynchron(), Asynchron()
    first, second = object(), object()
    for tag in (first, second):
        R.add(A, tag)
    R.add(B)
    assert R.remove(A, second) and not R.remove(A, second) and R.remove(B) and not R.remove(B)
    A.put(1)
    assert R.next(tagged=True) == (A, first) and len(R) == 0


def test_next_waits_so_long_and_no_longer():
    R, A = Report(), Asynchron()
    R.add(A)
    with pytest.raises(TimeoutError):
        R.next(0.01)
    assert R.next_batch() == []
    later(A.put, 1)
    assert R.next(30) is A


def test_a_batch_is_at_most_so_long():
    As = [Asynchron(result=1) for _ in range(200)]
    R = Report(As)
    assert R.next_batch(3) == As[:3] and R.next_batch(100) == As[3:103] and R.next_batch(None and 1 or 256) == As[103:]
    with pytest.raises(ValueError):
        R.next_batch(0)


def test_many_threads_take_each_item_once():
    n = many(2000, 100_000)
    As = [Asynchron() for _ in range(n)]
    R, taken = Report(As), []

    def take():
        for A in R:
            taken.append(A)

    threads = [threading.Thread(target=take) for _ in range(3)]
    for thread in threads:
        thread.start()
    for A in As:
        A.put(1)
    for thread in threads:
        thread.join()
    assert len(taken) == n and set(taken) == set(As)


def test_the_descriptor_is_readable_while_something_can_be_taken_out():
    R, A = Report(), Asynchron()
    R.add(A)
    assert select.select([R], [], [], 0) == ([], [], [])
    later(A.put, 1)
    assert select.select([R], [], [], 30)[0] == [R]
    with selectors.DefaultSelector() as selector:
        selector.register(R, selectors.EVENT_READ)
        assert len(selector.select(0)) == 1
        assert R.next() is A
        assert selector.select(0) == []


def test_a_closed_report_takes_no_more():
    R, A = Report(), Asynchron(result=1)
    R.add(A)
    R.close()
    with pytest.raises(RuntimeError, match="closed"):
        R.add(A)
    assert list(R) == [A]


def test_what_is_no_asynchron_is_refused():
    for wrong in (lambda: Report([3]), lambda: Report(3), lambda: Report().add(3), lambda: Report().remove(3),
                  lambda: Report().next("x"), lambda: Report().add()):
        with pytest.raises(TypeError):
            wrong()


def test_a_report_that_goes_closes_its_descriptor_and_lets_go_of_all():
    import gc
    import weakref

    R, A, tag = Report(), Asynchron(), Asynchron()
    R.add(A, tag)
    fd, gone = R.fileno(), [weakref.ref(A), weakref.ref(tag)]
    del R, A, tag
    gc.collect()
    assert [ref() for ref in gone] == [None, None]
    with pytest.raises(OSError):
        os.fstat(fd)


def test_removals_against_threads_that_ask_lose_and_double_nothing():
    tags = [object() for _ in range(3)]
    for i in range(many(300, 20_000)):
        A, R, together = Asynchron(), Report(), threading.Barrier(2)
        gone = [[] for _ in range(4)]
        for tag in tags:
            R.add(A, tag)

        def ask(mine):
            while (pair := R.next(tagged=True)) is not None:
                mine.append(pair[1])

        def remove(mine, tag):
            together.wait()
            if R.remove(A, tag):
                mine.append(tag)

        threads = [threading.Thread(target=ask, args=(gone[0],)), threading.Thread(target=ask, args=(gone[1],)),
                   threading.Thread(target=remove, args=(gone[2], tags[1]))]
        for thread in threads:
            thread.start()
        time.sleep(0.001)
        together.wait()
        A.put(1)
        # With the interpreter lock: those that were woken have their items by now, and want the lock.
        for _ in range(i % 50 * 100):
            pass
        if R.remove(A):
            gone[3].append(None)
        for thread in threads:
            thread.join()
        # Each tag went once, by whichever way; the main thread did not ask for any by name.
        named = gone[0] + gone[1] + gone[2]
        assert len(named) + len(gone[3]) == 3 and len(set(named)) == len(named) and len(R) == 0
