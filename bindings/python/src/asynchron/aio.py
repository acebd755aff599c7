"""`await A`, in asyncio, uvloop and trio: one report for each loop, whose descriptor the loop watches.

No thread waits. A task that is cancelled takes its wait back.
"""

import sys
import threading
import weakref
from asyncio import _get_running_loop

from ._core import Report

#: As many are told in one turn of the loop: others have theirs, too.
MOST = 256

#: The link of the loop that runs in this thread.
_here = threading.local()
_links: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()


class _Link:
    """What waits in one asyncio loop."""

    __slots__ = ("loop", "report", "__weakref__")

    @classmethod
    def of(cls, loop):
        link = _links.get(loop)
        if link is None:
            link = _links[loop] = cls(loop)
        _here.link = weakref.ref(link)
        return link

    def __init__(self, loop):
        self.loop = weakref.ref(loop)
        self.report = Report()
        loop.add_reader(self.report.fileno(), self._tell)

    def _tell(self):
        for _, future in self.report.next_batch(MOST, tagged=True):
            if not future.done():
                future.set_result(None)


def _link_of(loop):
    link = getattr(_here, "link", None)
    link = link and link()
    if link is None or link.loop() is not loop:
        link = _Link.of(loop)
    return link


def wait(asynchron):
    """Waits until it is complete; returns the value, or raises what it failed with, or CancellationError.

    A generator, as `await` wants one.
    """
    if not asynchron.ready:
        loop = _get_running_loop()
        if loop is None:
            yield from _wait_elsewhere(asynchron)
        else:
            future = loop.create_future()
            report = _link_of(loop).report
            report.add(asynchron, future)
            try:
                yield from future
            except BaseException:
                report.remove(asynchron, future)
                raise
    return asynchron()


def _wait_elsewhere(asynchron):
    if "trio" not in sys.modules:
        raise RuntimeError("to await an asynchron, asyncio or trio must be running")
    from . import _trio

    yield from _trio.wait(asynchron).__await__()
