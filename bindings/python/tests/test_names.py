"""Every argument and every attribute of cs.result's interface has its name there."""

import copy
import inspect
import pickle

import asynchron
import pytest
from asynchron import (Asynchron, CancellationError, OnDemandResult, after, bg, call_in_thread, in_thread, not_cancelled,
                       report)


def failed():
    A = Asynchron()
    A.raise_(exc=ValueError("v"))
    return A


@pytest.mark.parametrize("by_name, value", [
    (lambda A: A.put(value=3) or A(), 3),
    (lambda A: A.run_func(func=int) or A(), 0),
    (lambda A: A.run_func(func=dict, a=1) or A(), {"a": 1}),
    (lambda A: A.bg(func=int) and A(), 0),
    (lambda A: A.run_func_in_thread(func=dict, a=1), {"a": 1}),
    (lambda A: A.notify(notifier=lambda a: None) and A.pending, True),
    (lambda A: A.unnotify(token=A.notify(notifier=print)), True),
    (lambda A: A.post_notify(post_func=str).pending, True),
    (lambda A: A.wait(timeout=0), False),
    (lambda A: A.expire_after(seconds=1000), True),
    (lambda A: failed().get(default=7), 7),
    (lambda A: failed().join(timeout=1)[0], None),
    (lambda A: A.fail(exc=ValueError) or A.get(default=7), 7),
    (lambda A: list(report(LFs=[])), []),
    (lambda A: bg(func=int)(), 0),
    (lambda A: call_in_thread(func=dict, a=1), {"a": 1}),
    (lambda A: in_thread(func=int)(), 0),
    (lambda A: after(Rs=[], R=A, func=int)(), 0),
    (lambda A: OnDemandResult(func=int)(), 0),
    (lambda A: OnDemandResult(int).get(default=7), 0),
    (lambda A: Asynchron(name="n", lock=None, result=3, state="RUNNING", extra={"a": 1})(), 3),
])
def test_an_argument_may_be_given_by_its_name(by_name, value):
    assert by_name(Asynchron()) == value


@pytest.mark.parametrize("wrong", [
    lambda A: A.put(), lambda A: A.put(1, 2), lambda A: A.put(1, value=2), lambda A: A.put(other=1), lambda A: A.put_bytes(value=b""), lambda A: A.fail(),
    lambda A: A.notify(), lambda A: A.notify(function=print), lambda A: A.get(1, 2), lambda A: A.get(other=1),
    lambda A: A.cancel(message="m"), lambda A: A.wait(1, 2), lambda A: A.run_func(function=int), lambda A: A.bg(),
])
def test_another_name_or_number_of_arguments_is_a_type_error(wrong):
    A = Asynchron()
    with pytest.raises(TypeError):
        wrong(A)
    assert A.pending


def test_states_are_constants_of_the_class_and_of_each_asynchron():
    for of in (Asynchron, Asynchron(), asynchron.OnDemandResult):
        assert (of.PENDING, of.RUNNING, of.DONE, of.CANCELLED) == ("PENDING", "RUNNING", "DONE", "CANCELLED")
    A = Asynchron()
    assert A.fsm_state == A.state == A.PENDING
    A.put(1)
    assert A.fsm_state == A.state == A.DONE


def test_a_cancellation_has_its_message_and_its_asynchron():
    A, B = Asynchron(), Asynchron()
    A.cancel(msg="enough")
    B.cancel()
    for of, message in ((A, "enough"), (B, "cancelled")):
        for ask in (of, of.join, of.get, lambda: of.result, lambda: of.exc_info):
            with pytest.raises(CancellationError) as caught:
                ask()
            assert caught.value.message == str(caught.value) == message and caught.value.fsm is of
    made = CancellationError(5, fsm=A, other=3)
    assert (made.message, made.fsm, made.other, made.args) == ("cancelled: 5", A, 3, ("cancelled: 5",))
    assert CancellationError().message == "cancelled" and CancellationError().fsm is None


def test_a_cancellation_goes_to_other_processes_without_its_asynchron():
    A = Asynchron()
    A.cancel("enough")
    with pytest.raises(CancellationError) as caught:
        A()
    caught.value.other = 3
    for made in (pickle.loads(pickle.dumps(caught.value)), copy.copy(caught.value)):
        assert type(made) is CancellationError and (made.message, made.args, made.other) == ("enough", ("enough",), 3)
        assert made.fsm is None


def test_a_method_that_is_not_for_cancelled_ones_is_refused_then():
    class Special(Asynchron):
        @not_cancelled
        def method(self, a, *, b):
            """What it does."""
            return a + b

    A = Special()
    assert A.method(1, b=2) == 3 and A.method.__doc__ == "What it does."
    A.cancel()
    with pytest.raises(CancellationError, match="method"):
        A.method(1, b=2)


def test_exc_info_of_none_is_no_failure():
    A = Asynchron()
    A.exc_info = None
    assert A() is None and A.exc_info is None


def test_everything_public_says_what_it_is_for():
    for of in (asynchron, Asynchron, asynchron.Report, asynchron.OnDemandResult, asynchron.ResultSet):
        for name in vars(of):
            value = getattr(of, name)
            if not name.startswith("_") and not isinstance(value, str) and type(value).__name__ != "module":
                assert getattr(value, "__doc__", None) or value is None or isinstance(value, (tuple, dict, list)), name


#: What is a state machine's there, with its pictures; and what the guide lists as not there.
NOT_HERE = ("fsm_", "FSM_", "dot_", "DOT_", "collected")


def public(of):
    return {name for name in dir(of) if not name.startswith("_")}


def test_every_public_name_of_cs_result_is_here():
    theirs = pytest.importorskip("cs.result", reason="cs.result is not installed")
    for of, mine in ((theirs.Result(), Asynchron()), (theirs.OnDemandResult(int), OnDemandResult(int)),
                     (theirs.ResultSet(), asynchron.ResultSet())):
        missing = {name for name in public(of) - public(mine) if not name.startswith(NOT_HERE)}
        assert missing == set(), type(of)
    own = {name for name in public(theirs) if getattr(getattr(theirs, name), "__module__", "") == "cs.result"}
    assert {"Result", "after", "bg", "report", "not_cancelled"} <= own <= public(asynchron)


def test_every_argument_of_cs_result_has_its_name_here():
    theirs = pytest.importorskip("cs.result", reason="cs.result is not installed")
    plain = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    checked = 0
    for there, here in ((theirs, asynchron), (theirs.Result, Asynchron), (theirs.OnDemandResult, OnDemandResult)):
        for name in sorted(public(there) & public(here)):
            function, mine = getattr(there, name), getattr(here, name)
            if not callable(function) or inspect.isclass(function) and not issubclass(function, theirs.Result):
                continue
            wanted = {each.name for each in inspect.signature(function).parameters.values() if each.kind in plain}
            given = {each.name for each in inspect.signature(mine).parameters.values() if each.kind in plain}
            assert wanted - {"self"} <= given, (name, wanted, given)
            checked += 1
    assert checked > 20
