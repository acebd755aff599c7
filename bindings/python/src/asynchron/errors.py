"""CancellationError and Error, whose classes the extension makes: how they are constructed and printed; and a decorator."""

import functools

from ._core import CancellationError, Error


def _init(self, message=None, *, fsm=None, **keywords):
    """CancellationError(message=None, *, fsm=None): the asynchron that was cancelled is in `fsm`.

    Other keywords become attributes.
    """
    if message is None:
        message = "cancelled"
    elif not isinstance(message, str):
        message = f"cancelled: {message}"
    super(CancellationError, self).__init__(message)
    self.message = message
    self.fsm = fsm
    for name, value in keywords.items():
        setattr(self, name, value)


def _reduce(self):
    # Without the asynchron, which stays in this process.
    return type(self), self.args, {name: value for name, value in vars(self).items() if name != "fsm"}


_init.__name__, _reduce.__name__ = "__init__", "__reduce__"
CancellationError.__init__ = _init
CancellationError.__reduce__ = _reduce


def not_cancelled(method):
    """A decorator for methods of an asynchron's subclass: CancellationError if it is cancelled, else they run."""

    @functools.wraps(method)
    def if_not_cancelled(self, *args, **kwargs):
        if self.is_cancelled:
            raise CancellationError(f"{self} is cancelled, {method.__name__}() is not called", fsm=self)
        return method(self, *args, **kwargs)

    return if_not_cancelled


def _field(index, text):
    return property(lambda self: self.args[index] if len(self.args) == 3 else None, doc=text)


def _error_text(self):
    if len(self.args) != 3:
        return ", ".join(map(str, self.args))
    return f"{self.message or 'failed'} ({self.domain or 'no domain'}, code {self.code})"


setattr(Error, "domain", _field(0, "Whose codes they are, or None."))
setattr(Error, "code", _field(1, "A number of the domain's."))
setattr(Error, "message", _field(2, "What happened, in words."))
setattr(Error, "__str__", _error_text)
