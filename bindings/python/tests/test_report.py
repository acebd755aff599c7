"""Reports: the order of completion, tags, a descriptor."""

import gc
import os
import select
import selectors
import threading
import time
import weakref

import pytest
from asynchron import Asynchron, Report, report
from conftest import comes_true, later, many, run_python


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


# ---- taking out ----


def test_what_was_added_several_times_is_taken_out_by_its_tag_and_the_others_come_out():
    R, A, B = Report(), Asynchron(), Asynchron()
    tags = [f"tag {i}" for i in range(50)]
    for tag in tags:
        R.add(A, tag)
        R.add(B, tag)
    for tag in tags[::2]:
        assert R.remove(A, tag) and not R.remove(A, tag)
    assert len(R) == 75
    A.put(1)
    assert R.next_batch(100, tagged=True) == [(A, tag) for tag in tags[1::2]]
    R.add(A)
    assert R.remove(A, None) and not R.remove(A)
    B.put(1)
    assert R.next_batch(100, tagged=True) == [(B, tag) for tag in tags]


def test_to_take_one_out_takes_as_long_among_many_as_among_few():
    def seconds_for_each(n):
        best = float("inf")
        for _ in range(3):
            As = [Asynchron() for _ in range(n)]
            R = Report(As)
            begun = time.thread_time()
            for A in reversed(As):
                R.remove(A)
            best = min(best, (time.thread_time() - begun) / n)
            assert len(R) == 0
        return best

    # Were all looked at, it would be a hundred times.
    assert seconds_for_each(50_000) < 20 * seconds_for_each(500)


def test_a_report_that_was_large_is_used_again():
    R = Report()
    for n in (5000, 3, 700):
        As = [Asynchron() for _ in range(n)]
        for A in As:
            R.add(A, str(n))
        for A in As[::3]:
            assert R.remove(A)
        for A in As:
            A.put(1)
        rest = [A for i, A in enumerate(As) if i % 3]
        assert R.next_batch(10_000, tagged=True) == [(A, str(n)) for A in rest]
        assert len(R) == 0


@pytest.mark.parametrize("call, words", [
    (lambda R: R.add(), "needs"), (lambda R: R.add(Asynchron(), 1, 2), "at most"), (lambda R: R.add(tag=1), "needs"),
    (lambda R: R.add(Asynchron(), 1, tag=2), "twice"), (lambda R: R.next(nothing=1), "no argument"),
    (lambda R: R.next(1, True), "at most"), (lambda R: R.next_batch(most="x"), "str"),
])
def test_wrong_arguments_are_refused_with_words(call, words):
    R = Report([Asynchron()])
    with pytest.raises(TypeError, match=words):
        call(R)
    assert len(R) == 1


# ---- report() ----


def test_report_is_lazy_and_says_what_is_wrong_once():
    def asynchrons():
        seen.append(1)
        yield Asynchron(result=1)
        raise KeyError("late")

    seen = []
    all_of_them = report(asynchrons())
    assert seen == [] and iter(all_of_them) is all_of_them
    with pytest.raises(KeyError, match="late"):
        next(all_of_them)
    assert seen == [1] and list(all_of_them) == []
    with pytest.raises(TypeError):
        next(report([3]))
    assert list(report([])) == []


def test_a_thread_that_asks_while_another_waits_is_told_so():
    A, got, refused = Asynchron(), [], Asynchron()
    all_of_them = report([A])

    def ask():
        try:
            got.extend(all_of_them)
        except ValueError as error:
            refused.put(str(error))

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    # One of the two waits by now, and the other is told.
    assert "another thread" in refused()
    A.put(1)
    for thread in threads:
        thread.join()
    assert got == [A]


def test_what_a_report_has_fetched_ahead_goes_with_it():
    values = [set() for _ in range(100)]
    As = [Asynchron(result=value) for value in values]
    gone = [weakref.ref(it) for it in values + As]
    all_of_them = report(As)
    assert next(all_of_them) is As[0]
    del As, values, all_of_them
    assert [ref() for ref in gone] == [None] * 200


def test_the_collector_finds_a_report_to_which_what_is_in_it_leads():
    class Mine(Asynchron):
        pass

    A, B, C, tag = Mine(), Mine(result=1), Mine(result=2), Mine()
    all_of_them, R = report([A, B, C]), Report()
    assert next(all_of_them) is B  # and C is fetched
    C.me = all_of_them
    R.add(A, tag)
    tag.me = R
    gone = [weakref.ref(each) for each in (A, B, C, R, tag)]
    del A, B, C, R, tag, all_of_them
    gc.collect()
    assert [ref() for ref in gone] == [None] * 5


# ---- descriptors ----


def test_a_report_that_goes_while_it_is_watched_is_watched_no_more():
    R, other = Report(), Report([Asynchron(result=1)])
    R.add(Asynchron(result=1))
    with select.epoll() as watcher:
        watcher.register(R.fileno(), select.EPOLLIN)
        watcher.register(other.fileno(), select.EPOLLIN)
        assert len(watcher.poll(0)) == 2
        del R
        assert [fd for fd, _ in watcher.poll(0)] == [other.fileno()]
    # A selector holds what it watches.
    R = Report([Asynchron(result=1)])
    gone = weakref.ref(R)
    with selectors.DefaultSelector() as selector:
        selector.register(R, selectors.EVENT_READ)
        del R
        assert len(selector.select(0)) == 1
        selector.unregister(gone())
        assert gone() is None


def test_the_descriptor_of_a_closed_report_says_when_nothing_is_left():
    A = Asynchron()
    R = Report([A])
    R.close()
    assert select.select([R], [], [], 0)[0] == []
    A.put(1)
    assert select.select([R], [], [], 0)[0] == [R] and R.next() is A
    assert select.select([R], [], [], 0)[0] == [R] and R.next() is None


def test_an_edge_is_seen_again_after_rearm():
    R = Report([Asynchron(result=1), Asynchron(result=2)])
    with select.epoll() as watcher:
        watcher.register(R, select.EPOLLIN | select.EPOLLET)
        assert len(watcher.poll(0)) == 1 and watcher.poll(0) == []
        R.next()
        R.rearm()
        assert len(watcher.poll(0)) == 1
        R.next()
        R.rearm()
        assert watcher.poll(0) == []


def test_without_descriptors_fileno_says_so_and_the_report_goes_on():
    program = """
import os, resource
from asynchron import Asynchron, Report
R, A = Report(), Asynchron()
R.add(A)
resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))
try:
    R.fileno()
except OSError as error:
    print(error)
A.put(1)
print(R.next() is A)
"""
    assert run_python(program).stdout == "no descriptor can be had\nTrue\n"


def test_an_empty_report_is_false_as_other_containers():
    R, A = Report(), Asynchron()
    assert not R
    R.add(A)
    assert R
    A.put(1)
    assert R.next() is A and not R
