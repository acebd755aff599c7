"""A value that arrives later.

    >>> from asynchron import Asynchron
    >>> A = Asynchron()

    value = A()          # in one thread: waits
    A.result = 3         # in another: delivers

Anyone delivers a value, a failure or a cancel, and the first one wins. Any number of threads wait; `await A` waits in
asyncio and trio. `report(asynchrons)` yields them as they complete. What is behind it is a C library: its threads deliver
without the interpreter lock.
"""

from ._core import Asynchron, CancellationError, Error, Report, version
from . import _process as _process
from . import background as background  # the methods, before those that need them
from .errors import not_cancelled
from .on_demand import OnDemandFunction, OnDemandResult
from .result_set import ResultSet
from .seed import after, bg, call_in_thread, in_thread, report

#: The name that it has in the package from which this one descends.
Result = Asynchron

__version__ = version()

__all__ = [
    "Asynchron",
    "CancellationError",
    "Error",
    "Future",
    "OnDemandFunction",
    "OnDemandResult",
    "Report",
    "Result",
    "ResultSet",
    "ThreadPoolExecutor",
    "after",
    "bg",
    "call_in_thread",
    "in_thread",
    "not_cancelled",
    "report",
    "version",
]


def __getattr__(name):
    # What needs concurrent.futures comes when it is asked for.
    if name == "Future":
        from .futures import Future as found
    elif name == "ThreadPoolExecutor":
        from .executor import ThreadPoolExecutor as found
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = found
    return found


def __dir__():
    # help() shows them all.
    return sorted({*globals(), *__all__})
