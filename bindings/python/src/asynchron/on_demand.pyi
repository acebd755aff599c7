from collections.abc import Callable
from typing import Any

from ._core import _P, _T, Asynchron

class OnDemandResult(Asynchron[_T]):
    func: Callable[..., _T] | None
    fargs: tuple[Any, ...]
    fkwargs: dict[str, Any]
    def __init__(self, func: Callable[_P, _T], *fargs: _P.args, **fkwargs: _P.kwargs) -> None: ...

OnDemandFunction = OnDemandResult
