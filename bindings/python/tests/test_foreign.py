"""From C to Python and back."""

import asyncio
import gc
import subprocess
import sys
import weakref

import asynchron
import pytest
from asynchron import Asynchron, Report
from conftest import comes_true, many


class Thing:
    pass


def test_threads_of_c_deliver_to_await(pool):
    import pool as extension

    n = many(20_000, 1_000_000)

    async def main():
        for i, A in enumerate(extension.squares(n)):
            assert int.from_bytes(await A, sys.byteorder) == i * i

    asyncio.run(main())


def test_threads_of_c_deliver_to_reports_and_calls(pool):
    import pool as extension

    As = extension.squares(many(5000, 100_000))
    assert set(Report(As)) == set(As)
    assert [int.from_bytes(A(), sys.byteorder) for A in As[:3]] == [0, 1, 4]


def test_objects_that_c_delivers_are_exact(pool):
    import pool as extension

    thing = Thing()
    gone = weakref.ref(thing)
    for _ in range(many(200, 5000)):
        A = extension.echo(thing)
        assert A() is thing
    del thing, A
    gc.collect()
    # Each thread gives its own reference back after the value was there.
    assert comes_true(lambda: gone() is None)
    A = Asynchron()
    assert extension.complete(A, 5) == "ok" and A() == 5 and extension.complete(A, 6) == "already done"
    with pytest.raises(TypeError):
        extension.complete(3, 5)


def test_a_handle_of_the_same_is_another_object():
    A = Asynchron("one")
    for handle in (A.handle, A.capsule()):
        B = Asynchron.from_handle(handle)
        assert B is not A and B.handle == A.handle
    B.put(5)
    assert A() == 5


def test_a_failure_of_c_is_an_error():
    error = asynchron.Error("domain", 3, "text")
    assert error.args == ("domain", 3, "text")


def test_the_module_says_where_its_parts_are(tmp_path):
    def say(*args):
        return subprocess.run([sys.executable, "-m", "asynchron", *args], capture_output=True, text=True, check=True,
                              timeout=50).stdout.strip()

    assert asynchron.version() in say()
    assert "libasynchron" in say("--library")
    assert (__import__("pathlib").Path(say("--include")) / "asynchron" / "python.h").exists()
    assert "thread 1 has 3" in say("demo")
