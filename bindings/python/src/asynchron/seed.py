"""The functions of cs.result: threads, and what comes after several."""

import functools
import itertools
import threading

from ._core import Asynchron, Completions
from .methods import deliver_quietly


def report(LFs):
    """Yields the asynchrons of an iterable as they complete, cancelled and failed ones, too.

    What is given twice comes twice. When the first one is asked for, takes all of the iterable; waits only when the next
    is asked for. It starts no OnDemandResult: spawn those by bg(), or call them. In asyncio: `async for A in Report(LFs)`.
    """
    return Completions(LFs)


def bg(func, *args, _name=None, _extra=None, **kwargs):
    """Runs func(*args, **kwargs) in a thread of its own; returns the asynchron for what it returns or raises.

    That has `_name` as its name, and `_extra`, a mapping, in its `extra`. Other options: as those of Asynchron.bg().
    """
    asynchron = Asynchron(name=_name, extra=_extra)
    asynchron.bg(func, *args, **kwargs)
    return asynchron


_afters = itertools.count()


def after(Rs, R, func, *args, **kwargs):
    """Has func(*args, **kwargs) run when all of Rs are complete, in whichever way. Returns R.

    What it returns or raises is delivered to R, or to a new one if that is None. func runs on the thread that completes
    the last of Rs; it starts no OnDemandResult. If R is complete by then, func does not run. If all of Rs are complete now, func runs here, and
    RuntimeError if R was begun or is complete.

    TypeError if anything is of the wrong type; then nothing was registered.
    """
    left = list(Rs)
    for each in left if R is None else [*left, R]:
        if not isinstance(each, Asynchron):
            raise TypeError(f"asynchrons are needed, not {each!r}")
    if not callable(func):
        raise TypeError(f"what is to be run must be callable, not {func!r}")
    if R is None:
        R = Asynchron(name=f"after-{next(_afters)}")
    # One more is this function, which is not done before all are registered.
    count = len(left) + 1
    lock = threading.Lock()

    def is_last():
        nonlocal count
        with lock:
            count -= 1
            return count == 0

    def one_more(_):
        if is_last():
            deliver_quietly(R, func, *args, **kwargs)

    tokens = []
    try:
        for each in left:
            tokens.append(each.notify(one_more))
    except BaseException:
        for each, token in zip(left, tokens):
            each.unnotify(token)
        raise
    if is_last():
        R.run_func(func, *args, **kwargs)
    return R


def in_thread(func):
    """A decorator: the function runs in a thread of its own each time, and the caller waits for it.

    The function itself is in the attribute `direct` of what this returns.
    """

    @functools.wraps(func)
    def call(*args, **kwargs):
        return _call(functools.partial(func, *args, **kwargs))

    call.direct = func
    return call


def call_in_thread(func, *args, **kwargs):
    """Runs func(*args, **kwargs) in a thread of its own, waits, and returns or raises as it does."""
    return _call(functools.partial(func, *args, **kwargs))


def _call(partial):
    return bg(partial, _name=getattr(partial.func, "__name__", None))()
