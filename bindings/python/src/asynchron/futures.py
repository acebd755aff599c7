"""concurrent.futures: a Future that is an asynchron, and a ThreadPoolExecutor that returns them."""

import concurrent.futures
import threading
from concurrent.futures import CancelledError, InvalidStateError

from ._core import Asynchron

_STATES = {"PENDING": "PENDING", "RUNNING": "RUNNING", "DONE": "FINISHED"}


class _Condition:
    """What concurrent.futures.wait() and as_completed() hold while they look at futures and leave their waiters."""

    def __init__(self):
        self.lock = threading.RLock()
        #: Whether the holder has seen that the future is complete, and so wants not to be told.
        self.seen = False

    def acquire(self):
        self.lock.acquire()
        self.seen = False

    def release(self):
        self.lock.release()

    def __enter__(self):
        self.acquire()

    def __exit__(self, *_):
        self.release()


class _Waiters(list):
    """Those whom concurrent.futures.wait() and as_completed() have told of a future: each learns of its end."""

    def __init__(self, future):
        self._future = future
        self._tokens = {}

    def append(self, waiter):
        super().append(waiter)
        if not self._future._condition.seen:
            self._tokens[id(waiter)] = self._future.notify(lambda future: self._tell(waiter))

    def remove(self, waiter):
        super().remove(waiter)
        token = self._tokens.pop(id(waiter), None)
        if token is not None:
            self._future.unnotify(token)

    def _tell(self, waiter):
        future = self._future
        if future.cancelled():
            # Those wait until its executor has noticed it.
            return
        if future.exc_info is None:
            waiter.add_result(future)
        else:
            waiter.add_exception(future)

    def tell_cancelled(self):
        for waiter in list(self):
            waiter.add_cancelled(self._future)


class Future(Asynchron, concurrent.futures.Future):
    """A concurrent.futures.Future that is an Asynchron: what takes the one takes it, and what takes the other."""

    def __init__(self, name=None, **keywords):
        Asynchron.__init__(self, name, **keywords)
        self._noticed = False

    # ---- what concurrent.futures looks at ----

    @property
    def _state(self):
        if self.is_cancelled:
            state = "CANCELLED_AND_NOTIFIED" if self._noticed else "CANCELLED"
        else:
            state = _STATES[self.state]
        if state in ("FINISHED", "CANCELLED_AND_NOTIFIED") and "_lock" in self.__dict__:
            self._condition.seen = True
        return state

    @property
    def _condition(self):
        lock = self.__dict__.get("_lock")
        return lock if lock is not None else self.__dict__.setdefault("_lock", _Condition())

    @property
    def _waiters(self):
        waiters = self.__dict__.get("_waiting")
        return waiters if waiters is not None else self.__dict__.setdefault("_waiting", _Waiters(self))

    # ---- for those that wait ----

    def cancel(self, msg=None):
        """Cancels it unless it runs or is complete. Whether it is cancelled."""
        return self.cancel_pending()

    def cancelled(self):
        """Whether it was cancelled."""
        return self.is_cancelled

    def running(self):
        """Whether it runs just now."""
        return self.is_running

    def done(self):
        """Whether it is complete."""
        return self.ready

    def _collect(self, timeout):
        if not self.wait(timeout):
            raise TimeoutError()
        if self.is_cancelled:
            raise CancelledError()

    def result(self, timeout=None):
        """Waits, and returns the value, or raises what it failed with. CancelledError, TimeoutError."""
        if not self.ready or self.is_cancelled:
            self._collect(timeout)
        return self()

    def exception(self, timeout=None):
        """Waits, and returns what it failed with, or None. CancelledError, TimeoutError."""
        self._collect(timeout)
        info = self.exc_info
        return None if info is None else info[1]

    def add_done_callback(self, fn):
        """Has fn(self) called when it is complete; at once if it is."""
        self.notify(fn)

    # ---- for executors ----

    def set_running_or_notify_cancel(self):
        """Says that it runs now: True. False: it was cancelled."""
        if self.start():
            return True
        if self.is_cancelled and not self._noticed:
            with self._condition:
                self._noticed = True
                self._waiters.tell_cancelled()
            return False
        raise RuntimeError("Future in unexpected state")

    def set_result(self, result):
        """Delivers the value. InvalidStateError if it is complete."""
        if self.ready:
            raise InvalidStateError(f"{self._state}: {self!r}")
        self.put(result)

    def set_exception(self, exception):
        """Delivers a failure. InvalidStateError if it is complete."""
        if self.ready:
            raise InvalidStateError(f"{self._state}: {self!r}")
        self.fail(exception)


def _settle(inner, *, future):
    """The pool has ended it otherwise than by running it."""
    if future.ready:
        return
    if inner.cancelled():
        future.cancel()
        future.set_running_or_notify_cancel()
    elif (exception := inner.exception()) is not None:
        future.fail(exception)


def _run(future, fn, args, kwargs):
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = fn(*args, **kwargs)
    except BaseException as exception:
        future.fail(exception)
        # What the frames hold is not to live as long as the exception.
        del future
    else:
        future.put(result)


class ThreadPoolExecutor(concurrent.futures.ThreadPoolExecutor):
    """The standard library's, with futures that are asynchrons: `await` them, put them in a report.

    Its tasks see the context variables of whoever submits them.
    """

    def submit(self, fn, /, *args, **kwargs):
        """Has fn(*args, **kwargs) run on a thread of the pool. Returns its Future."""
        import contextvars
        import functools

        future = Future(name=getattr(fn, "__name__", None))
        inner = super().submit(contextvars.copy_context().run, _run, future, fn, args, kwargs)
        inner.add_done_callback(functools.partial(_settle, future=future))
        return future
