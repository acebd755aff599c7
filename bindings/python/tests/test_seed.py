"""What the page of cs.result shows, and its corners."""

import copy
import pickle
import threading
import weakref

import asynchron
import pytest
from asynchron import (Asynchron, CancellationError, OnDemandFunction, OnDemandResult, Result, ResultSet, after, bg,
                       call_in_thread, in_thread, report)
from conftest import later


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
    for delay, R in zip((0.15, 0.1, 0.05), Rs):
        later(R.put, delay, after=delay)
    assert [R() for R in report(Rs)] == [0.05, 0.1, 0.15]


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
    with pytest.raises(ValueError):
        Asynchron(state="LOST")
    with pytest.raises(TypeError):
        Asynchron(state=3)


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
    assert in_thread(lambda q: q * 2)(4) == call_in_thread(lambda q: q * 2, 4) == 8
    with pytest.raises(ZeroDivisionError):
        call_in_thread(lambda: 1 / 0)


def test_context_variables_are_seen_in_bg():
    import contextvars

    variable = contextvars.ContextVar("variable")
    variable.set(5)
    assert bg(variable.get)() == 5


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
    C.cancel()
    with pytest.raises(CancellationError):
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


def test_a_set_iterates_as_they_complete():
    A, B = Asynchron(), Asynchron()
    later(B.put, 1, after=0.02)
    later(A.put, 2, after=0.1)
    with ResultSet([A, B]) as both:
        assert list(both) == [B, A]
    both.wait()
    assert A.ready and B.ready and len(both) == 2 and A in both


def test_extra_keeps_what_the_program_likes():
    A = Asynchron(extra={"a": 1})
    A.extra.b = 2
    assert A.extra == {"a": 1, "b": 2} and A.extra.a == 1 and Asynchron().extra == {}
    with pytest.raises(AttributeError):
        A.extra.c


def test_identity_is_that_of_the_object():
    A, B = Asynchron(), Asynchron()
    assert A != B and hash(A) != hash(B) and bool(A) and {A: 1}[A] == 1
    assert weakref.ref(A)() is A


def test_a_copy_is_the_same_and_pickle_refuses():
    A = Asynchron()
    assert copy.copy(A) is A and copy.deepcopy([A])[0] is A
    with pytest.raises(TypeError, match="pickle"):
        pickle.dumps(A)


def test_the_names_of_the_package_are_there():
    for name in asynchron.__all__:
        assert getattr(asynchron, name) is not None
    assert asynchron.Result is asynchron.Asynchron
