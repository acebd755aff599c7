"""Rows of the table: functions, failures, and what calls return."""

import contextvars
import copy
import gc

from difference import Logged, attempt, broken, row


@row("a second function, or one after completion", ["FSMError", "FSMError"], ["RuntimeError", "RuntimeError"])
def _(m):
    return [attempt(m.Result(state="RUNNING").run_func, int), attempt(m.Result(result=1), int)]


@row("a second `bg()`, or one after completion", ["Thread", "Thread"], ["RuntimeError", "RuntimeError"])
def _(m):
    def second(R):
        came = attempt(R.bg, int)
        return came if isinstance(came, str) else came.join() or "Thread"

    with Logged():
        return [second(m.Result(state="RUNNING")), second(m.Result(result=1))]


@row("a function that is cancelled while it runs", ["RuntimeError", "its thread ends with a traceback"],
     ["CancellationError", "quiet"])
def _(m):
    R, S = m.Result(), m.Result()
    with Logged() as told:
        came = attempt(R, lambda: R.cancel() and 1)
        S.bg(lambda: S.cancel() and 1).join()
        return [came, "its thread ends with a traceback" if "traceback" in told else "quiet"]


@row("context variables in `bg()`", "not those of the caller", "those of the caller")
def _(m):
    variable = contextvars.ContextVar("variable", default="not those of the caller")
    variable.set("those of the caller")
    return m.bg(variable.get)()


@row("what cannot be called, for `run_func()`", ["delivers a TypeError"], ["TypeError"])
def _(m):
    R = m.Result()
    return [attempt(R.run_func, 3) or f"delivers a {R.exc_info[0].__name__}"]


@row("what cannot be called, for `notify()`, `post_notify()`, `bg()`, `after()`, `OnDemandResult`", ["accepted"] * 5,
     ["TypeError"] * 5)
def _(m):
    R = m.Result()
    with Logged():
        tried = [attempt(R.notify, 3), attempt(R.post_notify, 3), attempt(R.bg, 3), attempt(m.after, [R], None, 3),
                 attempt(m.OnDemandResult, 3)]
    return [came if came == "TypeError" else "accepted" for came in tried]


@row("what is no `Result`, for `after()` and `report()`", ["AttributeError"] * 2, ["TypeError"] * 2)
def _(m):
    return [attempt(m.after, [3], None, int), attempt(list, m.report([3]))]


@row("keywords in a call without a function", 1, "TypeError")
def _(m):
    return attempt(m.Result(result=1), key=1)


@row("the name of a function from `in_thread()`", "run_in_thread", "broken")
def _(m):
    return m.in_thread(broken).__name__


@row("a subclass that replaces `run_func()`, or the property `result`, in `R(func)` and `R.put()`", ["func", "put"], [])
def _(m):
    class Own(m.Result):
        def run_func(self, *args):
            used.append("func")
            super().run_func(*args)

        @property
        def result(self):
            return super().result

        @result.setter
        def result(self, value):
            if value == 1:
                used.append("put")
            m.Result.result.fset(self, value)

    used = []
    Own()(int)
    Own().put(1)
    return used


# ---- failures and cancels ----


@row("`raise_()` without an exception", [None, "AttributeError"], ["RuntimeError", "pending"])
def _(m):
    R = m.Result()
    return [attempt(R.raise_), attempt(R) if R.ready else "pending"]


@row("`raise_()` or `exc_info` of what is no exception", [True, True], ["TypeError", "TypeError"])
def _(m):
    R, S = m.Result(), m.Result()
    return [attempt(R.raise_, 3) or R.ready, attempt(setattr, S, "exc_info", 3) or S.ready]


@row("the traceback of `raise_(exc)`, if exc was not raised", "that of `raise_()`", None)
def _(m):
    R = m.Result()
    R.raise_(KeyError())
    traceback = R.exc_info[2]
    return traceback and f"that of `{traceback.tb_frame.f_code.co_name}()`"


