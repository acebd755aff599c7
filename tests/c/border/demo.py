"""The library from Python's ctypes, with nothing but the header's facts.

Usage: demo.py LIBRARY. Runs the seed's demonstration, a callback and a report; exits non-zero if anything is off.
"""

import ctypes
import sys
import threading
import time
from ctypes import CFUNCTYPE, POINTER, Structure, byref
from ctypes import c_char_p, c_int, c_int32, c_size_t, c_uint32, c_uint64, c_void_p

OK, FAILED, CANCELLED, PENDING, TIMEOUT, ALREADY, END = range(7)
STATE_PENDING, STATE_RUNNING, STATE_READY, STATE_CANCELLED = range(4)
FOREVER = 2**64 - 1

NotifyFn = CFUNCTYPE(None, c_void_p, c_void_p)
ComputeFn = CFUNCTYPE(c_int32, c_void_p, c_void_p)


class Value(Structure):
    _fields_ = [("data", c_void_p), ("len", c_size_t)]


class Error(Structure):
    _fields_ = [("code", c_int32), ("domain", c_char_p), ("message", c_char_p), ("payload", c_void_p)]


class Item(Structure):
    _fields_ = [("asynchron", c_void_p), ("tag", c_void_p)]


PROTOTYPES = {
    "version": (c_uint32, []),
    "create": (c_void_p, [c_char_p]),
    "release": (None, [c_void_p]),
    "state": (c_int32, [c_void_p]),
    "name": (c_char_p, [c_void_p]),
    "set_bytes": (c_int32, [c_void_p, c_void_p, c_size_t]),
    "fail": (c_int32, [c_void_p, c_int32, c_char_p]),
    "cancel": (c_int32, [c_void_p]),
    "get": (c_int32, [c_void_p, POINTER(Value)]),
    "get_timeout": (c_int32, [c_void_p, c_uint64, POINTER(Value)]),
    "error": (c_int32, [c_void_p, POINTER(Error)]),
    "spawn": (c_int32, [c_void_p, ComputeFn, c_void_p, c_void_p]),
    "notify": (c_int32, [c_void_p, NotifyFn, c_void_p]),
    "report_create": (c_void_p, [c_void_p, c_size_t]),
    "report_release": (None, [c_void_p]),
    "report_add": (c_int32, [c_void_p, c_void_p, c_void_p]),
    "report_next": (c_int32, [c_void_p, c_uint64, POINTER(Item)]),
}


def load(path):
    library = ctypes.CDLL(path)
    functions = type("Asynchron", (), {})()
    for name, (result, arguments) in PROTOTYPES.items():
        function = getattr(library, "asynchron_" + name)
        function.restype, function.argtypes = result, arguments
        setattr(functions, name, function)
    return functions


def check(what, seen, expected):
    if seen != expected:
        sys.exit(f"{what}: {seen!r} where {expected!r} was expected")


def deliver(lib, a, number):
    return lib.set_bytes(a, byref(c_int(number)), ctypes.sizeof(c_int))


def collect(lib, a, timeout=FOREVER):
    value = Value()
    check("get", lib.get_timeout(a, timeout, byref(value)), OK)
    check("length", value.len, ctypes.sizeof(c_int))
    return c_int.from_address(value.data).value


def demonstration(lib):
    """Three threads: one calls before the value is there and blocks, one delivers 3, one calls after."""
    a = lib.create(b"demonstration")
    check("name", lib.name(a), b"demonstration")
    check("state", lib.state(a), STATE_PENDING)
    early, delivered, late, about_to_call = [], [], [], threading.Event()

    def first():
        about_to_call.set()
        early.append(collect(lib, a))

    def third():
        late.append(collect(lib, a, timeout=0))

    blocked = threading.Thread(target=first)
    blocked.start()
    about_to_call.wait()
    time.sleep(0.1)
    check("nobody has a value before delivery", (early, lib.state(a)), ([], STATE_PENDING))

    deliverer = threading.Thread(target=lambda: delivered.append(deliver(lib, a, 3)))
    deliverer.start()
    deliverer.join()
    check("the delivery", delivered, [OK])
    blocked.join()
    check("the blocked caller", early, [3])

    caller = threading.Thread(target=third)
    caller.start()
    caller.join()
    check("the late caller", late, [3])
    check("a second delivery", deliver(lib, a, 4), ALREADY)
    check("state", lib.state(a), STATE_READY)
    lib.release(a)


def callback(lib):
    told = []

    @NotifyFn
    def tell(handle, ctx):
        told.append((handle, ctx, lib.state(handle)))

    a = lib.create(None)
    check("notify", lib.notify(a, tell, 0x1234), OK)
    check("not told yet", told, [])
    check("cancel", lib.cancel(a), OK)
    check("told", told, [(a, 0x1234, STATE_CANCELLED)])
    lib.release(a)


def report(lib):
    """What was added as 0, 1, 2, 3 arrives in the order of its completion."""
    r = lib.report_create(None, 0)
    handles = [lib.create(None) for _ in range(4)]
    for index, a in enumerate(handles):
        check("add", lib.report_add(r, a, 100 + index), OK)
    item = Item()
    check("nothing yet", lib.report_next(r, 0, byref(item)), TIMEOUT)

    may_compute, computed = threading.Event(), []

    # It completes by its return, when it has left Python: else it might be inside when Python ends.
    @ComputeFn
    def compute(self, ctx):
        may_compute.wait()
        computed.append(ctx * 2)
        return 0

    check("spawn", lib.spawn(handles[0], compute, 21, None), OK)
    check("deliver", deliver(lib, handles[2], 22), OK)
    check("fail", lib.fail(handles[3], 5, "früh".encode()), OK)
    check("deliver", deliver(lib, handles[1], 11), OK)

    order = []
    while True:
        status = lib.report_next(r, FOREVER, byref(item))
        if status == END:
            break
        check("next", status, OK)
        order.append(item.tag)
        error = Error()
        if item.tag == 103:
            check("a failure", lib.get(item.asynchron, None), FAILED)
            check("its error", lib.error(item.asynchron, byref(error)), OK)
            check("in words", (error.code, error.domain, error.message.decode()), (5, b"", "früh"))
        elif item.tag == 100:
            check("a function's end", (lib.get(item.asynchron, None), computed), (OK, [42]))
        else:
            check("a value", collect(lib, item.asynchron, timeout=0), {101: 11, 102: 22}[item.tag])
        lib.release(item.asynchron)
        if len(order) == 3:
            may_compute.set()
    check("completion order", order, [102, 103, 101, 100])
    for a in handles:
        lib.release(a)
    lib.report_release(r)


def main():
    lib = load(sys.argv[1])
    check("version", lib.version() > 0, True)
    demonstration(lib)
    callback(lib)
    report(lib)
    print("Python is at home")


main()
