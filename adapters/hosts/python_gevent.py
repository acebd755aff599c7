"""A report in gevent: a watcher of its loop calls for its descriptor."""

import platform

import gevent
from gevent.event import Event

from python_report import END, TICK, TICKS, Report, say, say_again, say_released, say_told

READ = 1  # as libev has it


def ticking(ticks):
    while True:
        gevent.sleep(TICK)
        ticks.append(TICK)


def take_all(loop, ticks):
    report, over = Report(), Event()
    watcher = loop.io(report.fd, READ)

    def readable():
        if report.take() == END:  # after its close: all is taken
            watcher.stop()
            over.set()

    watcher.start(readable)
    report.fill()
    over.wait()
    watcher.close()
    report.release()
    while len(ticks) < 3:
        gevent.sleep(TICK)
    say(report.taken)


def ticks_more():
    for _ in range(TICKS):
        gevent.sleep(TICK)


def release_watched(loop):
    """Breaks the rule: stop watching first, then release."""
    report, calls = Report(), []
    watcher = loop.io(report.fd, READ)
    watcher.start(calls.append, "gone")
    report.add(0, 0)
    ticks_more()
    say_told(len(calls))
    calls.clear()
    report.release()
    ticks_more()
    say_released(len(calls))

    again = Report()
    assert again.fd == report.fd
    other = loop.io(again.fd, READ)
    other.start(calls.append, "heard")
    again.add(0, 0)
    ticks_more()
    say_again("heard" if "heard" in calls else "not heard")
    for each in watcher, other:
        each.close()
    again.release()


print(f"with: gevent {gevent.__version__}, Python {platform.python_version()}")
timer_ticks = []
timer = gevent.spawn(ticking, timer_ticks)
take_all(gevent.get_hub().loop, timer_ticks)
release_watched(gevent.get_hub().loop)
timer.kill()
