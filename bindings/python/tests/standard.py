"""The standard library's own tests of futures and of pools of threads, run on asynchron's.

    python tests/standard.py [-v] [NAME …]      only the tests with one of these in their names
    python tests/standard.py --installed        whether they are there

They are loaded as they are installed, and none of their text is here: with CPython itself, or by Debian's package
libpython3.X-testsuite for the python3.X that runs this. In the module that is loaded, ours stand in the place of
Future and ThreadPoolExecutor; and in the programs that it starts, too.
"""

import concurrent.futures
import contextlib
import importlib
import importlib.util
import os
import pathlib
import sys
import unittest
from concurrent.futures import ProcessPoolExecutor, _base

import asynchron

PACKAGE = "test.test_concurrent_futures"
#: The tests of 3.12 and later are a package; of these modules, not of those that are about processes alone.
MODULES = ["test_as_completed", "test_future", "test_init", "test_shutdown", "test_thread_pool", "test_wait"]
#: There are 64 in 3.11.2, and later ones have more.
AT_LEAST = 60
VERSION = "{}.{}".format(*sys.version_info)
NOT_INSTALLED = f"the standard library's tests are not installed; Debian's are libpython{VERSION}-testsuite"


class PokedCondition:
    """One test wakes a waiter by hand. Here the delivery has done that."""

    def __init__(self, condition):
        self.acquire, self.release = condition.acquire, condition.release

    def __enter__(self):
        return self.acquire()

    def __exit__(self, *_):
        self.release()

    def notify_all(self):
        pass


class Future(asynchron.Future):
    """Ours, for tests that put one into a state by writing what is private there: by the calls that lead to it."""

    @property
    def _state(self):
        return super()._state

    @_state.setter
    def _state(self, state):
        if state == _base.RUNNING:
            self.start()
        elif state in (_base.CANCELLED, _base.CANCELLED_AND_NOTIFIED):
            self.cancel()
        if state == _base.CANCELLED_AND_NOTIFIED:
            self.set_running_or_notify_cancel()
        # What is FINISHED has an outcome, which is written next.

    @property
    def _exception(self):
        return super()._exception

    @_exception.setter
    def _exception(self, exception):
        if exception is not None:
            self.set_exception(exception)

    @property
    def _result(self):
        return super()._result

    @_result.setter
    def _result(self, result):
        if result is not None:
            self.set_result(result)

    @property
    def _condition(self):
        return PokedCondition(super()._condition)


# ---- loaded, with ours in it ----


@contextlib.contextmanager
def ours_where_future_is_imported():
    theirs = _base.Future
    _base.Future = Future
    try:
        yield
    finally:
        # A pool of processes has the standard ones.
        _base.Future = theirs


def are_installed():
    try:
        return importlib.util.find_spec(PACKAGE) is not None
    except ModuleNotFoundError:
        return False  # not even what they are in


def put_ours_in_place():
    """`from concurrent.futures import ThreadPoolExecutor` finds ours from now on, and `import` the tests."""
    concurrent.futures.ThreadPoolExecutor = asynchron.ThreadPoolExecutor
    if not are_installed():
        # Debian's are where its own Python looks, and this may be another one.
        with contextlib.suppress(ModuleNotFoundError):
            importlib.import_module("test").__path__.append(f"/usr/lib/python{VERSION}/test")


def in_children(assert_python_ok):
    """The same, for programs that a test starts."""
    here = str(pathlib.Path(__file__).parent)
    first = f"import sys; sys.path.append({here!r}); import standard; standard.put_ours_in_place()\n"

    def run(option, program, **keywords):
        assert option == "-c"
        return assert_python_ok(option, first + program, **keywords)

    return run


def load():
    """The modules of the tests."""
    put_ours_in_place()
    try:
        with ours_where_future_is_imported():
            package = importlib.import_module(PACKAGE)
            names = [f"{PACKAGE}.{name}" for name in MODULES] if hasattr(package, "__path__") else [PACKAGE]
            modules = [importlib.import_module(name) for name in names]
    except ModuleNotFoundError as error:
        sys.exit(f"{error}: {NOT_INSTALLED}")
    sys.modules["test.support"].verbose = 0
    for module in modules:
        if hasattr(module, "assert_python_ok"):
            module.assert_python_ok = in_children(module.assert_python_ok)
    return modules


# ---- which of them are run ----


def tests_of(suite):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from tests_of(test)
        else:
            yield test


def is_about_processes(test):
    """Those of pools of processes, whose executors and futures are the standard library's: the only ones left out."""
    return getattr(test, "executor_type", None) is ProcessPoolExecutor or "Resources" in type(test).__name__


def is_wanted(test, names):
    return not names or any(name in test.id() for name in names)


def main():
    if sys.argv[1:] == ["--installed"]:
        put_ours_in_place()
        sys.exit(not are_installed() and NOT_INSTALLED)
    options, names = sys.argv[1:2] == ["-v"], [name for name in sys.argv[1:] if name != "-v"]
    loader = unittest.defaultTestLoader
    everything = [test for module in load() for test in tests_of(loader.loadTestsFromModule(module))]
    apply = [test for test in everything if not is_about_processes(test)]
    print(f"{len(apply)} of {len(everything)} tests of the standard library apply; the others are of pools of processes",
          flush=True)
    if len(apply) < AT_LEAST:
        sys.exit(f"there should be {AT_LEAST} at least")
    suite = unittest.TestSuite(test for test in apply if is_wanted(test, names))
    result = unittest.TextTestRunner(verbosity=2 if options else 1).run(suite)
    sys.stdout.flush()
    # Whatever thread hangs, this ends.
    os._exit(not result.wasSuccessful())


if __name__ == "__main__":
    # The modules that are loaded import it by its name, and there is to be one.
    sys.modules["standard"] = sys.modules["__main__"]
    main()
