"""CPython's ctypes: each question that docs/languages.md answers for it."""

import ctypes
import platform
import sys
import threading
import time

FOREVER = 2**64 - 1
OK = 0
MANY = 5  # ticks of 50: one or two may come just after a wait
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
fail = declare("fail", status, pointer, status, ctypes.c_char_p)
poll = declare("poll", status, pointer)
error = declare("error", status, pointer, ctypes.POINTER(Error))
call = declare("call", status, pointer, Function, pointer)
notify = declare("notify", status, pointer, Notify, pointer)
given.given_forever.argtypes = [u64]


def ticks_during(work):
    ticks, over = [], threading.Event()

    def tick():
        while not over.wait(0.01):
            ticks.append(1)

    thread = threading.Thread(target=tick)
    thread.start()
    before = len(ticks)
    work()
    during = len(ticks) - before
    over.set()
    thread.join()
    return during


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
    wait(create(None), 4_000_000_000)
    print("went on")


def blocking():
    if ticks_during(lambda: holding_wait(timer(500_000_000), FOREVER)) > MANY:
        return "none"
    return "the thread" if ticks_during(lambda: wait(timer(500_000_000), FOREVER)) > MANY else "all"


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
