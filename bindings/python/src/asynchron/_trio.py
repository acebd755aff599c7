"""The same in trio: a task of the run's own watches the descriptor."""

import trio

from ._core import Report
from .aio import MOST

_link: trio.lowlevel.RunVar = trio.lowlevel.RunVar("asynchron")


def is_running():
    """Whether this thread is inside of a run of trio's."""
    try:
        trio.lowlevel.current_task()
    except RuntimeError:
        return False
    return True


class _Link:
    def __init__(self):
        self.report = Report()
        trio.lowlevel.spawn_system_task(self._watch, name="asynchron")

    async def _watch(self):
        while True:
            await readable(self.report)
            for _, task in self.report.next_batch(MOST, tagged=True):
                trio.lowlevel.reschedule(task)

    async def wait(self, asynchron):
        task = trio.lowlevel.current_task()
        self.report.add(asynchron, task)

        def abort(_):
            # If it has come out of the report already, the task is being woken.
            if self.report.remove(asynchron, task):
                return trio.lowlevel.Abort.SUCCEEDED
            return trio.lowlevel.Abort.FAILED

        await trio.lowlevel.wait_task_rescheduled(abort)


async def wait(asynchron):
    try:
        link = _link.get()
    except LookupError:
        link = _Link()
        _link.set(link)
    await link.wait(asynchron)


async def readable(report):
    await trio.lowlevel.wait_readable(report.fileno())


async def turn():
    await trio.lowlevel.checkpoint()
