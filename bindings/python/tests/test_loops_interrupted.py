"""`await A` where a signal comes in between, a fork, or trio."""

import asyncio
import queue
import threading

import pytest
from asynchron import Asynchron, Report
from conftest import comes_true, many, run_python
from loops import descriptors, makers


def test_an_interrupt_while_futures_are_told_does_not_lose_the_others():
    class Waits:
        told = False

        def set_result(self, _):
            self.told = True

        def done(self):
            return self.told

    class Interrupts(Waits):
        def set_result(self, _):
            self.told = True
            raise KeyboardInterrupt

    class Cancelled(Waits):
        def set_result(self, _):
            self.told = True
            raise asyncio.InvalidStateError

    R, tags = Report(), [Waits(), Cancelled(), Interrupts(), Waits(), Interrupts(), Waits()]
    for tag in tags:
        R.add(Asynchron(result=1), tag)
    with pytest.raises(KeyboardInterrupt):
        R._tell_futures(256)
    assert all(tag.told for tag in tags) and len(R) == 0


@makers
def test_an_interrupt_ends_a_run_and_the_next_one_goes_on(make):
    program = f"""
import asyncio, os, signal, sys, threading, time
{"import uvloop as module" if make is not asyncio.new_event_loop else "import asyncio as module"}
from asynchron import Asynchron

signal.signal(signal.SIGINT, signal.default_int_handler)
As = [Asynchron() for _ in range(2000)]
got = 0

async def one(A):
    global got
    assert await A == 5
    got += 1

def deliver():
    for i, A in enumerate(As):
        if i == 1000:
            # What the loop has taken out to run just then is lost by asyncio: so it is to sleep.
            while got < 1000:
                time.sleep(0.001)
            time.sleep(0.05)
            os.kill(os.getpid(), signal.SIGINT)
            interrupted.wait()
        A.put(5)

async def main():
    await asyncio.gather(*tasks)

loop = module.new_event_loop()
interrupted = threading.Event()
# Tasks of asyncio's that are in the middle of a step when it comes are lost by asyncio; these wait.
tasks = [loop.create_task(one(A)) for A in As]
thread = threading.Thread(target=deliver, daemon=True)

async def wait_for_interrupt():
    thread.start()
    await asyncio.sleep(60)

try:
    loop.run_until_complete(wait_for_interrupt())
except KeyboardInterrupt:
    interrupted.set()
for task in asyncio.all_tasks(loop):
    if task not in tasks:
        task.cancel()
results = loop.run_until_complete(asyncio.wait(tasks))[0]
lost = [task for task in results if task.exception() is not None and not isinstance(task.exception(), KeyboardInterrupt)]
print(len(results), lost, got + sum(isinstance(task.exception(), KeyboardInterrupt) for task in results))
loop.close()
"""
    done = run_python(program)
    assert done.stdout == "2000 [] 2000\n", done.stderr


@makers
def test_a_child_of_a_fork_inside_a_run_has_a_loop_of_its_own_and_wakes_nobody(make):
    program = f"""
import asyncio, os, threading
{"import uvloop as module" if make is not asyncio.new_event_loop else "import asyncio as module"}
from asynchron import Asynchron

async def inner():
    A = Asynchron()
    threading.Timer(0.01, A.put, [1]).start()
    return await A

async def main():
    A = Asynchron()
    task = asyncio.ensure_future(A)
    await asyncio.sleep(0)
    child = os.fork()
    if child == 0:
        A.put("the child's")
        asyncio._set_running_loop(None)
        loop = module.new_event_loop()
        os._exit(0 if loop.run_until_complete(inner()) == 1 else 1)
    code = os.waitstatus_to_exitcode((await asyncio.to_thread(os.waitpid, child, 0))[1])
    await asyncio.sleep(0.01)
    woken = task.done()
    A.put("the parent's")
    return code, woken, await task

loop = module.new_event_loop()
print(loop.run_until_complete(main()))
"""
    done = run_python(program)
    assert done.stdout == "(0, False, \"the parent's\")\n", done.stderr


def test_trio_leaves_nothing_and_cancel_races_completion():
    trio = pytest.importorskip("trio")
    rounds = many(300, 5000)
    orders = queue.SimpleQueue()

    def deliver():
        while (A := orders.get()) is not None:
            A.put(1)

    async def main():
        seen = []

        async def one(A, scope):
            with scope:
                seen.append(await A)

        for i in range(rounds):
            A, scope = Asynchron(), trio.CancelScope()
            async with trio.open_nursery() as nursery:
                nursery.start_soon(one, A, scope)
                await trio.lowlevel.checkpoint()
                orders.put(A)
                for _ in range(i % 3):
                    await trio.lowlevel.checkpoint()
                scope.cancel()
        assert set(seen) <= {1}

    thread = threading.Thread(target=deliver, daemon=True)
    thread.start()
    trio.run(main)
    before = descriptors()
    for _ in range(3):
        trio.run(main)
    orders.put(None)
    thread.join()
    assert comes_true(lambda: descriptors() <= before)
