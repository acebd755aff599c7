"""What a type checker sees."""

import pathlib
import subprocess
import sys

import pytest

#: What mypy wants to be said by a decorator that is not in the standard library of 3.11.
ALLOWED = pathlib.Path(__file__).parent / "stubtest.allow"

PROGRAM = """
import asyncio
from asynchron import (Asynchron, CancellationError, Future, OnDemandResult, Report, Result, ResultSet,
                       ThreadPoolExecutor, after, bg, call_in_thread, in_thread, not_cancelled, report)

A: Asynchron[int] = Asynchron()
A.put(3)
A.result = 4
number: int = A()
pair = A.join(1.5)
text: Asynchron[str] = A.post_notify(str)
token: int = A.notify(lambda a: print(a()))
A.unnotify(token)
for B in report([A, A]):
    reveal_type(B)
reveal_type(bg(pow, 2, 3)())
reveal_type(after([A], None, len, "abc")())
otherwise: int | None = A.get(default=None)
cancelled: bool = A.cancel(msg="why")
A.wait(timeout=1.5)
A.put(value=3)
A.run_func(func=int)
A.bg(func=int, _daemon=True)
A.raise_(exc=ValueError)
A.extra = {"a": 1}
assert A.fsm_state == A.PENDING
demanded: OnDemandResult[int] = OnDemandResult(pow, 2, 3)
value: int = demanded()
after(Rs=[A], R=None, func=int)
in_thread(len)("abc")
in_thread(len).direct("abc")
length: int = call_in_thread(len, "abc")
for C in ResultSet([A, demanded]):
    C.cancel()


class Job(Result[str]):
    @not_cancelled
    def begin(self, n: int) -> int:
        return n


begun: int = Job(name="job").begin(3)
try:
    A()
except CancellationError as error:
    message: str = error.message
R = Report([A])
reveal_type(R.next())
reveal_type(R.next_batch(tagged=True))


async def main() -> int:
    return await A


with ThreadPoolExecutor(1) as pool:
    future: Future[int] = pool.submit(len, "abc")
    reveal_type(future.result())
"""


def test_mypy_knows_what_comes_out(tmp_path):
    pytest.importorskip("mypy")
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    done = subprocess.run([sys.executable, "-m", "mypy", "--strict", "--no-incremental", program], capture_output=True,
                          text=True, timeout=200)
    assert done.returncode == 0, done.stdout + done.stderr
    for revealed in ("Asynchron[int]", "tuple[asynchron._core.Asynchron[int]"):
        assert revealed in done.stdout.replace("builtins.", ""), done.stdout


@pytest.mark.parametrize("wrong", ['A.put("x")', 'A.put(value="x")', "A.cancel(3)", "A.cancel(message='m')", "A.nothing", "A.join('x')", "Report([3])", "A.notify(3)"])
def test_mypy_sees_mistakes(wrong, tmp_path):
    pytest.importorskip("mypy")
    program = tmp_path / "program.py"
    program.write_text(f"from asynchron import Asynchron, Report\nA: Asynchron[int] = Asynchron()\n{wrong}\n")
    done = subprocess.run([sys.executable, "-m", "mypy", "--strict", "--no-incremental", program], capture_output=True,
                          text=True, timeout=200)
    assert done.returncode == 1 and "error" in done.stdout


def test_the_stubs_are_those_of_the_module():
    pytest.importorskip("mypy")
    done = subprocess.run([sys.executable, "-m", "mypy.stubtest", "--ignore-missing-stub", "--allowlist",
                           str(ALLOWED), "--ignore-unused-allowlist", "asynchron"],
                          capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stdout + done.stderr
