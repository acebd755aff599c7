"""A pool of threads that returns futures of ours."""

import concurrent.futures
import contextvars
import functools

from .futures import Future


def _settle(future, inner):
    """The pool is through with its own future, `inner`. If the function did not run, ours learns why."""
    if inner.cancelled():
        future.cancel()
    elif (exception := inner.exception()) is None:
        return
    elif not future.ready:
        try:
            future.set_exception(exception)
        except concurrent.futures.InvalidStateError:
            pass  # delivered or cancelled just now
    if future.cancelled() and future._look() == "CANCELLED":
        future.set_running_or_notify_cancel()


class ThreadPoolExecutor(concurrent.futures.ThreadPoolExecutor):
    """The standard library's, with futures that are asynchrons: `await` them, put them in a report.

    Its tasks see the context variables of whoever submits them. A task that waits for its own future gets a
    RuntimeError. What is cancelled by shutdown(cancel_futures=True) is so for wait() and as_completed(), too.
    """

    def submit(self, fn, /, *args, **kwargs):
        """Has fn(*args, **kwargs) run on a thread of the pool. Returns its Future.

        RuntimeError after shutdown(); BrokenThreadPool, which is one, if the initializer of a thread has failed.
        """
        future = Future(getattr(fn, "__name__", None))
        inner = super().submit(contextvars.copy_context().run, future.run_func, fn, *args, **kwargs)
        inner.add_done_callback(functools.partial(_settle, future))
        return future

    def __copy__(self, memo=None):
        """A copy would be another pool: it is the same."""
        return self

    __deepcopy__ = __copy__

    def __reduce_ex__(self, protocol):
        raise TypeError(f"cannot pickle {self!r}: its threads live in this process")
