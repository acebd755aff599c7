"""What happens once in a process: callbacks that raise are logged; a fork, and the end of the interpreter."""

import atexit
import os

from . import _core


def _log_raised(exception, callback, asynchron):
    import logging

    # A callback that asks a cancelled one for its value wants no log of that.
    level = logging.DEBUG if isinstance(exception, _core.CancellationError) else logging.ERROR
    logging.getLogger("asynchron").log(level, "a callback of %r raised: %r", asynchron, callback, exc_info=exception)


_core._set_on_raised(_log_raised)
os.register_at_fork(after_in_child=_core._after_fork_in_child)
atexit.register(_core._close)
