"""When memory runs out, there is a MemoryError, nothing has changed, and nothing is lost."""

import pytest
from conftest import run_python

PROGRAM = """
import gc, sys
try:
    from _testcapi import set_nomemory, remove_mem_hooks
except ImportError:
    raise SystemExit(77)
from asynchron import Asynchron, Report

error = ValueError("v")

def put():
    A = Asynchron()
    try:
        A.put(5)
    except MemoryError:
        assert A.pending
        raise
    assert A() == 5

def fail():
    A = Asynchron()
    A.fail(error)
    assert A.exc_info is not None

def run():
    A = Asynchron()
    try:
        A(lambda: [1, 2])
    except MemoryError:
        pass
    assert A.ready or A.pending

def notify():
    A, seen = Asynchron(), []
    call = seen.append
    try:
        A.notify(call)
    except MemoryError:
        A.put(1)
        assert seen == []
        raise

def report():
    A = Asynchron()
    A.put(1)
    R = Report()
    try:
        R.add(A, "tag")
    except MemoryError:
        assert len(R) == 0
        raise
    R.next(tagged=True)

def batch():
    A = Asynchron()
    A.put(1)
    Report([A, A, A]).next_batch(tagged=True)

def name():
    A = Asynchron("x")
    repr(A)
    repr(Asynchron())

def cancel():
    A = Asynchron()
    A.cancel("why")
    try:
        A()
    except MemoryError:
        raise
    except Exception:
        pass

def create():
    # More than are kept for the next.
    kept = [Asynchron() for _ in range(200)]

misses = 0
for work in (create, put, fail, run, notify, report, batch, name, cancel):
    work()
    for n in range(1, 60):
        set_nomemory(n, n + 1)
        try:
            work()
        except MemoryError:
            misses += 1
        except SystemError:
            raise
        finally:
            remove_mem_hooks()
assert misses > 20, misses
gc.collect()
print("well", sys.getrefcount(error) < 20)
"""


def test_every_allocation_may_fail():
    done = run_python(PROGRAM)
    if done.returncode == 77:
        pytest.skip("this Python has no _testcapi")
    assert done.stdout.startswith("well"), done.stdout + done.stderr[-3000:]
