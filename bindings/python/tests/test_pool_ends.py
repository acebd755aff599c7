"""What a pool keeps, and what is left of it: references, the end of the interpreter, forks."""

import gc
import weakref

import pytest
from asynchron import ThreadPoolExecutor
from concurrent.futures import wait
from conftest import comes_true, many, run_python


class Thing:
    def method(self, other=None):
        return other

    def fail(self, other=None):
        raise KeyError


@pytest.fixture
def no_collector():
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def test_what_a_task_was_given_is_not_kept(no_collector):
    with ThreadPoolExecutor(1) as pool:
        thing, other = Thing(), Thing()
        gone = weakref.ref(thing), weakref.ref(other)
        f = pool.submit(thing.method, other=other)
        assert f.result(30) is other
        gone += (weakref.ref(f),)
        del thing, other, f
        assert comes_true(lambda: [one() for one in gone] == [None] * 3)


def test_a_failure_keeps_nothing_of_the_pool_but_the_frames_of_the_function(no_collector):
    with ThreadPoolExecutor(1) as pool:
        thing, other = Thing(), Thing()
        f = pool.submit(thing.fail, other=other)
        gone = weakref.ref(thing), weakref.ref(other), weakref.ref(f)
        error = f.exception(30)
        del thing, other, f
        error.__traceback__.tb_next.tb_frame.clear()
        assert comes_true(lambda: [one() for one in gone] == [None] * 3)


def test_a_dropped_pool_does_what_it_was_given():
    pool, ran = ThreadPoolExecutor(1), []
    fs = [pool.submit(ran.append, i) for i in range(100)]
    threads = list(pool._threads)
    del pool
    assert wait(fs, 30).not_done == set() and ran == list(range(100))
    assert comes_true(lambda: not any(thread.is_alive() for thread in threads))


# ---- the end of the interpreter, and forks ----


def test_what_is_pending_when_the_interpreter_ends_is_done():
    program = """
import sys, time
from asynchron import ThreadPoolExecutor
pool = ThreadPoolExecutor(1)
def say(n):
    sys.stdout.write(f"{n} ")
def again(n):
    time.sleep(0.001)
    say(n)
    pool.submit(again, n + 1)
pool.submit(again, 100)
for i in range(20): pool.submit(time.sleep, 0.002).add_done_callback(lambda f, i=i: say(i))
"""
    for _ in range(many(3, 50)):
        done = run_python(program)
        lines = done.stdout.split()
        assert done.returncode == 0 and set(map(str, range(20))) <= set(lines) and "100" in lines, done.stderr
        # Then it takes no more, so the chain ends, too.
        assert len(lines) < 5000


FORK = """
import os, threading
from asynchron import Future, ThreadPoolExecutor
from concurrent.futures import wait
def work(n):
    with ThreadPoolExecutor(2) as pool:
        return sum(pool.map(abs, range(n)))
pending, complete = Future(), Future(result="parent's")
pool = ThreadPoolExecutor(2)
pool.submit(int).result()
child = os.fork()
if child == 0:
    ok = work(10) == 45 and complete.result() == "parent's"
    threading.Timer(0.02, pending.set_result, ["child's"]).start()
    ok = ok and wait([pending], 20).done == {pending}
    os._exit(0 if ok else 1)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), pending.done(), pool.submit(int).result(), work(10))
"""


def test_a_child_of_a_fork_has_pools_and_futures_of_its_own():
    for _ in range(many(3, 50)):
        done = run_python(FORK)
        assert done.stdout == "0 False 0 45\n", done.stdout + done.stderr
