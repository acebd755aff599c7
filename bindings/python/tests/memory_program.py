"""The program of test_memory.py: every case of memory_cases.py while one allocation fails, each in its turn.

    python memory_program.py library      allocations of the package's libraries; with the preloaded no_memory.c
    python memory_program.py python       those of Python's objects
"""

import ctypes
import gc
import logging
import sys
import weakref

import asynchron
from memory_cases import IN_C, LIBRARY_ONLY, Thing

MOST = 200


class Library:
    """Allocations of the package's libraries, as the preloaded shim counts them."""

    cases = IN_C + LIBRARY_ONLY

    def __init__(self):
        self.shim = ctypes.CDLL(None)
        assert self.shim.no_memory_find() >= 2
        self.begin, self.end = self.shim.no_memory_begin, self.shim.no_memory_end

    def is_over(self, n, counted):
        return counted < n


class Python:
    """Those of Python's objects. How many there are cannot be seen: all is over when many in a row were not missed."""

    cases = IN_C

    def __init__(self):
        from _testcapi import remove_mem_hooks, set_nomemory

        self.set, self.end, self.missed = set_nomemory, remove_mem_hooks, 0

    def begin(self, n):
        self.set(n, n + 1)

    def is_over(self, n, _):
        return n == 40


def try_one(kind, case, n):
    """One case, with the nth allocation failing. Whether there were so many; and whether it was missed."""
    thing = Thing()
    gone, steps = weakref.ref(thing), case(thing)
    act, failed = next(steps), None
    kind.begin(n)
    try:
        act()
    except MemoryError as error:
        failed = error.with_traceback(None)
    finally:
        counted = kind.end()
    missed = failed is not None
    if missed:
        failed.__context__ = None
    try:
        steps.send(failed)
    except StopIteration:
        pass
    del act, steps, failed, thing
    gc.collect()
    assert gone() is None, "something is kept"
    return kind.is_over(n, counted), missed


def main():
    kind = Library() if sys.argv[1] == "library" else Python()
    unraisable = []
    sys.unraisablehook = lambda what: unraisable.append(repr(what.exc_value))
    logging.getLogger("asynchron").addHandler(logging.NullHandler())
    logging.getLogger("asynchron").propagate = False
    for case in kind.cases:
        misses = 0
        for n in range(1, MOST):
            try:
                over, missed = try_one(kind, case, n)
            except BaseException as error:
                raise AssertionError(f"{case.__name__}, allocation {n}") from error
            misses += missed
            if over:
                break
        print(case.__name__, n, misses)
    print("well", asynchron.version())


if __name__ == "__main__":
    main()
