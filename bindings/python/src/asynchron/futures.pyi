import concurrent.futures
from collections.abc import Callable
from typing import Any

from ._core import _P, _T, Asynchron

class Future(Asynchron[_T], concurrent.futures.Future[_T]):  # type: ignore[misc]
    def cancelled(self) -> bool: ...
    def result(self, timeout: float | None = None) -> _T: ...  # type: ignore[override]
    def add_done_callback(self, fn: Callable[[Future[_T]], object]) -> None: ...  # type: ignore[override]

class ThreadPoolExecutor(concurrent.futures.ThreadPoolExecutor):
    def submit(self, fn: Callable[_P, _T], /, *args: _P.args, **kwargs: _P.kwargs) -> Future[_T]: ...
