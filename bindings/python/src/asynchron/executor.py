"""A pool of threads that returns futures of ours.

Its threads are the standard library's, which starts them, ends them and waits for them when the interpreter ends. What
it is given to do there are runners: each runs one task after the other, until none is left.
"""

import collections
import concurrent.futures
import contextvars
import threading
from concurrent.futures import BrokenExecutor, InvalidStateError
from concurrent.futures import thread as _standard
from concurrent.futures.thread import BrokenThreadPool

from ._core import _keep_lock
from .futures import Future


def _notice(future):
    """Its function does not run: if that is because of a cancel, those who wait learn of it now."""
    if future._look() == "CANCELLED":
        try:
            future.set_running_or_notify_cancel()
        except RuntimeError:
            pass  # another has said so just now


def _fail(future, exception):
    try:
        future.set_exception(exception)
    except InvalidStateError:
        _notice(future)


class _Task:
    """A call to make, in the context of whoever submitted it, and its future."""

    __slots__ = ("future", "context", "call")

    def __init__(self, function, args, kwargs):
        self.future = Future(getattr(function, "__name__", None))
        self.context = contextvars.copy_context()
        self.call = function, args, kwargs


class _Work:
    """What is to be done, and by how many. The threads know this and not the pool, which may be dropped."""

    def __init__(self):
        self.lock = threading.Lock()
        self.tasks = collections.deque()
        #: Runners that have not ended, and those of them that look for a task, or will as soon as they have a thread.
        self.runners = self.looking = 0
        self.closed = False

    def take_all(self):
        with self.lock:
            tasks, self.tasks = self.tasks, collections.deque()
        return [task.future for task in tasks]


class _Runner:
    """Runs tasks on a thread of the pool, as long as there are some."""

    __slots__ = ("work", "looks", "begun", "ended")

    def __init__(self, work):
        """With the lock held."""
        self.work = work
        self.looks, self.begun, self.ended = True, False, False
        work.looking += 1
        work.runners += 1

    def take(self):
        """The next task, or None: then this has ended."""
        work = self.work
        with work.lock:
            if not self.looks:
                self.looks = True
                work.looking += 1
            if self.ended or not work.tasks:
                self.end()
                return None
            self.begun, self.looks = True, False
            work.looking -= 1
            return work.tasks.popleft()

    def end(self):
        """With the lock held. There is no task for it, or it will never run."""
        if not self.ended:
            self.ended = True
            self.work.looking -= self.looks
            self.work.runners -= 1

    def __call__(self):
        while (task := self.take()) is not None:
            _run(task)
            del task

    def settle(self, inner):
        """The pool is through with it: maybe without having run it, because it was shut down or is broken."""
        exception = None if inner.cancelled() else inner.exception()
        if not inner.cancelled() and exception is None:
            return
        with self.work.lock:
            self.end()
        if isinstance(exception, BrokenExecutor):
            for future in self.work.take_all():
                _fail(future, exception)


def _run(task):
    future = task.future
    try:
        task.context.run(future.run_func, _compute, task)
    except RuntimeError:
        _notice(future)  # cancelled, or delivered by another
    except BaseException as exception:
        _fail(future, exception)  # there was no memory to deliver what it returned
    finally:
        _keep_lock(False)
        future = task = None


def _compute(task):
    (function, args, kwargs), task.call = task.call, None
    try:
        return function(*args, **kwargs)
    finally:
        # What it raises knows this frame, and by that those below: they are to keep nothing.
        del function, args, kwargs, task
        # Those who wait go on when this thread is idle again, and what they submit needs no new one.
        _keep_lock(True)


class ThreadPoolExecutor(concurrent.futures.ThreadPoolExecutor):
    """The standard library's, with futures that are asynchrons: `await` them, put them in a report.

    Its tasks see the context variables of whoever submits them. A task that waits for its own future gets a
    RuntimeError. What is cancelled by shutdown(cancel_futures=True) is so for wait() and as_completed(), too.
    """

    def __init__(self, max_workers=None, thread_name_prefix="", initializer=None, initargs=(), **keywords):
        super().__init__(max_workers, thread_name_prefix, initializer, initargs, **keywords)
        self._work = _Work()

    def submit(self, fn, /, *args, **kwargs):
        """Has fn(*args, **kwargs) run on a thread of the pool. Returns its Future.

        RuntimeError after shutdown(); BrokenThreadPool, which is one, if the initializer of a thread has failed.
        """
        work, runner = self._work, None
        task = _Task(fn, args, kwargs)
        with work.lock:
            self._check()
            work.tasks.append(task)
            # One that looks takes it; and if there are enough, one of them comes back for it.
            if work.looking < len(work.tasks) and work.runners < self._max_workers:
                runner = _Runner(work)
        if runner is not None:
            self._give(runner, task)
        return task.future

    def _check(self):
        if self._broken:
            raise BrokenThreadPool(self._broken)
        if self._work.closed:
            raise RuntimeError("cannot schedule new futures after shutdown")
        if _standard._shutdown:
            raise RuntimeError("cannot schedule new futures after interpreter shutdown")

    def _give(self, runner, task):
        work = self._work
        try:
            inner = super().submit(runner)
        except BaseException:
            with work.lock:
                if not runner.begun:
                    runner.end()
                if task in work.tasks:
                    work.tasks.remove(task)
                    raise
        else:
            inner.add_done_callback(runner.settle)

    def shutdown(self, wait=True, *, cancel_futures=False):
        """Takes no more tasks. Those that were submitted are run, or cancelled unless they have begun.

        Waits until all threads have ended, unless it is told not to.
        """
        with self._work.lock:
            self._work.closed = True
        if cancel_futures:
            for future in self._work.take_all():
                future.cancel()
                _notice(future)
        super().shutdown(wait, cancel_futures=cancel_futures)

    def __copy__(self, memo=None):
        """A copy would be another pool: it is the same."""
        return self

    __deepcopy__ = __copy__

    def __reduce_ex__(self, protocol):
        raise TypeError(f"cannot pickle {self!r}: its threads live in this process")
