from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol, TypeVar

from ._core import _A, _P, _T, Asynchron

_C = TypeVar("_C", covariant=True)

class _InThread(Protocol[_P, _C]):
    @property
    def direct(self) -> Callable[_P, _C]: ...
    def __call__(self, *args: _P.args, **kwargs: _P.kwargs) -> _C: ...

def report(LFs: Iterable[_A]) -> Iterator[_A]: ...
def bg(
    func: Callable[..., _T],
    *args: Any,
    _name: str | None = None,
    _extra: dict[str, Any] | None = None,
    **kwargs: Any,
) -> Asynchron[_T]: ...
def after(
    Rs: Iterable[Asynchron[Any]],
    R: Asynchron[_T] | None,
    func: Callable[_P, _T],
    *args: _P.args,
    **kwargs: _P.kwargs,
) -> Asynchron[_T]: ...
def in_thread(func: Callable[_P, _T]) -> _InThread[_P, _T]: ...
def call_in_thread(func: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T: ...
