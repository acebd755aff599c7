"""Functions in threads of their own, and what comes after several."""

import gc
import sys
import threading

import pytest
from asynchron import Asynchron, after, bg, call_in_thread, in_thread
from conftest import comes_true, many


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
