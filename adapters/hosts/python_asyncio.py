"""A report in asyncio: add_reader watches its descriptor."""

import asyncio
import platform

from python_report import END, TICK, TICKS, Report, say, say_again, say_released, say_told


async def ticking(ticks):
    while True:
        await asyncio.sleep(TICK)
        ticks.append(TICK)


async def take_all(loop, ticks):
    report, over = Report(), asyncio.Event()

    def readable():
        if report.take() == END:  # after its close: all is taken
            loop.remove_reader(report.fd)
            over.set()

    loop.add_reader(report.fd, readable)
    report.fill()
    await over.wait()
    report.release()
    while len(ticks) < 3:
        await asyncio.sleep(TICK)
    say(report.taken)


async def ticks_more():
    for _ in range(TICKS):
        await asyncio.sleep(TICK)


async def release_watched(loop):
    """Breaks the rule: stop watching first, then release."""
    report, calls = Report(), []
    loop.add_reader(report.fd, lambda: calls.append("gone"))
    report.add(0, 0)
    await ticks_more()
    say_told(len(calls))
    calls.clear()
    report.release()
    await ticks_more()
    say_released(len(calls))

    again = Report()
    assert again.fd == report.fd
    loop.add_reader(again.fd, lambda: calls.append("heard"))
    again.add(0, 0)
    await ticks_more()
    say_again("heard" if "heard" in calls else "not heard")
    loop.remove_reader(again.fd)
    again.release()


async def main():
    loop, ticks = asyncio.get_running_loop(), []
    timer = asyncio.ensure_future(ticking(ticks))
    await take_all(loop, ticks)
    await release_watched(loop)
    timer.cancel()


if __name__ == "__main__":
    print(f"with: asyncio of Python {platform.python_version()}")
    asyncio.run(main())
