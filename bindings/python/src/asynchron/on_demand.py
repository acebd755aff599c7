"""Asynchrons whose function runs when somebody asks."""

from ._core import Asynchron


class OnDemandResult(Asynchron):
    """An asynchron whose function runs when somebody first asks, on that thread: func(*fargs, **fkwargs).

    To ask is to call it, or get(), join(), wait() with a timeout other than 0, or `await`. Others that ask meanwhile
    wait. A timeout does not interrupt the function. Nothing else starts it: neither a report nor a callback.
    """

    #: Those of from_handle() have none to run.
    func = None
    fargs, fkwargs = (), {}

    def __init__(self, /, func, *fargs, **fkwargs):
        if not callable(func):
            raise TypeError(f"what is to be run must be callable, not {func!r}")
        super().__init__()
        self.func, self.fargs, self.fkwargs = func, fargs, fkwargs

    def _demand(self):
        if not self.is_pending or self.func is None:
            return
        try:
            self.run_func(self.func, *self.fargs, **self.fkwargs)
        except RuntimeError:
            # Begun or delivered by another meanwhile: whoever asks waits for that. (What func raises is delivered.)
            if self.is_pending:
                raise

    def __str__(self):
        text = f"{self!r}:func={getattr(self.func, '__name__', self.func)}"
        for name in ("fargs", "fkwargs"):
            if value := getattr(self, name):
                text += f":{name}={value!r}"
        return text

    def __call__(self, *args, **kwargs):
        """Waits, and returns the value or raises; the first to call it runs the function. It takes no arguments."""
        if args or kwargs:
            raise ValueError(f"{self}: it has its function, and takes no arguments: {args!r}, {kwargs!r}")
        self._demand()
        return super().__call__()

    call = __call__

    def wait(self, timeout=None):
        """Waits, returns whether it is complete; the first to ask runs the function, but not with a timeout of 0."""
        if timeout is None or timeout > 0:
            self._demand()
        return super().wait(timeout)

    def join(self, timeout=None):
        """Waits, and returns (value, exc_info); the first to ask runs the function, but not with a timeout of 0."""
        if timeout is None or timeout > 0:
            self._demand()
        return super().join(timeout)

    def get(self, default=None):
        """Waits, and returns the value, or the default if it failed; the first to ask runs the function."""
        self._demand()
        return super().get(default)

    def __await__(self):
        self._demand()
        return (yield from super().__await__())


OnDemandFunction = OnDemandResult
