"""A report in Trio: a task waits until its descriptor is readable."""

import platform

import trio

from python_report import END, TICK, TICKS, Report, say, say_again, say_released, say_told


async def ticking(ticks):
    while True:
        await trio.sleep(TICK)
        ticks.append(TICK)


async def take_all(ticks):
    report = Report()
    report.fill()
    while True:
        await trio.lowlevel.wait_readable(report.fd)
        if report.take() == END:  # after its close: all is taken
            break
    report.release()
    while len(ticks) < 3:
        await trio.sleep(TICK)
    say(report.taken)


async def watch(fd, calls, name):
    try:
        while True:
            await trio.lowlevel.wait_readable(fd)
            calls.append(name)
            await trio.sleep(0)
    except trio.BusyResourceError:
        calls.append("refused")


async def ticks_more():
    for _ in range(TICKS):
        await trio.sleep(TICK)


async def release_watched(nursery):
    """Breaks the rule: stop watching first, then release. trio.lowlevel.notify_closing would end the wait."""
    report, calls = Report(), []
    nursery.start_soon(watch, report.fd, calls, "gone")
    report.add(0, 0)
    await ticks_more()
    say_told(len(calls))
    report.take()
    await ticks_more()  # the task waits again
    calls.clear()
    report.release()
    await ticks_more()
    say_released(len(calls))
    calls.clear()

    again = Report()
    assert again.fd == report.fd
    nursery.start_soon(watch, again.fd, calls, "heard")
    again.add(0, 0)
    await ticks_more()
    say_again((calls or ["not heard"])[0])
    nursery.cancel_scope.cancel()
    again.release()


async def main():
    ticks = []
    async with trio.open_nursery() as nursery:
        nursery.start_soon(ticking, ticks)
        await take_all(ticks)
        await release_watched(nursery)


print(f"with: Trio {trio.__version__}, Python {platform.python_version()}")
trio.run(main)
