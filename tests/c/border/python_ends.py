"""Ends in each of the ways that docs/guide/other-languages.md recommends, while threads are busy with the library."""

import ctypes
import sys
import threading
from ctypes import CFUNCTYPE, c_char_p, c_int32, c_size_t, c_uint64, c_void_p

FOREVER = 2**64 - 1
library = ctypes.CDLL(sys.argv[1])
Compute = CFUNCTYPE(c_int32, c_void_p, c_void_p)
Notify = CFUNCTYPE(None, c_void_p, c_void_p)
library.asynchron_create.restype = c_void_p
library.asynchron_create.argtypes = [c_char_p]
library.asynchron_release.argtypes = [c_void_p]
library.asynchron_set_bytes.argtypes = [c_void_p, c_char_p, c_size_t]
library.asynchron_wait.argtypes = [c_void_p, c_uint64]
library.asynchron_get.argtypes = [c_void_p, c_void_p]
library.asynchron_get_timeout.argtypes = [c_void_p, c_uint64, c_void_p]
library.asynchron_call.argtypes = [c_void_p, Compute, c_void_p]
library.asynchron_spawn.argtypes = [c_void_p, Compute, c_void_p, c_void_p]
library.asynchron_notify.argtypes = [c_void_p, Notify, c_void_p]

never = library.asynchron_create(None)


def wait_briefly():
    entered.wait()
    while True:
        library.asynchron_wait(never, 1000)


def get_briefly():
    entered.wait()
    while True:
        library.asynchron_get_timeout(never, 1000, None)


def wait_for_ever():
    entered.wait()
    library.asynchron_wait(never, FOREVER)


def get_for_ever():
    entered.wait()
    library.asynchron_get(never, None)


def deliver():
    entered.wait()
    while True:
        a = library.asynchron_create(None)
        library.asynchron_set_bytes(a, b"a value", 8)
        library.asynchron_release(a)


@Compute
def compute(a, ctx):
    return sum(range(1000)) % 2


@Notify
def told(a, ctx):
    sum(range(1000))


def call_and_notify():
    entered.wait()
    for _ in range(300):
        a = library.asynchron_create(None)
        if library.asynchron_notify(a, told, None) != 0:
            raise MemoryError
        library.asynchron_call(a, compute, None)
        library.asynchron_release(a)


def start_all(functions, daemon):
    for function in functions:
        threading.Thread(target=function, daemon=daemon).start()
    entered.wait()


# Daemon threads that only wait and deliver. Ended at whatever point they are.
daemons = [wait_briefly, get_briefly, wait_for_ever, get_for_ever, deliver, deliver]
# Threads that run callbacks, and that Python joins.
joined = [call_and_notify] * 4

if sys.argv[2] == "no_callback":
    entered = threading.Barrier(len(daemons) + 1)
    start_all(daemons, True)
elif sys.argv[2] == "joined":
    entered = threading.Barrier(len(joined) + 1)
    start_all(joined, False)

# Functions on the library's threads that complete by their return, and are waited for.
elif sys.argv[2] == "waited_for":
    spawned = [library.asynchron_create(None) for _ in range(200)]
    for a in spawned:
        if library.asynchron_spawn(a, compute, None, None) != 0:
            raise MemoryError
    for a in spawned:
        library.asynchron_wait(a, FOREVER)

print("ended")
