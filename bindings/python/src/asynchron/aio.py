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

#: What waits in each loop. Only the loop itself holds its report, as what it calls for the descriptor: it goes with that.
_reports: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()
#: The loop that was asked for last in this thread, and its report.
_here = threading.local()


def _find_report(loop):
    known = _reports.get(loop)
    report = known and known()
    if report is None:
        report = Report()
        loop.add_reader(report.fileno(), report._tell_futures, MOST)
        _reports[loop] = weakref.ref(report)
    _here.loop, _here.report = weakref.ref(loop), weakref.ref(report)
    return report


def _report_of(loop):
    known = getattr(_here, "report", None)
    report = known and known()
    if report is None or _here.loop() is not loop:
        report = _find_report(loop)
    return report


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
            report = _report_of(loop)
            report.add(asynchron, future)
            try:
                yield from future
            except BaseException:
                report.remove(asynchron, future)
                raise
    return asynchron()


def _wait_elsewhere(asynchron):
    if "trio" in sys.modules:
        from . import _trio

        if _trio.is_running():
            yield from _trio.wait(asynchron).__await__()
            return
    raise RuntimeError("to await an asynchron, asyncio or trio must be running")


#: The reports that a task iterates over.
_iterated: weakref.WeakSet = weakref.WeakSet()


async def _readable(report):
    loop = _get_running_loop()
    if loop is None:
        from . import _trio

        await _trio.readable(report)
        return
    if report in _iterated:
        raise RuntimeError("another task waits for this report")
    future = loop.create_future()
    _iterated.add(report)
    loop.add_reader(report.fileno(), _set, future)
    try:
        await future
    finally:
        loop.remove_reader(report.fileno())
        _iterated.discard(report)


def _set(future):
    if not future.done():
        future.set_result(None)


async def each(report):
    """Yields what is in a report as it completes, until nothing is left. Others have their turns, too."""
    taken = 0
    while True:
        try:
            asynchron = report.next(0)
        except TimeoutError:
            await _readable(report)
            continue
        if asynchron is None:
            return
        yield asynchron
        taken += 1
        if taken % MOST == 0:
            await _turn()


async def _turn():
    if _get_running_loop() is None:
        from . import _trio

        await _trio.turn()
    else:
        import asyncio

        await asyncio.sleep(0)
