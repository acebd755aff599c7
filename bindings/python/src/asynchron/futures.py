"""concurrent.futures: a Future that is an asynchron."""

import concurrent.futures
from concurrent.futures import CancelledError, InvalidStateError
from threading import get_ident

from . import _listeners
from ._core import Asynchron, CancellationError

_STATES = {"PENDING": "PENDING", "RUNNING": "RUNNING", "DONE": "FINISHED"}


def _as_theirs(cancellation):
    return CancelledError() if cancellation.message == "cancelled" else CancelledError(cancellation.message)


class Future(Asynchron, concurrent.futures.Future):
    """A concurrent.futures.Future that is an Asynchron: what takes the one takes it, and what takes the other.

    Its methods are those of concurrent.futures: so `cancelled()` and `result()` are called, and `cancel()` comes too
    late for one that runs. `F()`, `await F`, `F.put(value)`, `F.notify(function)` and reports are there, too; to assign
    to `F.result` delivers. Asynchron.cancel(F) cancels also one that runs: what its function returns is dropped.
    `F()` and `await F` raise asynchron.CancellationError for a cancelled one, and `F.result()` CancelledError.
    """

    #: Whom it tells: made when somebody wants to be told.
    _listeners = None
    #: None; "asked": by cancel(), and its executor has not noticed; "noticed".
    _cancel = None
    #: Whether it is C's, where no executor of Python's will notice anything.
    _native = False

    @classmethod
    def from_handle(cls, handle, /):
        """A future for another asynchron, or for one of C's: an int, the address of an asynchron_t, or a capsule of one.

        It takes a reference of its own; yours stays yours. Where C cancels it, or you, wait() and as_completed() know
        at once.
        """
        future = super().from_handle(handle.capsule() if isinstance(handle, Asynchron) else handle)
        future._native = True
        return future

    # ---- for those that wait ----

    def cancel(self, msg=None):
        """Cancels it unless it runs or is complete. Whether it is cancelled. All who wait get the message."""
        if self._native:
            return self.cancel_pending(msg)
        self.__dict__.setdefault("_cancel", "asked")
        if self.cancel_pending(msg):
            return True
        # It runs or was delivered. Should its owner cancel it yet, nobody else needs to notice.
        self.__dict__.pop("_cancel", None)
        if self._listeners is not None:
            _listeners.tell_waiters(self, self._listeners)
        return False

    def cancelled(self):
        """Whether it was cancelled."""
        return self.is_cancelled

    def running(self):
        """Whether it runs just now: its executor has begun, and it is not complete."""
        return self.is_running

    def done(self):
        """Whether it is complete: by a value, a failure or a cancel."""
        return self.ready

    def result(self, timeout=None):
        """Waits, for at most so many seconds, and returns the value, or raises what it failed with.

        CancelledError if it was cancelled; TimeoutError if it is not complete by then; RuntimeError if it would wait for
        itself, inside its own function.
        """
        try:
            if not self.wait(timeout):
                raise TimeoutError()
            return self()
        except CancellationError as cancellation:
            if not self.is_cancelled:
                raise  # its function raised that
            raise _as_theirs(cancellation) from None
        finally:
            # What it failed with knows this frame, and so would keep the future, which keeps that.
            self = None

    def exception(self, timeout=None):
        """Waits, and returns what it failed with, or None if it has a value. Raises as result() does if it has neither."""
        if not self.wait(timeout):
            raise TimeoutError()
        try:
            info = self.exc_info
        except CancellationError as cancellation:
            raise _as_theirs(cancellation) from None
        return None if info is None else info[1]

    def add_done_callback(self, fn):
        """Has fn(self) called when it is complete, on the thread that completes it; at once if it is.

        What it raises is logged by logging.getLogger("concurrent.futures"), and the others run.
        """
        _listeners.add_function(self, fn)

    # ---- for executors ----

    def set_running_or_notify_cancel(self):
        """Says that it runs now: True. False: it was cancelled, and now those who wait know.

        RuntimeError if it was called before, or it was delivered.
        """
        if self.start():
            return True
        if self.is_cancelled and self._cancel != "noticed":
            self._cancel = "noticed"
            if self._listeners is not None:
                _listeners.tell_waiters(self, self._listeners)
            return False
        raise RuntimeError("Future in unexpected state")

    def set_result(self, result):
        """Delivers the value. InvalidStateError if it is complete."""
        try:
            self.put(result)
        except RuntimeError:
            self._raise_invalid()
            raise

    def set_exception(self, exception):
        """Delivers a failure. InvalidStateError if it is complete."""
        try:
            self.fail(exception)
        except RuntimeError:
            self._raise_invalid()
            raise

    def _raise_invalid(self):
        if self.ready:
            raise InvalidStateError(f"{self._state}: {self!r}") from None

    # ---- what the standard library looks at ----

    def _look(self):
        """Its state in the words of concurrent.futures."""
        state = self.state
        if state == "CANCELLED":
            return "CANCELLED" if self._cancel == "asked" else "CANCELLED_AND_NOTIFIED"
        return _STATES[state]

    @property
    def _state(self):
        listeners = self._listeners
        if listeners is None or listeners.holder != get_ident():
            return self._look()
        if listeners.seen is None:
            listeners.seen = self._look()
        return listeners.seen

    @property
    def _condition(self):
        return _listeners.of(self)

    @property
    def _waiters(self):
        return _listeners.Waiters(self)

    @property
    def _result(self):
        return self() if self.is_done and self.exc_info is None else None

    @property
    def _exception(self):
        return self.exc_info[1] if self.is_done and self.exc_info is not None else None

    def __setattr__(self, name, value):
        if name == "result":
            self.put(value)
        else:
            super().__setattr__(name, value)

    def __repr__(self):
        state = self._look()
        if state != "FINISHED":
            outcome = ""
        elif (info := self.exc_info) is not None:
            outcome = f" raised {type(info[1]).__name__}"
        else:
            outcome = f" returned {type(self()).__name__}"
        return f"<{type(self).__name__} at {id(self):#x} state={state.partition('_')[0].lower()}{outcome}>"
