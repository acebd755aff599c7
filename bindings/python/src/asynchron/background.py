"""A thread of its own for a function: Asynchron.bg()."""

import contextlib
import contextvars
import threading

from ._core import Asynchron
from .methods import method


def _take_options(kwargs):
    """Takes the options out, which begin with an underscore: that is cut off."""
    return {name[1:]: kwargs.pop(name) for name in list(kwargs) if name.startswith("_")}


def _thread(run, name, *, daemon=None, no_logexc=False, thread_factory=threading.Thread, **more):
    """The thread. What raises in it is told by threading.excepthook, so no_logexc has nothing to keep from the log."""
    thread = thread_factory(name=name, target=run, **more)
    if daemon is not None:
        thread.daemon = daemon
    return thread


@method
def bg(self, /, func, *args, **kwargs):
    """Runs func(*args, **kwargs) in a thread of its own, and delivers what it returns or raises. Returns the thread.

    func has begun when this returns, and sees the context variables of the caller. RuntimeError if another was begun
    before, or it is complete: then func does not run. If it is cancelled meanwhile, what func returns is dropped.

    Keywords that begin with an underscore are options, and are not passed to func: `_daemon`, whether the interpreter
    may end without the thread; `_pre_enter_objects`, context managers that are entered here, and left in the thread
    after func; `_no_start=True`, for a thread that you start; `_thread_factory`, the class of the thread, which gets
    all other options.
    """
    if not callable(func):
        raise TypeError(f"what is to be run must be callable, not {func!r}")
    options = _take_options(kwargs)
    if "name" in options:
        raise TypeError("the thread has the name of the asynchron, and bg() takes no other")
    if not self.is_pending:
        self.run_func(func)  # raises what there is to say
    context = contextvars.copy_context()
    starts = not options.pop("no_start", False)
    begun = Asynchron()
    with contextlib.ExitStack() as entered:
        for each in options.pop("pre_enter_objects", None) or ():
            entered.enter_context(each)

        def begin():
            begun.put(None)
            return func(*args, **kwargs)

        def run():
            with leaving:
                try:
                    context.run(self.run_func, begin)
                except BaseException as refused:
                    if not begun.ready and starts:
                        # Another was begun just before: the caller is told.
                        begun.fail(refused)
                    elif not begun.ready or not self.ready:
                        raise
                if not begun.ready:
                    begun.put(None)  # the class has a run_func() that did something else

        thread = _thread(run, self.name, **options)
        leaving = entered.pop_all()
        if starts:
            try:
                thread.start()
            except BaseException:
                leaving.close()
                raise
    if starts:
        begun()
    return thread
