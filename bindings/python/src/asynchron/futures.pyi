import concurrent.futures
from collections.abc import Callable
from typing import Any, Self

from ._core import _T, Asynchron

class Future(Asynchron[_T], concurrent.futures.Future[_T]):  # type: ignore[misc]
    @classmethod
    def from_handle(cls, handle: Any, /) -> Self: ...
    def cancelled(self) -> bool: ...
    def result(self, timeout: float | None = None) -> _T: ...  # type: ignore[override]
    def add_done_callback(self, fn: Callable[[Future[_T]], object]) -> None: ...  # type: ignore[override]
