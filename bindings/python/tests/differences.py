"""Shows what is otherwise than in cs.result, on either package: for test_differences.py.

    differences.py MODULE PATIENCE

Prints, as JSON, what came of each row of the table in docs/guide/python.md. A wait that is not over after PATIENCE
seconds is said to wait for ever.
"""

import contextvars
import copy
import gc
import importlib
import json
import logging
import os
import sys
import threading

#: Row of the table: the function that shows it, what comes of it with cs.result, and with asynchron.
ROWS = {}

FOREVER = "waits for ever"


def row(name, theirs, ours):
    def register(function):
        ROWS[name] = (function, theirs, ours)
        return function

    return register


def attempt(function, *args, **kwargs):
    """What it returns, or the name of what it raises."""
    try:
        return function(*args, **kwargs)
    except BaseException as error:
        return type(error).__name__


def waits(function, *args):
    """The same, in a thread of its own, or that it waits for ever."""
    came = []
    thread = threading.Thread(target=lambda: came.append(attempt(function, *args)), daemon=True)
    thread.start()
    thread.join(PATIENCE)
    return came[0] if came else FOREVER


def broken():
    raise KeyError


class Logged(logging.Handler):
    """`with Logged() as told` lists what is logged meanwhile, and threads that end with a traceback."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self.told = []

    def emit(self, record):
        self.told.append(record.levelname)

    def __enter__(self):
        logging.getLogger().addHandler(self)
        self.before, threading.excepthook = threading.excepthook, lambda args: self.told.append("traceback")
        return self.told

    def __exit__(self, *_):
        logging.getLogger().removeHandler(self)
        threading.excepthook = self.before


# ---- waiting ----


@row("a call, `get()` or `join()` that waits when it is cancelled", [FOREVER] * 3, ["CancellationError"] * 3)
def _(m):
    class Own(m.Result):
        def join(self):
            begun.set()
            return super().join()

    def cancelled_meanwhile(ask):
        R = Own()
        begun.clear()
        threading.Thread(target=lambda: [begun.wait(1), R.cancel()], daemon=True).start()
        return waits(ask, R)

    begun = threading.Event()
    return [cancelled_meanwhile(ask) for ask in (lambda R: R(), lambda R: R.get(), lambda R: R.join())]


@row("`get()` or `join()` of one that was cancelled", [FOREVER] * 2, ["CancellationError"] * 2)
def _(m):
    R = m.Result()
    R.cancel()
    return [waits(R.get), waits(R.join)]


@row("a call inside one's own callback", FOREVER, 1)
def _(m):
    R, got = m.Result(), []
    R.notify(lambda R: got.append(R()))
    return waits(lambda: R.put(1) or got[0])


@row("a function that waits for its own result", FOREVER, "RuntimeError")
def _(m):
    R = m.Result()
    return waits(R, lambda: R())


@row("`OnDemandResult`: `get()` and `join()`", [FOREVER, FOREVER], [0, [0, None]])
def _(m):
    return [waits(m.OnDemandResult(int).get), waits(m.OnDemandResult(int).join)]


@row("`OnDemandResult`: `cancel()` while its function runs", FOREVER, True)
def _(m):
    go_on, begun = threading.Event(), threading.Event()
    R = m.OnDemandResult(lambda: begun.set() or go_on.wait())
    threading.Thread(target=attempt, args=(R,), daemon=True).start()
    begun.wait()
    came = waits(R.cancel)
    go_on.set()
    return came


@row("`run_func_in_thread()` that is cancelled", "waits for the function", "CancellationError")
def _(m):
    R, go_on, begun = m.Result(), threading.Event(), threading.Event()
    threading.Thread(target=lambda: begun.wait() and R.cancel(), daemon=True).start()
    with Logged():
        came = waits(R.run_func_in_thread, lambda: begun.set() or go_on.wait())
        go_on.set()
    return "waits for the function" if came == FOREVER else came


@row('`Result(state="DONE")`, called', FOREVER, None)
def _(m):
    return waits(m.Result(state="DONE"))


@row("to print or copy a `ResultSet`", FOREVER, "no wait")
def _(m):
    return waits(lambda: repr(m.ResultSet([m.Result()])) and copy.copy(m.ResultSet([m.Result()])) and "no wait")


@row("the lock of `Result(lock=…)`", FOREVER, None)
def _(m):
    lock = threading.RLock()
    R = m.Result(lock=lock)
    with lock:
        return waits(R.put, 1)


# ---- callbacks ----


@row("`cancel()` of one that is complete", "calls back once more", "does nothing")
def _(m):
    R, called = m.Result(), []
    R.notify(called.append)
    R.put(1)
    R.cancel()
    return {1: "does nothing", 2: "calls back once more"}[len(called)]


@row("a second `cancel(msg)`", "second", "first")
def _(m):
    R = m.Result()
    R.cancel("first")
    R.cancel("second")
    try:
        R.result
    except Exception as error:
        return str(error)


@row("a callback that completes another", ["first", "of the other", "second"], ["first", "second", "of the other"])
def _(m):
    R, S, called = m.Result(), m.Result(), []
    R.notify(lambda R: called.append("first") or S.put(1))
    R.notify(lambda R: called.append("second"))
    S.notify(lambda S: called.append("of the other"))
    R.put(1)
    return called


@row("a callback that raises, of one that is complete", "KeyError", "logged")
def _(m):
    R = m.Result(result=1)
    with Logged() as told:
        came = attempt(R.notify, lambda R: broken())
    return "logged" if told and came != "KeyError" else came


@row("a callback that raises SystemExit", ["SystemExit", FOREVER], [None, 1])
def _(m):
    R = m.Result()
    R.notify(lambda R: sys.exit())
    return [attempt(R.put, 1), waits(R)]


@row("`post_notify` of one that fails or is cancelled", [FOREVER, FOREVER], ["KeyError", "CancellationError"])
def _(m):
    R, S = m.Result(), m.Result()
    posts = [R.post_notify(str), S.post_notify(str)]
    with Logged():
        R.raise_(KeyError())
        S.cancel()
        return [waits(post) for post in posts]


@row("`post_func` runs", "in a thread of its own", "on the thread that delivers")
def _(m):
    R = m.Result()
    post = R.post_notify(lambda value: threading.current_thread() is threading.main_thread())
    R.put(1)
    return {True: "on the thread that delivers", False: "in a thread of its own"}[attempt(post)]


@row("names of what `post_notify()` returns", False, "post_notify(n)")
def _(m):
    name = m.Result("n").post_notify(str).name
    return name if name == "post_notify(n)" else str(str) not in name


# ---- functions ----


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


@row("what cannot be called, for `notify()`, `after()`, `OnDemandResult`", ["accepted"] * 3, ["TypeError"] * 3)
def _(m):
    R = m.Result()
    tried = [attempt(R.notify, 3), attempt(m.after, [R], None, 3), attempt(m.OnDemandResult, 3)]
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


def main(module, patience):
    global PATIENCE
    PATIENCE = patience
    logging.getLogger().addHandler(logging.NullHandler())
    module = importlib.import_module(module)
    if not hasattr(module, "CancellationError"):
        module.CancellationError = importlib.import_module("cs.fsm").CancellationError
    came = {name: attempt(function, module) for name, (function, _, _) in ROWS.items()}
    json.dump(came, sys.stdout)
    sys.stdout.flush()
    # Those that wait for ever are not waited for.
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
