"""cffi in CPython: each question that docs/languages.md answers for it."""

import os
import pathlib
import platform
import sys
import threading
import time

import cffi

FOREVER = 2**64 - 1
LONG = 5_000_000_000
ffi = cffi.FFI()
ffi.cdef(pathlib.Path(os.environ["ASYNCHRON_INCLUDE"], "asynchron.ffi.h").read_text())
ffi.cdef("int given_forever(uint64_t n);")
library = ffi.dlopen("libasynchron.so.0")
given = ffi.dlopen("libgiven.so")


def wait(a, timeout=FOREVER):
    return library.asynchron_wait(a, timeout)


def timer(milliseconds):
    return library.asynchron_timer(milliseconds * 1_000_000)


def outcome(function):
    a = library.asynchron_create(ffi.NULL)
    library.asynchron_call(a, function, ffi.NULL)
    if library.asynchron_poll(a) == library.ASYNCHRON_OK:
        return "success"
    why = ffi.new("asynchron_error_t *")
    library.asynchron_error(a, why)
    return "failure: " + ffi.string(why.message).decode()


@ffi.callback("asynchron_fn_t")
def throws(a, ctx):
    raise ValueError("no luck")


@ffi.callback("asynchron_fn_t")
def catches(a, ctx):
    try:
        raise ValueError("no luck")
    except Exception as e:
        return library.asynchron_fail(a, 1, str(e).encode())


@ffi.callback("asynchron_notify_fn_t")
def told(a, ctx):
    done.set()


done = threading.Event()


def forever():
    return "arrives" if given.given_forever(FOREVER) and wait(timer(50)) == library.ASYNCHRON_OK else "lost"


def blocking():
    """Whether another thread comes to end the wait."""
    a = library.asynchron_create(ffi.NULL)
    threading.Timer(0.1, library.asynchron_cancel, [a]).start()
    return "the thread" if wait(a, LONG) == library.ASYNCHRON_OK else "all"


def interrupt():
    print("waiting", flush=True)
    wait(library.asynchron_create(ffi.NULL), LONG)
    print("went on")


def callback():
    assert library.asynchron_notify(timer(100), told, ffi.NULL) == library.ASYNCHRON_OK
    return "works" if done.wait(10) else "lost"


def leave():
    threading.Thread(target=wait, args=(library.asynchron_create(ffi.NULL),), daemon=True).start()
    time.sleep(0.3)
    print("ending", flush=True)


questions = {
    "version": lambda: f"cffi {cffi.__version__}, Python {platform.python_version()}",
    "forever": forever,
    "max": library.asynchron_forever,
    "blocking": blocking,
    "interrupt": interrupt,
    "callback": callback,
    "exit": leave,
    "exception": lambda: outcome(throws),
    "caught": lambda: outcome(catches),
}
answer = questions[sys.argv[1]]()
if answer is not None:
    print(answer)
