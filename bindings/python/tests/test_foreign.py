"""From C to Python and back."""

import array
import asyncio
import ctypes
import gc
import subprocess
import sys
import weakref
from concurrent.futures import ThreadPoolExecutor

import asynchron
import asynchron.__main__
import pytest
from asynchron import Asynchron, Report
from conftest import comes_true, many, run_python


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


def test_what_c_writes_into_messages_may_be_no_text():
    library = ctypes.CDLL(asynchron.__main__.library())
    A, B = Asynchron(), Asynchron()
    library.asynchron_cancel_with(ctypes.c_void_p(A.handle), b"caf\xe9")
    library.asynchron_fail_with(ctypes.c_void_p(B.handle), 7, b"\xff", b"\xc3\xa9 \xe9", None, None)
    with pytest.raises(asynchron.CancellationError, match=r"^caf\\xe9$"):
        A()
    with pytest.raises(asynchron.Error) as caught:
        B()
    assert caught.value.args == ("\\xff", 7, "\xe9 \\xe9")


def test_a_failure_of_c_is_not_taken_for_one_of_python():
    program = """
import asynchron, asynchron.__main__, ctypes
library = ctypes.CDLL(asynchron.__main__.library())
A = asynchron.Asynchron()
library.asynchron_fail_with(ctypes.c_void_p(A.handle), 7, b"python", b"text", ctypes.c_void_p(8), None)
try:
    A()
except asynchron.Error as error:
    print(error.args)
"""
    done = run_python(program)
    assert done.stdout == "('python', 7, 'text')\n", done


def test_c_sees_which_exception_it_was():
    class Seen(ctypes.Structure):
        _fields_ = [("code", ctypes.c_int32), ("domain", ctypes.c_char_p), ("message", ctypes.c_char_p),
                    ("payload", ctypes.c_void_p)]

    A, seen = Asynchron(), Seen()
    A.fail(ValueError("caf\xe9"))
    library = ctypes.CDLL(asynchron.__main__.library())
    assert library.asynchron_error(ctypes.c_void_p(A.handle), ctypes.byref(seen)) == 0
    assert (seen.domain, seen.message.decode()) == (b"asynchron.python", "ValueError: caf\xe9") and seen.payload


@pytest.mark.parametrize("data", [b"two\0parts", bytearray(b"x"), memoryview(b"abcdef")[2:4], array.array("q", [1, -1])])
@pytest.mark.parametrize("waited_for", [False, True])
def test_other_languages_read_what_put_bytes_delivers(data, waited_for):
    library = ctypes.CDLL(asynchron.__main__.library())
    A, copy, length = Asynchron(), ctypes.create_string_buffer(100), ctypes.c_size_t()
    with ThreadPoolExecutor() as threads:
        if waited_for:
            got = threads.submit(A)
        A.put_bytes(data)
        assert library.asynchron_get_bytes(A, copy, ctypes.c_size_t(100), ctypes.byref(length)) == 0
        assert copy.raw[: length.value] == bytes(data)
        assert not waited_for or got.result() == bytes(data)
    assert A() == bytes(data) and type(A()) is bytes
    with pytest.raises(RuntimeError, match="already completed"):
        A.put_bytes(b"late")
    assert A() == bytes(data)


def test_what_put_bytes_refuses_delivers_nothing():
    A = Asynchron()
    for wrong in ("text", 5, None, memoryview(b"abcdef")[::2]):
        with pytest.raises((TypeError, BufferError)):
            A.put_bytes(wrong)
    assert A.pending
    A.put_bytes(b"")
    assert A() is None  # the empty value, as C has it
    B = Asynchron()
    B.cancel()
    with pytest.raises(RuntimeError):
        B.put_bytes(b"late")
    assert B.cancelled


def test_put_bytes_keeps_a_copy():
    A, data = Asynchron(), bytearray(b"before")
    A.put_bytes(data)
    data[:] = b"a length that it may have once its buffer is free again"
    assert A() == b"before"


def test_the_module_says_where_its_parts_are(tmp_path):
    def say(*args):
        return subprocess.run([sys.executable, "-m", "asynchron", *args], capture_output=True, text=True, check=True,
                              timeout=50).stdout.strip()

    assert asynchron.version() in say()
    assert "libasynchron" in say("--library")
    assert (__import__("pathlib").Path(say("--include")) / "asynchron" / "python.h").exists()
    assert "thread 1 has 3" in say("demo")


def test_what_is_no_address_is_refused():
    for wrong in (0, -1, 7, 1 << 70):
        with pytest.raises(ValueError):
            Asynchron.from_handle(wrong)


def test_ctypes_passes_an_asynchron_as_its_address():
    import ctypes

    import asynchron.__main__ as main

    A = Asynchron()
    library = ctypes.CDLL(main.library())
    assert library.asynchron_cancel(A) == 0 and A.cancelled


def test_a_failure_of_c_has_its_parts_and_says_them():
    A = Asynchron()
    assert A.expire_after(0.01) and A.wait()
    with pytest.raises(asynchron.Error) as raised:
        A()
    error = raised.value
    assert (error.domain, error.code) == ("asynchron", 4) and error.message in str(error)


def test_a_later_time_replaces_the_one_before_and_none_takes_it_back():
    A = Asynchron()
    assert A.expire_after(0.05) and A.expire_after(None) and not A.wait(0.2)
    assert A.expire_after(0.05) and A.wait(20) and not A.expire_after(1)
