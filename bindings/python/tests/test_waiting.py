"""Waits in the main thread end by Ctrl-C, at once, and use no processor time."""

import signal
import subprocess
import sys
import time

import pytest
from conftest import run_python

WAITS = {
    "call": "A()",
    "join": "A.join()",
    "get": "A.get()",
    "wait": "A.wait()",
    "wait with a limit": "A.wait(1000)",
    "next": "R.next()",
    "next_batch": "R.next_batch(timeout=None)",
    "for": "list(R)",
    "report": "list(asynchron.report([A]))",
}


@pytest.mark.parametrize("wait", WAITS.values(), ids=WAITS)
def test_ctrl_c_ends_the_wait(wait):
    program = f"""
import os, signal, threading, time, asynchron
from asynchron import Asynchron, Report
# Whoever starts the tests in the background may have Ctrl-C ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)
A = Asynchron()
R = Report([A])
def interrupt():
    time.sleep(0.3)
    global sent
    sent = time.monotonic()
    os.kill(os.getpid(), signal.SIGINT)
threading.Thread(target=interrupt, daemon=True).start()
before = time.process_time()
try:
    {wait}
except KeyboardInterrupt:
    print(time.monotonic() - sent, time.process_time() - before, A.pending)
"""
    done = run_python(program)
    assert done.returncode == 0, done.stderr
    late, used, pending = done.stdout.split()
    # Not at once only where the machine is slow.
    assert float(late) < 5 and float(used) < 0.2 and pending == "True"


def test_a_handler_that_does_not_raise_lets_the_wait_go_on():
    program = """
import os, signal, threading, time
from asynchron import Asynchron
seen = []
inner = Asynchron()
signal.signal(signal.SIGUSR1, lambda *_: seen.append(inner()))
A = Asynchron()
def act():
    time.sleep(0.1); os.kill(os.getpid(), signal.SIGUSR1)
    time.sleep(0.1); inner.put(1)
    time.sleep(0.1); A.put(2)
threading.Thread(target=act).start()
print(A(), seen)
"""
    done = run_python(program)
    assert done.stdout == "2 [1]\n", done.stderr


def test_idle_waits_use_no_processor_time():
    program = """
import threading, time
from asynchron import Asynchron
As = [Asynchron() for _ in range(20)]
threads = [threading.Thread(target=A) for A in As]
for thread in threads: thread.start()
time.sleep(0.2)
before = time.process_time()
As[0].wait(1)
print(time.process_time() - before)
for A in As: A.put(1)
"""
    done = run_python(program)
    assert float(done.stdout) < 0.2, done.stderr


def test_in_other_threads_waits_end_by_delivery_alone():
    program = """
import threading, time
from asynchron import Asynchron
A = Asynchron()
threading.Thread(target=lambda: print(A()), daemon=True).start()
time.sleep(0.1)
A.put(3)
time.sleep(0.1)
"""
    assert run_python(program).stdout == "3\n"


def test_waiting_in_a_second_interpreter_is_refused_clearly():
    program = """
try:
    import _xxsubinterpreters as interpreters
except ImportError:
    try:
        import _interpreters as interpreters
    except ImportError:
        raise SystemExit(77)
import asynchron
number = interpreters.create()
failed = None
try:
    failed = interpreters.run_string(number, "import asynchron")
except Exception as error:
    failed = error
print("ImportError" in repr(failed) or "main interpreter" in repr(failed) or "ImportError" in str(failed))
"""
    done = run_python(program)
    if done.returncode == 77:
        pytest.skip("this Python has no module for interpreters")
    assert done.stdout.strip() == "True", done.stdout + done.stderr
