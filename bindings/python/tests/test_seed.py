"""What the page of cs.result shows, and its corners."""

import copy
import functools
import pickle
import threading
import weakref

import asynchron
import pytest
from asynchron import Asynchron, CancellationError, OnDemandResult, Result, report
from conftest import deliver_one_by_one


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
