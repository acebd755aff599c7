"""Functions that run when somebody asks, and sets."""

import copy
import pickle
import threading

import pytest
from asynchron import Asynchron, OnDemandFunction, OnDemandResult, ResultSet
from conftest import deliver_one_by_one, later


def test_on_demand_runs_when_it_is_asked_for_and_once():
    ran = []
    for ask in (lambda R: R(), lambda R: R.get(), lambda R: R.join()[0], lambda R: R.wait() and R.result):
        R = OnDemandResult(lambda: ran.append(1) or 42)
        assert R.pending and ask(R) == 42 and R() == 42
    assert len(ran) == 4 and OnDemandFunction is OnDemandResult
    with pytest.raises(ZeroDivisionError):
        OnDemandResult(lambda: 1 / 0)()


def test_on_demand_runs_for_nobody_that_does_not_wait():
    ran = []
    R = OnDemandResult(ran.append, 1)
    assert R.wait(0) is False and R.wait(timeout=-1.5) is False and R.pending
    with pytest.raises(TimeoutError):
        R.join(0)
    with pytest.raises(ValueError):
        R(int)
    assert R.pending and ran == []
    assert R() is None and ran == [1]


def test_on_demand_is_named_after_its_class_and_shows_its_function():
    class Special(OnDemandResult):
        pass

    assert [Special(int).name, Special(int).name] == ["Special-0", "Special-1"]
    assert OnDemandResult(int).name.startswith("OnDemandResult-")
    assert str(Special(func=max)) == "Special['Special-2':PENDING]:func=max"
    assert str(Special(max, 1, default=2)).endswith(":func=max:fargs=(1,):fkwargs={'default': 2}")
    assert Special.from_handle(Asynchron(result=4).capsule())() == 4


def test_on_demand_runs_once_for_all_who_ask():
    ran, go_on = [], threading.Event()
    R = OnDemandResult(lambda: ran.append(1) or go_on.wait() and 42)
    got = []
    threads = [threading.Thread(target=lambda: got.append(R())) for _ in range(4)]
    for thread in threads:
        thread.start()
    later(go_on.set)
    for thread in threads:
        thread.join()
    assert got == [42] * 4 and ran == [1]


def test_on_demand_waits_for_another_that_begins_just_before():
    class Beaten(OnDemandResult):
        def run_func(self, *args):
            assert self.start()
            later(self.put, 5)
            super().run_func(*args)

    R = Beaten(int)
    assert R.get() == 5 and R() == 5


def test_nothing_but_iterating_a_set_waits():
    A, B = Asynchron("a"), Asynchron("b", result=1)
    both = ResultSet([A, B])
    shown = {"ResultSet({%r, %r})" % pair for pair in ((A, B), (B, A))}
    assert repr(both) in shown and str(both) in shown and f"{both}" in shown and repr(ResultSet()) == "ResultSet()"
    for same in (both.copy(), copy.copy(both), copy.deepcopy(both), both | both, both & both, both | set(), set(both)):
        assert len(same) == 2 and A in same and B in same and same == both
    assert type(copy.copy(both)) is type(copy.deepcopy(both)) is ResultSet
    assert len(both - {B}) == 1 and both ^ both == set() and both <= both and both and not both.isdisjoint([A])
    both |= {Asynchron()}
    both.discard(A)
    assert len(both) == 2
    with both:
        pass
    with pytest.raises(TypeError, match="pickle"):
        pickle.dumps(both)


def test_a_set_iterates_as_they_complete():
    A, B = Asynchron(), Asynchron()
    thread = threading.Thread(target=deliver_one_by_one, args=([B, A],))
    thread.start()
    with ResultSet([A, B]) as both:
        assert list(both) == [B, A]
    both.wait()
    thread.join()
    assert A.ready and B.ready and len(both) == 2 and A in both
