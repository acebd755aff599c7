"""Rows of the table: who waits for what, and callbacks."""

import copy
import sys
import threading

from difference import FOREVER, Logged, attempt, broken, row, waits


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
    R, go_on, begun = m.Result("in a thread"), threading.Event(), threading.Event()
    threading.Thread(target=lambda: begun.wait() and R.cancel(), daemon=True).start()
    with Logged():
        came = waits(R.run_func_in_thread, lambda: begun.set() or go_on.wait())
        go_on.set()
        for thread in threading.enumerate():
            if thread.name == R.name:
                thread.join()
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


@row("callbacks of what a callback completes, or finds complete", ["first", "at once", "of the other", "second"],
     ["first", "second", "at once", "of the other"])
def _(m):
    R, S, called = m.Result(), m.Result(), []

    def first(R):
        called.append("first")
        R.notify(lambda R: called.append("at once"))
        S.put(1)

    R.notify(first)
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


@row("`after()` or `post_notify()`, if what they deliver to is complete by then", ["an error is logged", "traceback"],
     ["silent", "silent"])
def _(m):
    R, S, T = m.Result(), m.Result(), m.Result()
    m.after([R], S, int)
    post = T.post_notify(str)
    S.put(1)
    post.put(1)
    with Logged() as told:
        R.put(1)
        came = ["an error is logged" if told else "silent"]
    with Logged() as told:
        before = set(threading.enumerate())
        T.put(1)
        for thread in set(threading.enumerate()) - before:
            thread.join()
        return came + (told or ["silent"])
