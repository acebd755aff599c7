import concurrent.futures
from collections.abc import Callable
from typing import Any, Self

from ._core import _P, _T
from .futures import Future

class ThreadPoolExecutor(concurrent.futures.ThreadPoolExecutor):
    def submit(self, fn: Callable[_P, _T], /, *args: _P.args, **kwargs: _P.kwargs) -> Future[_T]: ...
    def __copy__(self, memo: Any = None) -> Self: ...
    def __deepcopy__(self, memo: Any = None) -> Self: ...
