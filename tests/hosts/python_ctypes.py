"""CPython's ctypes: each question that docs/languages.md answers for it."""

import ctypes
import platform
import sys
import threading
import time

FOREVER = 2**64 - 1
OK = 0
LONG = 5_000_000_000
library = ctypes.CDLL("libasynchron.so.0")
given = ctypes.CDLL("libgiven.so")
pointer, status, u64 = ctypes.c_void_p, ctypes.c_int32, ctypes.c_uint64
Function = ctypes.CFUNCTYPE(status, pointer, pointer)
Notify = ctypes.CFUNCTYPE(None, pointer, pointer)


class Error(ctypes.Structure):
    _fields_ = [("code", status), ("domain", ctypes.c_char_p), ("message", ctypes.c_char_p), ("payload", pointer)]


def declare(name, result, *arguments):
    function = getattr(library, "asynchron_" + name)
    function.restype, function.argtypes = result, arguments
    return function


holding_wait = ctypes.PyDLL("libasynchron.so.0").asynchron_wait
holding_wait.argtypes = [pointer, u64]
forever = declare("forever", u64)
create = declare("create", pointer, ctypes.c_char_p)
timer = declare("timer", pointer, u64)
wait = declare("wait", status, pointer, u64)
cancel = declare("cancel", status, pointer)
fail = declare("fail", status, pointer, status, ctypes.c_char_p)
poll = declare("poll", status, pointer)
error = declare("error", status, pointer, ctypes.POINTER(Error))
call = declare("call", status, pointer, Function, pointer)
notify = declare("notify", status, pointer, Notify, pointer)
given.given_forever.argtypes = [u64]


def outcome(function):
    a = create(None)
    call(a, function, None)
    if poll(a) == OK:
        return "success"
    why = Error()
    error(a, why)
    return "failure: " + why.message.decode()


@Function
def throws(a, ctx):
    raise ValueError("no luck")


@Function
def catches(a, ctx):
    try:
        raise ValueError("no luck")
    except Exception as e:
        return fail(a, 1, str(e).encode())


@Notify
def told(a, ctx):
    done.set()


done = threading.Event()


def leave():
    threading.Thread(target=wait, args=(create(None), FOREVER), daemon=True).start()
    time.sleep(0.3)
    print("ending", flush=True)


def forever_arrives():
    return "arrives" if given.given_forever(FOREVER) and wait(timer(50_000_000), FOREVER) == OK else "lost"


def interrupt():
    print("waiting", flush=True)
    wait(create(None), LONG)
    print("went on")


def blocking():
    """Whether another thread comes to end the wait."""
    held, freed = create(None), create(None)
    threading.Timer(0.1, cancel, [held]).start()
    if holding_wait(held, 1_000_000_000) == OK:
        return "none"
    threading.Timer(0.1, cancel, [freed]).start()
    return "the thread" if wait(freed, LONG) == OK else "all"


def callback():
    assert notify(timer(100_000_000), told, None) == OK
    return "works" if done.wait(10) else "lost"


questions = {
    "version": lambda: "Python " + platform.python_version(),
    "forever": forever_arrives,
    "max": forever,
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
