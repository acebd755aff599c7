"""The methods of every asynchron that are written in Python: what cs.result has beside waiting and delivering."""

import itertools
import sys

from . import _core
from ._core import Asynchron


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


def deliver_quietly(asynchron, func, /, *args, **kwargs):
    """run_func() for one that others may complete meanwhile, as by a cancel: then that is it, and nobody is told."""
    try:
        asynchron.run_func(func, *args, **kwargs)
    except RuntimeError:
        # What func raises is delivered, not raised: this is a refusal.
        if not asynchron.ready:
            raise


def fail_quietly(asynchron, error):
    """The same, with fail()."""
    try:
        asynchron.fail(error)
    except RuntimeError:
        if not asynchron.ready:
            raise


def method(function):
    """Makes a function a method of Asynchron."""
    function.__qualname__ = f"Asynchron.{function.__name__}"
    setattr(Asynchron, function.__name__, function)
    return function


def _init_subclass(cls, **keywords):
    super(Asynchron, cls).__init_subclass__(**keywords)
    cls._count = itertools.count()  # for the names


@method
def empty(self):
    """Whether it is not complete yet."""
    return not self.ready


@method
def raise_(self, exc=None):
    """Delivers a failure: the exception given, or the one that is being handled.

    RuntimeError if there is none, or if it is complete already.
    """
    if exc is None:
        exc = sys.exc_info()[1]
        if exc is None:
            raise RuntimeError("no exception is given, and none is being handled")
    self.fail(exc)


@method
def run_func_in_thread(self, /, func, *args, **kwargs):
    """Runs func(*args, **kwargs) in a thread of its own, waits, and returns or raises what it does.

    RuntimeError and options: as bg().
    """
    self.bg(func, *args, **kwargs)
    return self()


@method
def post_notify(self, post_func):
    """Returns an asynchron for what post_func(value) returns or raises, once this one has a value.

    post_func runs on the thread that delivers; or here and at once, if this one is complete. If this one fails or is
    cancelled, so is that one.
    """
    if not callable(post_func):
        raise TypeError(f"what is to be run must be callable, not {post_func!r}")
    # In a long chain, names that grow would take memory by the square.
    name = str(self.name)
    post = Asynchron(name=f"post_notify({name if len(name) < 200 else name[:200] + '…'})")

    def step(source):
        try:
            value = source()
        except BaseException as error:
            if source.is_cancelled:
                post.cancel(error.message)
            else:
                fail_quietly(post, error)
        else:
            deliver_quietly(post, post_func, value)

    self.notify(step)
    return post


@method
def __await__(self):
    """Waits in asyncio or trio, as `await A`, and returns the value or raises.

    Cancelling the task that waits takes its wait back: the asynchron stays as it is.
    """
    from . import aio  # and asyncio with it, which many programs do without

    Asynchron.__await__ = aio.wait
    return aio.wait(self)


@method
def __copy__(self):
    """A copy would be another handle of the same: it is the same."""
    return self


@method
def __deepcopy__(self, memo):
    """As __copy__()."""
    return self


@method
def __reduce_ex__(self, protocol=None):
    raise TypeError(f"cannot pickle {self!r}: threads of this process wait for it")


def _as_parameter(self):
    """What ctypes passes for it: the address."""
    from ctypes import c_void_p

    return c_void_p(self.handle)


def _each(self):
    """Yields the asynchrons as they complete, in asyncio or trio, for one task: `async for A in report`."""
    from . import aio

    return aio.each(self)


for _state in ("PENDING", "RUNNING", "DONE", "CANCELLED"):
    setattr(Asynchron, _state, _state)
setattr(Asynchron, "__init_subclass__", classmethod(_init_subclass))
setattr(Asynchron, "__class_getitem__", classmethod(lambda cls, item: cls))
setattr(Asynchron, "_as_parameter_", property(_as_parameter))
setattr(_core.Report, "__aiter__", _each)
_core._set_extra_type(Extra)
