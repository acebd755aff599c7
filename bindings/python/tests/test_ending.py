"""Forks, and the end of the interpreter, while others deliver, drop and call back."""

import pytest
from conftest import many, run_python

AT_THE_END = {
    "daemon threads wait and deliver": """
import threading, time
from asynchron import Asynchron
def work():
    while True:
        A = Asynchron()
        threading.Thread(target=A.put, args=([1],), daemon=True).start()
        A.notify(lambda a: None)
        A()
for _ in range(3): threading.Thread(target=work, daemon=True).start()
for _ in range(3): threading.Thread(target=Asynchron(), daemon=True).start()
time.sleep(0.05)
""",
    "threads of C deliver and drop": """
import asynchron, pool
kept = pool.squares(20000)
for A in kept[:2000]: A.notify(lambda a, drop=object(): None)
""",
    "threads of C call back and the callbacks use Python": """
import asynchron, pool, threading
seen = []
As = pool.squares(5000)
for A in As: A.notify(lambda a: seen.append(len(seen)))
threading.Thread(target=As[-1], daemon=True).start()
""",
    "deadlines expire": """
from asynchron import Asynchron
As = [Asynchron() for _ in range(500)]
for i, A in enumerate(As):
    A.extra.me = A
    A.notify(lambda a: a.extra)
    A.expire_after(i / 20000)
""",
    "a pool of threads is busy": """
import time
from asynchron import ThreadPoolExecutor
pool = ThreadPoolExecutor(4)
fs = [pool.submit(time.sleep, 0.001) for _ in range(50)]
""",
}


@pytest.mark.parametrize("program", AT_THE_END.values(), ids=AT_THE_END)
def test_the_interpreter_ends_as_without_us(program, pool):
    program = f"import sys; sys.path.insert(0, {str(pool)!r})\n{program}\nprint('end')"
    for _ in range(many(6, 100)):
        done = run_python(program)
        assert done.returncode == 0 and done.stdout == "end\n", done.stderr
        assert "Fatal" not in done.stderr


#: Each leaves a thread in Python code, above frames of the library's, when the interpreter ends.
STAYS = {
    "a function of a daemon thread": """
threading.Thread(target=Asynchron(), args=(busy,), daemon=True).start()
""",
    "a callback of a daemon thread": """
A = Asynchron()
A.notify(busy)
threading.Thread(target=A.put, args=(1,), daemon=True).start()
""",
    "a callback of a daemon thread that let go of the lock": """
A = Asynchron()
A.notify(busy)
threading.Thread(target=A.cancel, daemon=True).start()
""",
    "what a daemon thread drops": """
def make():
    Asynchron().put(Busy())
threading.Thread(target=make, daemon=True).start()
""",
    "what a daemon thread delivered too late": """
def late():
    A = Asynchron(result=1)
    A.put(Busy())
threading.Thread(target=late, daemon=True).start()
""",
    "a callback of the library's thread": """
A = Asynchron()
A.notify(busy)
A.expire_after(0.001)
""",
    "what the library's thread drops": """
A = Asynchron()
class Callback(Busy):
    def __call__(self, a): pass
A.notify(Callback())
A.expire_after(0.001)
""",
    "callbacks of threads of C": """
As = pool.squares(100)
for A in As: A.notify(busy)
""",
}


@pytest.mark.parametrize("program", STAYS.values(), ids=STAYS)
def test_what_is_in_python_at_the_end_is_not_unwound_through_the_library(program, pool):
    program = f"""
import sys, threading, time; sys.path.insert(0, {str(pool)!r})
import asynchron, pool
from asynchron import Asynchron
inside = threading.Event()
main = threading.get_ident()
def busy(*_):
    inside.set()
    while threading.get_ident() != main: len("it wants the lock again and again")
class Busy:
    def __del__(self): busy()
{program}
# In turns: without the interpreter lock, what this thread has made is destroyed by it.
assert any(inside.wait(0.01) for _ in range(3000))
print('end')"""
    for _ in range(many(1, 25)):
        done = run_python(program)
        assert done.returncode == 0 and done.stdout == "end\n" and done.stderr == "", done.stderr


FORK = """
import os, threading
from asynchron import Asynchron, Report
A, waited = Asynchron(), Asynchron()
waited.wait(0.01)
R = Report([A])
R.fileno()
child = os.fork()
if child == 0:
    B = Asynchron()
    threading.Timer(0.05, B.put, [1]).start()
    ok = B() == 1
    A.put("child's")
    ok = ok and R.next() is A and A() == "child's"
    C = Asynchron()
    ok = ok and not C.wait(0.01)
    os._exit(0 if ok else 1)
import select
_, status = os.waitpid(child, 0)
print(os.waitstatus_to_exitcode(status), A.pending, select.select([R], [], [], 0)[0] == [])
threading.Timer(0.05, A.put, [2]).start()
print(A(), R.next() is A)
"""


def test_a_child_of_a_fork_has_its_own_and_does_not_wake_the_parent():
    for _ in range(many(3, 50)):
        done = run_python(FORK)
        assert done.stdout == "0 True True\n2 True\n", done.stdout + done.stderr


def test_multiprocessing_by_fork_works_with_threads_about():
    program = """
import multiprocessing, threading
from asynchron import Asynchron, bg
def work(n):
    return bg(lambda: n * 2)()
if __name__ == "__main__":
    stop = Asynchron()
    waiters = [threading.Thread(target=stop) for _ in range(3)]
    for waiter in waiters: waiter.start()
    with multiprocessing.get_context("fork").Pool(2) as pool:
        print(pool.map(work, range(5)))
    stop.put(1)
"""
    done = run_python(program)
    assert done.stdout == "[0, 2, 4, 6, 8]\n", done.stderr
