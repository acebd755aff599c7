"""Several threads in one object at the same time: with the interpreter lock, and in builds without it."""

import gc
import logging
import sys
import sysconfig
import threading
import weakref

import pytest
from asynchron import Asynchron, CancellationError, Future, Report
from conftest import comes_true, many, run_python

THREADS = 4


class Thing:
    pass


def together(*functions):
    """Calls each function in a thread of its own, all at the same moment; what they return, in their order."""
    start, answers, failures = threading.Barrier(len(functions)), [None] * len(functions), []

    def run(i, function):
        start.wait()
        try:
            answers[i] = function()
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(functions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return answers


def test_importing_leaves_a_build_without_the_lock_without_it():
    if not sysconfig.get_config_var("Py_GIL_DISABLED"):
        pytest.skip("this Python has the interpreter lock")
    done = run_python("import asynchron, sys; print(sys._is_gil_enabled())", options=("-W", "error"))
    assert done.stdout == "False\n", done.stderr


def test_all_get_the_same_name_and_the_same_extra():
    As = [Asynchron() for _ in range(many(2000, 10_000))]

    def names():
        return [A.name for A in As]

    def extras():
        return [A.extra for A in As]

    one, two, three, four = together(names, extras, names, extras)
    assert all(map(lambda a, b: a is b, one, three)) and all(map(lambda a, b: a is b, two, four))


def test_a_name_that_is_replaced_is_seen_whole():
    for _ in range(many(20, 500)):
        A = Asynchron()

        def write():
            for i in range(200):
                A.name = f"name {i}"

        def read():
            return [len(A.name) + len(repr(A)) for _ in range(200)]

        together(write, write, read, read)
        assert A.name == "name 199"


def test_what_is_kept_as_attributes_by_several_threads_is_all_there():
    for _ in range(many(20, 500)):
        A = Asynchron()

        def write(letter):
            for i in range(50):
                setattr(A, f"{letter}{i}", i)
                A.extra[f"{letter}{i}"] = i

        together(*[lambda letter=letter: write(letter) for letter in "abcd"])
        assert len(A.__dict__) == len(A.extra) == 200


def test_each_of_a_class_has_a_number_of_its_own():
    class Special(Asynchron):
        pass

    for kind in (Asynchron, Special):
        parts = together(*[lambda: [kind().name for _ in range(many(2000, 20_000))]] * THREADS)
        assert len(set().union(*parts)) == sum(map(len, parts))


def test_one_delivery_wins_and_all_see_it():
    for _ in range(many(300, 4000)):
        A, seen = Asynchron(), []
        A.notify(seen.append)

        def deliver(value):
            try:
                A.put(value)
                return value
            except RuntimeError:
                return None

        one, two, asked, cancelled = together(lambda: deliver([1]), lambda: deliver([2]), A.wait, A.cancel)
        winners = [value for value in (one, two) if value is not None]
        assert asked is True and len(winners) + cancelled == 1 and comes_true(lambda: seen == [A])
        assert A.cancelled if cancelled else A() is winners[0]


def test_callbacks_run_once_or_are_taken_back():
    for _ in range(many(200, 2000)):
        A, ran, back, lock = Asynchron(), [], [], threading.Lock()

        def register():
            for i in range(20):
                mark = object()
                token = A.notify(lambda a, mark=mark: ran.append(mark))
                if i % 2:
                    with lock:
                        back.append(A.unnotify(token))

        together(register, register, register, lambda: A.put(1))
        assert comes_true(lambda: len(ran) + sum(back) == 60) and len(set(ran)) == len(ran)


def test_callbacks_that_deliver_and_register_to_each_other_do_not_hang():
    for _ in range(many(100, 1000)):
        As = [Asynchron() for _ in range(8)]
        seen = []

        def tell(i):
            def callback(A):
                A.notify(lambda a: seen.append(a))
                for j in (i + 1, i + 3):
                    As[j % 8].notify(lambda a: a.name)
                    As[j % 8].cancel(A.name)

            return callback

        def work(first):
            for i in range(first, 8, 2):
                As[i].notify(tell(i))
            As[first].cancel()

        together(lambda: work(0), lambda: work(1), lambda: work(0), gc.collect)
        assert comes_true(lambda: all(A.ready for A in As))


def test_a_report_gives_each_to_one_while_others_add_and_remove():
    n = many(1000, 10_000)
    R, stop = Report(), Asynchron()
    R.add(stop)

    def add():
        removed = set()
        for i in range(n):
            A = Asynchron()
            kept, other = ("kept", A), ("other", A)
            R.add(A, kept)
            R.add(A, other)
            A.put(i)
            # Either it is taken back, or another thread has it.
            if R.remove(A, other):
                removed.add(other)
        return removed

    def add_all():
        removed = set().union(*together(add, add))
        stop.put(None)
        return removed

    def take():
        mine = []
        while (pair := R.next(tagged=True)) is not None:
            mine.append(pair)
            mine += R.next_batch(5, tagged=True)
        return mine

    removed, *taken = together(add_all, take, take, take)
    pairs = [pair for part in taken for pair in part if pair[0] is not stop]
    tags = [tag for _, tag in pairs]
    assert all(A is tag[1] for A, tag in pairs)
    assert len(tags) == len(set(tags)) == 4 * n - len(removed) and not removed.intersection(tags)
    assert len(R) == 0


def test_removals_and_items_on_their_way_meet():
    for _ in range(many(300, 4000)):
        A, R = Asynchron(), Report()
        tags = [object() for _ in range(6)]
        for tag in tags:
            R.add(A, tag)

        def take():
            mine = []
            while (pair := R.next(tagged=True)) is not None:
                mine.append(pair[1])
            return mine

        def remove(tag):
            return [tag] if R.remove(A, tag) else []

        parts = together(take, take, lambda: A.put(1) or [], lambda: remove(tags[1]) + remove(tags[4]))
        out = sum(parts, [])
        assert len(out) == 6 and set(out) == set(tags) and len(R) == 0


def test_the_collector_runs_while_others_make_cycles_and_deliver():
    rounds = many(300, 2000)
    alive = weakref.WeakSet()

    def make():
        for _ in range(rounds):
            A, thing = Asynchron(), Thing()
            alive.add(thing)
            A.notify(lambda a: (A, thing))
            A.extra.me = A
            A.put([A, thing])
            B = Asynchron()
            B.notify(lambda b: (B, thing))
            C, R = Asynchron(), Report()
            R.add(C, (R, thing))
            C.report = R

    def collect():
        for _ in range(20):
            gc.collect()

    together(make, make, make, collect)
    gc.collect()
    assert comes_true(lambda: gc.collect() is not None and not len(alive))


def test_weak_references_are_to_a_whole_one_or_to_none():
    for _ in range(many(200, 2000)):
        kept = [Asynchron(f"one {i}") for i in range(20)]
        refs = [weakref.ref(A) for A in kept]

        def ask():
            return [A.name for ref in refs if (A := ref()) is not None]

        def refer():
            return [weakref.ref(A) for ref in refs if (A := ref()) is not None]

        def drop():
            while kept:
                kept.pop()

        together(ask, refer, ask, drop)
        assert all(ref() is None for ref in refs)


def test_callbacks_that_raise_in_several_threads_are_all_logged(caplog):
    n = many(100, 1000)

    def work():
        for _ in range(n):
            A = Asynchron()
            A.notify(lambda a: 1 / 0)
            A.put(1)

    with caplog.at_level(logging.ERROR, "asynchron"):
        together(*[work] * THREADS)
    assert sum("a callback of" in text for text in caplog.messages) == n * THREADS


#: CPython 3.13 has no lock of its own around an exception's traceback; 3.14 has.
raises_the_same_safely = not sysconfig.get_config_var("Py_GIL_DISABLED") or sys.version_info >= (3, 14)


@pytest.mark.skipif(not raises_the_same_safely, reason="CPython 3.13 races where threads raise the same exception")
def test_a_failure_that_many_threads_raise_keeps_a_short_traceback():
    A = Asynchron()
    A.fail(ValueError("v"))

    def ask():
        for _ in range(many(300, 4000)):
            try:
                A()
            except ValueError as error:
                assert error.args == ("v",)

    together(*[ask] * THREADS)
    length, traceback = 0, A.exc_info[1].__traceback__
    while traceback is not None:
        length, traceback = length + 1, traceback.tb_next
    # At most the lines of those that raised it last, at the same time.
    assert length <= 4 * THREADS


def test_hand_offs_between_threads_arrive():
    rounds = many(500, 10_000)
    there, back = [[Asynchron() for _ in range(rounds)] for _ in range(2)]

    def ask():
        for i in range(rounds):
            there[i].put(i)
            assert back[i]() == i

    def answer():
        for i in range(rounds):
            back[i].put(there[i]())

    together(ask, answer)


def test_a_future_is_begun_by_one():
    for _ in range(many(200, 2000)):
        F = Future()

        def begin():
            try:
                return F.set_running_or_notify_cancel()
            except RuntimeError:
                return None

        begun = together(begin, begin, begin, F.cancel)
        assert begun[:3].count(True) + begun[3] == 1


def test_a_cancel_reaches_all_who_wait():
    for _ in range(many(100, 1000)):
        A = Asynchron()

        def ask():
            with pytest.raises(CancellationError, match="why"):
                A()

        together(ask, ask, ask, lambda: A.cancel("why"))


def test_references_are_exact_after_all_of_it():
    thing = Thing()
    gone = weakref.ref(thing)

    def use(thing=thing):
        for _ in range(many(200, 2000)):
            A = Asynchron(thing)
            A.extra.thing = thing
            A.notify(lambda a: thing)
            R = Report()
            R.add(A, thing)
            A.put(thing)
            R.next()
            A()

    before = sys.getrefcount(thing)
    together(*[use] * THREADS)
    assert comes_true(lambda: gc.collect() is not None and sys.getrefcount(thing) <= before)
    del thing, use
    assert comes_true(lambda: gc.collect() is not None and gone() is None)
