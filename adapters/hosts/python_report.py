"""What the programs of Python's loops share: a report through ctypes, and what is counted."""

import ctypes

COUNT = 1000
BATCH = 64  # so many items in a turn of the loop
TICK, TICKS = 0.005, 20  # seconds, and how many of them are watched
OK, TIMEOUT, END = 0, 4, 6


class Item(ctypes.Structure):
    _fields_ = [("asynchron", ctypes.c_void_p), ("tag", ctypes.c_size_t)]


library = ctypes.CDLL("libasynchron.so.0")


def declare(name, result, *arguments):
    function = getattr(library, "asynchron_" + name)
    function.restype, function.argtypes = result, arguments
    return function


pointer, status = ctypes.c_void_p, ctypes.c_int32
timer = declare("timer", pointer, ctypes.c_uint64)
release = declare("release", None, pointer)
report_create = declare("report_create", pointer, pointer, ctypes.c_size_t)
report_add = declare("report_add", status, pointer, pointer, ctypes.c_size_t)
report_close = declare("report_close", status, pointer)
report_fd = declare("report_fd", ctypes.c_int, pointer)
report_next = declare("report_next", status, pointer, ctypes.c_uint64, ctypes.POINTER(Item))
report_release = declare("report_release", None, pointer)


class Report:
    """A report of timers, and how often each of them was taken."""

    def __init__(self):
        self.handle = report_create(None, 0)
        self.fd = report_fd(self.handle)
        self.taken = [0] * COUNT
        self.item = Item()

    def add(self, tag, milliseconds):
        """Adds one that a thread of the library completes."""
        a = timer(milliseconds * 1_000_000)
        assert a and report_add(self.handle, a, tag) == OK
        release(a)  # the report keeps it

    def fill(self):
        for tag in range(COUNT):
            self.add(tag, 1 + tag % 4 * 25)
        report_close(self.handle)  # it ends after these

    def take(self):
        """Takes what there is, but no more than a batch. The last status; after END nothing comes."""
        for _ in range(BATCH):
            what = report_next(self.handle, 0, self.item)
            if what != OK:
                return what
            self.taken[self.item.tag] += 1
            release(self.item.asynchron)
        return OK

    def release(self):
        report_release(self.handle)


def say(taken):
    """What the first part came to, once the timer has ticked on."""
    once = sum(times == 1 for times in taken)
    print(f"taken: {once} of {COUNT} once, {sum(times > 1 for times in taken)} twice")
    print("timer: goes on", flush=True)


def say_told(calls):
    """So many calls while a timer ticked, and nothing was taken."""
    print("told by:", "level" if calls > TICKS / 2 else "edge")


def say_released(calls):
    print("released while watched:", "spins" if calls > TICKS / 2 else "nothing")


def say_again(what):
    print("number used again:", what, flush=True)
