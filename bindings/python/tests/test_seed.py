"""What the page of cs.result shows, and its corners."""

import copy
import functools
import gc
import pickle
import sys
import threading
import time
import weakref

import asynchron
import pytest
from asynchron import (Asynchron, CancellationError, OnDemandFunction, OnDemandResult, Result, ResultSet, after, bg,
                       call_in_thread, in_thread, report)
from conftest import comes_true, later, many


def deliver_one_by_one(asynchrons):
    for A in asynchrons:
        time.sleep(0.02)
        A.put(A.name)


def test_three_threads_meet_as_on_the_page():
    R = Result(name="my demo")
    printed = []

    def first():
        value = R()
        printed.append(value)

    def second():
        R.result = 3

    threads = [threading.Thread(target=first), threading.Thread(target=second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert printed == [3] and R() == 3 and R.name == "my demo"


def test_report_yields_in_the_order_of_completion():
    Rs = [Result() for _ in range(3)]
    thread = threading.Thread(target=deliver_one_by_one, args=(reversed(Rs),))
    thread.start()
    assert list(report(Rs)) == Rs[::-1]
    thread.join()


def test_report_is_lazy_and_yields_duplicates_twice_and_cancelled_ones_too():
    A, B = Asynchron(), Asynchron()
    all_of_them = report([A, B, A])
    A.put(1)
    assert next(all_of_them) is A and next(all_of_them) is A
    B.cancel()
    assert list(all_of_them) == [B]
    assert list(report([])) == []


def test_names_count_per_class():
    class Special(Asynchron):
        pass

    class Other(Special):
        pass

    assert [Special().name, Special().name, Other().name] == ["Special-0", "Special-1", "Other-0"]
    assert repr(Special("x")) == "Special['x':PENDING]"
    before, after_ = Asynchron().name, Asynchron().name
    assert int(after_.split("-")[1]) == int(before.split("-")[1]) + 1


def test_a_result_of_none_is_pending_and_of_0_is_done():
    assert Asynchron(result=None).pending and Asynchron(result=0).is_done and Asynchron(result=0)() == 0


def test_states():
    A = Asynchron()
    assert (A.state, A.pending, A.is_pending, A.ready, A.empty()) == ("PENDING", True, True, False, True)
    assert A(lambda: A.state) == "RUNNING"
    assert (A.state, A.is_done, A.ready, A.pending, A.empty()) == ("DONE", True, True, False, False)
    assert Asynchron(state="RUNNING").is_running and Asynchron(state="CANCELLED").cancelled
    for wrong in ("LOST", 3):
        with pytest.raises(ValueError):
            Asynchron(state=wrong)
    assert Asynchron(state="RUNNING", result=5).is_done
    with pytest.raises(RuntimeError):
        Asynchron(state="CANCELLED", result=5)


def test_before_completion_result_is_an_attribute_error():
    with pytest.raises(AttributeError):
        Asynchron().result
    with pytest.raises(AttributeError):
        Asynchron().exc_info


def test_get_has_a_default_for_a_failure():
    A = Asynchron()
    A.fail(ValueError())
    assert A.get(7) == 7 and A.get() is None


def test_raise_takes_the_exception_that_is_handled():
    A = Asynchron()
    try:
        1 / 0
    except ZeroDivisionError:
        A.raise_()
    with pytest.raises(ZeroDivisionError):
        A()
    with pytest.raises(RuntimeError):
        Asynchron().raise_()


def test_exc_info_is_delivered():
    A = Asynchron()
    A.exc_info = (ValueError, ValueError("q"), None)
    with pytest.raises(ValueError, match="q"):
        A()


def test_bg_runs_in_a_thread_of_its_own():
    assert bg(lambda a, b: (threading.current_thread(), a + b), 1, b=2)()[0] is not threading.current_thread()
    R = bg(int, _name="nm", _extra={"z": 1})
    assert R() == 0 and R.name == "nm" and R.extra.z == 1
    A = Asynchron()
    assert isinstance(A.bg(lambda: 8), threading.Thread) and A() == 8
    assert Asynchron().run_func_in_thread(lambda: 8) == 8
    doubled = in_thread(lambda func, _name=2: func * _name)
    assert doubled(4) == doubled(func=4, _name=2) == doubled.direct(4) == 8
    assert in_thread(lambda q: q * 2)(4) == call_in_thread(lambda q: q * 2, 4) == 8
    with pytest.raises(ZeroDivisionError):
        call_in_thread(lambda: 1 / 0)


def test_context_variables_are_seen_in_bg():
    import contextvars

    variable = contextvars.ContextVar("variable")
    variable.set(5)
    assert bg(variable.get)() == 5


def test_a_second_function_is_refused_at_once_and_does_not_run():
    ran, go_on = [], threading.Event()
    A = Asynchron()
    A.bg(go_on.wait)
    for again in (A.bg, A.run_func, A, A.run_func_in_thread):
        with pytest.raises(RuntimeError, match="begun already"):
            again(ran.append, 1)
    go_on.set()
    assert A() is True
    for again in (A.bg, A.run_func, A, A.run_func_in_thread):
        with pytest.raises(RuntimeError, match="already completed"):
            again(ran.append, 1)
    assert ran == []


def test_of_many_that_begin_a_function_in_a_thread_one_may_and_the_others_are_told():
    for _ in range(many(30, 1000)):
        A, barrier, begun = Asynchron(), threading.Barrier(3), []

        def begin(n):
            barrier.wait()
            try:
                A.bg(lambda: n)
            except RuntimeError:
                return
            begun.append(n)

        threads = [threading.Thread(target=begin, args=(n,)) for n in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert begun == [A()]


def test_a_function_has_begun_when_bg_returns_and_waits_for_itself_in_no_thread():
    A, go_on = Asynchron(), threading.Event()
    A.bg(go_on.wait)
    assert A.is_running
    go_on.set()
    B = Asynchron()
    B.bg(lambda: B())
    with pytest.raises(RuntimeError, match="itself"):
        B()


def test_bg_takes_options():
    class Own(threading.Thread):
        pass

    log = []

    class Entered:
        def __enter__(self):
            log.append(("in", threading.current_thread()))

        def __exit__(self, *_):
            log.append(("out", threading.current_thread()))

    A = Asynchron("a")
    thread = A.bg(lambda: log.append("runs"), _daemon=True, _thread_factory=Own, _pre_enter_objects=[Entered()])
    A()
    thread.join()
    assert type(thread) is Own and thread.daemon and thread.name == "a"
    assert log == [("in", threading.current_thread()), "runs", ("out", thread)]
    B = Asynchron()
    thread = B.bg(int, _no_start=True, _no_logexc=True)
    assert B.pending and not thread.is_alive()
    thread.start()
    assert B() == 0
    assert bg(int, _daemon=False, _name="nm")() == 0
    C = Asynchron()
    for wrong in ({"_nothing": 1}, {"_name": "n"}, {"_target": int}):
        with pytest.raises(TypeError):
            C.bg(int, **wrong)
    assert C.pending


def test_a_thread_that_cannot_start_leaves_nothing():
    left = []

    class Broken(threading.Thread):
        def start(self):
            raise RuntimeError("no thread")

    class Entered:
        def __enter__(self):
            pass

        def __exit__(self, *_):
            left.append(1)

    A = Asynchron()
    with pytest.raises(RuntimeError, match="no thread"):
        A.bg(int, _thread_factory=Broken, _pre_enter_objects=[Entered()])
    assert A.pending and left == [1]
    A.bg(int)
    assert A() == 0


@pytest.mark.parametrize("late", [lambda: 1, lambda: 1 / 0], ids=["value", "failure"])
@pytest.mark.parametrize("complete", [lambda A: A.cancel(), lambda A: A.put(5)], ids=["cancelled", "delivered"])
def test_what_a_thread_delivers_too_late_is_dropped_quietly(late, complete, caplog, capsys, monkeypatch):
    told = []
    monkeypatch.setattr(threading, "excepthook", told.append)
    A, B, go_on = Asynchron(), Asynchron(), threading.Event()
    function = lambda: go_on.wait() and late()
    post = B.post_notify(lambda value: function())
    R = after([B], None, function)
    threads = [A.bg(function), threading.Thread(target=B.put, args=(1,))]
    threads[1].start()
    assert comes_true(lambda: post.is_running)
    for each in (A, post, R):
        complete(each)
    go_on.set()
    for thread in threads:
        thread.join()
    assert told == [] and caplog.text == "" and capsys.readouterr() == ("", "")
    assert all(each.is_cancelled or each() == 5 for each in (A, post, R))


def test_after_checks_first_and_registers_nothing_with_what_it_refuses():
    A, ran = Asynchron(), []
    for wrong in (lambda: after([A, 3], None, ran.append, 1), lambda: after([A], 3, ran.append, 1),
                  lambda: after([A], None, 3), lambda: after(3, None, int)):
        before = sys.getrefcount(A)
        with pytest.raises(TypeError):
            wrong()
        assert sys.getrefcount(A) == before
    A.put(1)
    assert ran == []


def test_after_takes_back_what_it_registered_if_it_cannot_register_all():
    class Broken(Asynchron):
        def notify(self, notifier):
            raise MemoryError

    A, ran = Asynchron(), []
    before = sys.getrefcount(A)
    with pytest.raises(MemoryError):
        after([A, A, Broken()], None, ran.append, 1)
    gc.collect()
    assert sys.getrefcount(A) == before
    A.put(1)
    assert ran == []


def test_after_leaves_one_that_is_complete_as_it_is():
    A, R, ran = Asynchron(), Asynchron(result=7), []
    assert after([A], R, ran.append, 1) is R
    A.put(1)
    assert R() == 7
    with pytest.raises(RuntimeError):
        after([A], R, ran.append, 1)
    assert ran == []


def test_after_runs_when_all_are_complete():
    A, B = Asynchron(), Asynchron()
    R = after([A, B], None, lambda q: q + 1, 4)
    A.put(1)
    assert not R.ready
    B.cancel()
    assert R() == 5
    S = Asynchron()
    assert after([], S, lambda: "e") is S and S() == "e"
    F = after([Asynchron(result=1)], None, lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        F()


def test_post_notify_passes_on_values_failures_and_cancels():
    A = Asynchron()
    post = A.post_notify(lambda value: value * 2)
    A.put(4)
    assert post() == 8
    B = Asynchron()
    post = B.post_notify(lambda value: value)
    B.fail(KeyError("k"))
    with pytest.raises(KeyError):
        post()
    C = Asynchron()
    post = C.post_notify(lambda value: value)
    C.cancel("why")
    with pytest.raises(CancellationError, match="why"):
        post()
    D = Asynchron(result=1).post_notify(lambda value: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        D()


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


def test_extra_keeps_what_the_program_likes():
    A = Asynchron(extra={"a": 1})
    A.extra.b = 2
    assert A.extra == {"a": 1, "b": 2} and A.extra.a == 1 and Asynchron().extra == Asynchron(extra=0).extra == {}
    del A.extra.b
    assert copy.deepcopy(A.extra) == pickle.loads(pickle.dumps(A.extra)) == {"a": 1}
    A.extra.b = 2
    with pytest.raises(AttributeError):
        A.extra.c
    A.extra = other = object()
    assert A.extra is other
    A.extra = None
    assert A.extra is None
    del A.extra
    assert A.extra == {}


def test_identity_is_that_of_the_object():
    A, B = Asynchron(), Asynchron()
    assert A != B and hash(A) != hash(B) and bool(A) and {A: 1}[A] == 1
    assert weakref.ref(A)() is A


def test_an_asynchron_has_attributes_as_any_object():
    class Special(Asynchron):
        @functools.cached_property
        def computed(self):
            return [self.name]

    for A in (Asynchron("a"), Special("a"), OnDemandResult(int)):
        before = dict(vars(A))
        A.mine = 3
        assert vars(A) == {**before, "mine": 3} and A.__dict__ is vars(A) and A.mine == 3
        A.__dict__ = {"other": 4}
        assert A.other == 4 and not hasattr(A, "mine")
    A = Special("a")
    assert A.computed is A.computed and A.computed == ["a"]
    with pytest.raises(TypeError):
        A.__dict__ = 3


def test_a_copy_is_the_same_and_pickle_refuses():
    A = Asynchron()
    assert copy.copy(A) is A and copy.deepcopy([A])[0] is A
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(TypeError, match="cannot pickle Asynchron.*threads"):
            pickle.dumps([A], protocol)


def test_the_names_of_the_package_are_there():
    for name in asynchron.__all__:
        assert getattr(asynchron, name) is not None
    assert asynchron.Result is asynchron.Asynchron
