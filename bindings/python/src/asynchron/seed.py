"""The seed's interface: what cs.asynchron and cs.result have beside waiting and delivering."""

import contextvars
import functools
import itertools
import sys
import threading

from ._core import Asynchron, Report

# ---- methods of every asynchron ----


class Extra(dict):
    """A dict whose keys are attributes, too."""

    __slots__ = ()

    def __getattr__(self, name):
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None

    def __setattr__(self, name, value):
        self[name] = value

    def __delattr__(self, name):
        try:
            del self[name]
        except KeyError:
            raise AttributeError(name) from None


def _extra(self):
    """What the program keeps with it: a dict, whose keys are attributes, too."""
    extra = self._extra
    return self._keep_extra(Extra()) if extra is None else extra


def _init_subclass(cls, **keywords):
    super(Asynchron, cls).__init_subclass__(**keywords)
    cls._count = itertools.count()


def _empty(self):
    """Whether it is not complete yet."""
    return not self.ready


def _raise(self, exception=None):
    """Delivers a failure: the exception given, or the one that is handled just now.

    RuntimeError if there is none; else raises as fail() does.
    """
    if exception is None:
        exception = sys.exc_info()[1]
        if exception is None:
            raise RuntimeError("no exception is given, and none is being handled")
    self.fail(exception)


def _bg(self, func, /, *args, **kwargs):
    """Runs a function in a thread of its own, and delivers what it returns or raises. Returns the thread.

    The function sees the context variables of the caller. RuntimeError if one was begun before, or it is complete.
    """
    if not callable(func):
        raise TypeError(f"what is to be run must be callable, not {func!r}")
    if self.ready or self.is_running:
        self.run_func(func)  # raises what there is to say
    context = contextvars.copy_context()

    def run():
        try:
            context.run(self.run_func, func, *args, **kwargs)
        except Exception:
            # Delivered or cancelled by another meanwhile: whoever asks learns of that.
            if not self.ready:
                raise

    thread = threading.Thread(target=run, name=self.name)
    thread.start()
    return thread


def _run_func_in_thread(self, func, /, *args, **kwargs):
    """Runs a function in a thread of its own, waits for it, and returns or raises as the asynchron's call does."""
    self.bg(func, *args, **kwargs)
    return self()


def _post_notify(self, post_func):
    """An asynchron for what post_func(value) returns or raises, once this one has a value.

    post_func runs on the thread that delivers. If this one fails or is cancelled, so is that one.
    """
    if not callable(post_func):
        raise TypeError(f"what is to be run must be callable, not {post_func!r}")
    post = Asynchron(name=f"{self.name}.post_notify")

    def step(source):
        if source.cancelled:
            post.cancel()
            return
        info = source.exc_info
        if post.ready:
            return
        if info is not None:
            post.fail(info[1])
        else:
            post.run_func(post_func, source.result)

    self.notify(step)
    return post


def _await(self):
    """Waits in asyncio or trio, as `await A`."""
    from . import aio  # and asyncio with it, which many programs do without

    Asynchron.__await__ = aio.wait
    return aio.wait(self)


def _same(self, memo=None):
    """A copy would be another handle of the same: it is the same."""
    return self


def _reduce(self, protocol=None):
    raise TypeError(f"cannot pickle {self!r}: it lives in this process")


Asynchron.extra = property(_extra)
Asynchron.__init_subclass__ = classmethod(_init_subclass)
Asynchron.empty = _empty
Asynchron.raise_ = _raise
Asynchron.bg = _bg
Asynchron.run_func_in_thread = _run_func_in_thread
Asynchron.post_notify = _post_notify
Asynchron.__await__ = _await
Asynchron.__copy__ = _same
Asynchron.__deepcopy__ = _same
Asynchron.__reduce_ex__ = _reduce
Asynchron.__class_getitem__ = classmethod(lambda cls, item: cls)

# ---- functions ----


def report(asynchrons):
    """Yields asynchrons as they complete, cancelled and failed ones, too. What is given twice comes twice."""
    left = Report(asynchrons)
    # Nobody else takes from it: those that have completed come out together.
    while batch := left.next_batch(64, None):
        yield from batch


def bg(func, /, *args, _name=None, _extra=None, **kwargs):
    """Runs a function in a thread of its own; returns the asynchron for what it returns or raises."""
    asynchron = Asynchron(name=_name, extra=_extra)
    asynchron.bg(func, *args, **kwargs)
    return asynchron


def after(asynchrons, asynchron, func, /, *args, **kwargs):
    """Has a function run when all of these are complete, on the thread that completes the last one.

    What it returns or raises is delivered to `asynchron`, or to a new one if that is None, which is returned.
    """
    if asynchron is None:
        asynchron = Asynchron(name=f"after-{getattr(func, '__name__', 'function')}")
    left = list(asynchrons)
    if not left:
        asynchron.run_func(func, *args, **kwargs)
        return asynchron
    lock = threading.Lock()
    count = len(left)

    def one_more(_):
        nonlocal count
        with lock:
            count -= 1
            if count:
                return
        if not asynchron.ready:
            asynchron.run_func(func, *args, **kwargs)

    for source in left:
        source.notify(one_more)
    return asynchron


def in_thread(func):
    """A decorator: the function runs in a thread of its own each time, and the caller waits for it."""

    @functools.wraps(func)
    def call(*args, **kwargs):
        return bg(func, *args, **kwargs)()

    return call


def call_in_thread(func, /, *args, **kwargs):
    """Runs a function in a thread of its own, waits, and returns or raises as it does."""
    return bg(func, *args, **kwargs)()


# ---- on demand ----


class OnDemandResult(Asynchron):
    """An asynchron whose function runs when somebody first asks for its value, on that thread."""

    def __init__(self, func, /, *args, **kwargs):
        if not callable(func):
            raise TypeError(f"what is to be run must be callable, not {func!r}")
        super().__init__(name=f"OnDemandResult-{getattr(func, '__name__', 'function')}")
        self._demanded = threading.Lock()
        self._call = functools.partial(func, *args, **kwargs)

    def _demand(self):
        if self.is_pending and self._demanded.acquire(blocking=False):
            call, self._call = self._call, None
            try:
                self.run_func(call)
            except Exception:
                if not self.ready:
                    raise

    def __call__(self, *args, **kwargs):
        if not args:
            self._demand()
        return super().__call__(*args, **kwargs)

    call = __call__

    def wait(self, timeout=None, /):
        self._demand()
        return super().wait(timeout)

    def join(self, timeout=None):
        self._demand()
        return super().join(timeout)

    def get(self, default=None, /):
        self._demand()
        return super().get(default)

    def __await__(self):
        self._demand()
        return (yield from super().__await__())


OnDemandFunction = OnDemandResult


class ResultSet(set):
    """A set of asynchrons. To iterate yields them as they complete; `with` waits for all at its end."""

    def __iter__(self):
        return report(list(super().__iter__()))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.wait()

    def wait(self):
        """Waits until all are complete."""
        for _ in self:
            pass