@row("a failure that nobody has asked for, when it is freed", ["WARNING"], [])
def _(m):
    gc.collect()
    with Logged() as told:
        R = m.Result()
        R.raise_(KeyError())
        del R
        gc.collect()
    return told


@row("whether anybody has asked: `collected`", False, "AttributeError")
def _(m):
    return attempt(lambda: m.Result().collected)


@row("`CancellationError`", "an FSMError", "an Exception")
def _(m):
    return {"FSMError": "an FSMError", "Exception": "an Exception"}[m.CancellationError.__mro__[1].__name__]


@row("the message of `cancel(msg)`", [".result"], ["call", ".result", ".exc_info"])
def _(m):
    R = m.Result()
    R.cancel("why")
    seen = []
    for name, ask in (("call", R), (".result", lambda: R.result), (".exc_info", lambda: R.exc_info)):
        try:
            ask()
        except m.CancellationError as error:
            if error.message == "why":
                seen.append(name)
    return seen


@row("`cancel(msg)` of what is no string", None, "TypeError")
def _(m):
    return attempt(m.Result().cancel, 3)


@row("texts of errors", [".result: cancelled", "cancelled: Result['n':CANCELLED]", "%s already completed"],
     ["cancelled", "cancelled", "Asynchron['n':CANCELLED] already completed"])
def _(m):
    def text(function, *args):
        try:
            function(*args)
        except Exception as error:
            return str(error)

    R = m.Result("n")
    R.cancel()
    return [text(lambda: R.result), text(R), text(R.put, 1)]


# ---- what else ----


@row("`cancel()` returns", None, "whether it cancelled")
def _(m):
    R = m.Result()
    return "whether it cancelled" if [R.cancel(), R.cancel()] == [True, False] else R.cancel()


@row("`notify()` returns", None, "a token for `unnotify()`")
def _(m):
    R = m.Result()
    token = R.notify(id)
    return token if token is None or not R.unnotify(token) else "a token for `unnotify()`"


@row("names", ["Result", "for all classes together"], ["Asynchron", "for each class"])
def _(m):
    class Own(m.Result):
        pass

    R, S, T = Own(), m.Result(), Own()
    first, second, third = (int(each.name.split("-")[1]) for each in (R, S, T))
    if [second, third] == [first + 1, first + 2]:
        count = "for all classes together"
    else:
        count = "for each class" if third == first + 1 else "?"
    return [S.name.split("-")[0], count]


@row("an attribute that is assigned to `extra`", False, True)
def _(m):
    R = m.Result()
    R.extra.a = 1
    return "a" in R.extra


@row("`copy.copy()`, `copy.deepcopy()`", ["another one", "TypeError"], ["the same", "the same"])
def _(m):
    def copied(how):
        R = m.Result()
        came = attempt(how, R)
        return came if isinstance(came, str) else "the same" if came is R else "another one"

    return [copied(copy.copy), copied(copy.deepcopy)]


@row("`state`, `pending`, `cancelled`", ["WARNING"] * 3, [])
def _(m):
    R = m.Result()
    with Logged() as told:
        R.state, R.pending, R.cancelled
    return told


@row("`is_…` of a state that there is not", False, "AttributeError")
def _(m):
    return attempt(lambda: m.Result().is_lost)


@row("the state machine: events, callbacks for states, histories, pictures", [True] * 7, [False] * 7)
def _(m):
    names = ("fsm_event", "fsm_callback", "fsm_events", "fsm_history", "fsm_dot", "dispatch", "complete")
    return [hasattr(m.Result(), name) for name in names]


@row("the function in `str()` of an `OnDemandResult`", "builtins:int", "int")
def _(m):
    return str(m.OnDemandResult(int)).split(":func=")[1]


@row("`vars()` and `hash()`", [True, True], [False, False])
def _(m):
    R = m.Result()
    return ["name" in vars(R), hash(R) == id(R)]
