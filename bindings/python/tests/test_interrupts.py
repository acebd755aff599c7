"""An interrupt of the main thread comes out there, wherever it comes in."""

from conftest import run_python

PROGRAM = """
import signal, sys, threading, time
from asynchron import Asynchron, OnDemandResult, after

def soon():
    # By then the main thread is in the function or callback, which says so.
    began.wait()
    signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)

def slow(*_):
    began.set()
    for _ in range(3000):
        time.sleep(0.01)  # not one long sleep, before which the signal may come just in time to be missed

def interrupted(what):
    global began
    began = threading.Event()
    thread = threading.Thread(target=soon)
    thread.start()
    try:
        what()
        for _ in range(1000):
            time.sleep(0.01)  # it may come just after the call
        return False
    except KeyboardInterrupt:
        return True
    finally:
        thread.join()

signal.signal(signal.SIGINT, signal.default_int_handler)
done = Asynchron(result=1)
seen = []

def put():
    A = Asynchron()
    A.notify(slow)
    A.notify(lambda A: seen.append("the others run"))
    A.put(1)

ways = {
    "run_func": lambda: Asynchron().run_func(slow),
    "call": lambda: Asynchron()(slow),
    "notify": lambda: done.notify(slow),
    "put": put,
    "post_notify": lambda: done.post_notify(slow),
    "after": lambda: after([done], None, slow),
    "on demand": lambda: OnDemandResult(slow).wait(),
    "on demand, get": lambda: OnDemandResult(slow).get(),
}
print([name for name, way in ways.items() if not interrupted(way)], seen)
"""


def test_an_interrupt_of_a_function_or_a_callback_reaches_the_main_thread():
    done = run_python(PROGRAM)
    assert done.stdout == "[] ['the others run']\n", done.stdout + done.stderr
    assert "Traceback" not in done.stderr, done.stderr
