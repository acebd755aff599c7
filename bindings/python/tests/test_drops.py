"""References are exact: what threads of C deliver and drop is dropped once, on whichever thread."""

import gc
import sys
import threading
import weakref

import pytest
from asynchron import Asynchron, Report
from conftest import build_extension, comes_true, many


@pytest.fixture(scope="module")
def dropping(tmp_path_factory):
    """The extension dropping.c."""
    folder = build_extension("tests/dropping.c", tmp_path_factory.mktemp("dropping"))
    sys.path.insert(0, str(folder))
    import dropping

    yield dropping
    sys.path.remove(str(folder))


class Thing:
    """Counts those that are alive."""

    alive = 0
    lock = threading.Lock()

    def __init__(self):
        with Thing.lock:
            Thing.alive += 1

    def __del__(self):
        with Thing.lock:
            Thing.alive -= 1


def all_gone():
    return comes_true(lambda: gc.collect() is not None and Thing.alive == 0)


def parts():
    """So many, in parts that fit into memory."""
    n = many(6000, 250_000)
    return [min(5000, n - i) for i in range(0, n, 5000)]


def test_values_that_threads_of_c_drop_are_all_dropped_once(dropping):
    for n in parts():
        As = [Asynchron(result=Thing()) for _ in range(n)]
        assert Thing.alive == n
        dropping.release(As)
        assert As == [] and all_gone()


def test_failures_and_callbacks_that_threads_of_c_drop_are_all_dropped_once(dropping):
    for n in parts():
        As = [Asynchron() for _ in range(n)]
        for i, A in enumerate(As):
            A.extra.thing = Thing()
            if i % 2:
                A.fail(ValueError(Thing()))
            else:
                A.notify(lambda a, thing=Thing(): None)
                A.cancel()
        del A
        dropping.release(As)
        assert all_gone()


def test_a_set_against_cancels_drops_what_came_too_late_once(dropping):
    value = Thing()
    before = sys.getrefcount(value)
    for n in parts():
        As = [Asynchron() for _ in range(n)]
        seen = []
        for A in As[:100]:
            A.notify(seen.append)
        dropping.race(As, value)
        delivered = sum(not A.cancelled for A in As)
        assert all(A.ready for A in As) and comes_true(lambda: len(seen) == min(n, 100))
        # In a build without the lock, what other threads gave back may be merged later.
        assert comes_true(lambda: sys.getrefcount(value) == before + delivered)
        del A
        As.clear()
        seen.clear()
        assert comes_true(lambda: gc.collect() is not None and sys.getrefcount(value) == before)
    del value
    assert all_gone()


def test_destructors_that_use_the_package_again_run_on_threads_of_c(dropping):
    n = many(2000, 50_000)
    told, report = Asynchron(), Report([Asynchron()])

    class Uses(Thing):
        def __del__(self):
            # Delivers, is called back, cancels, drops and is refused, on a thread of C, inside a drop.
            A = Asynchron(result=Thing())
            A.notify(lambda a: a.name)
            try:
                A.put(Thing())
            except RuntimeError:
                pass
            B = Asynchron()
            B.notify(lambda b: told.cancel(b.name))
            report.add(B, Thing())
            B.cancel()
            report.next(tagged=True)
            super().__del__()

    As = [Asynchron(result=Uses()) for _ in range(n)]
    dropping.release(As)
    assert comes_true(lambda: told.cancelled and len(report) == 1) and all_gone()


def test_what_raises_in_a_destructor_is_told_and_the_others_are_dropped(dropping, monkeypatch):
    told = []
    monkeypatch.setattr(sys, "unraisablehook", lambda what: told.append(what.exc_type))

    class Raises(Thing):
        def __del__(self):
            super().__del__()
            raise KeyError

    As = [Asynchron(result=Raises()) for _ in range(100)]
    dropping.release(As)
    assert all_gone() and comes_true(lambda: told == [KeyError] * 100)


def test_an_error_on_its_way_is_not_lost_to_what_is_dropped_meanwhile():
    class Raises:
        def __del__(self):
            A = Asynchron()
            A.notify(lambda a: 1 / 0)
            A.cancel()

    def fails():
        A = Asynchron(result=Raises())
        A.put(1)

    with pytest.raises(RuntimeError, match="already completed"):
        fails()


def test_what_c_holds_is_left_alone_by_the_collector_and_goes_with_c(dropping):
    A = Asynchron()
    capsule = A.capsule()
    A.put([A, thing := Thing()])
    A.extra.me = A
    gone = weakref.ref(A)
    del A, thing
    gc.collect()
    assert Thing.alive == 1 and gone() is not None
    del capsule
    gc.collect()
    assert all_gone() and gone() is None
