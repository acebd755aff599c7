"""What the tests share. A test that hangs fails after a minute, with the stacks of all threads."""

import os
import subprocess
import sys
import threading
import time

import pytest

LONG = bool(os.environ.get("ASYNCHRON_LONG"))


def pytest_collection_modifyitems(items):
    for item in items:
        item.add_marker(pytest.mark.timeout(240 if LONG else 60))


def many(short, long):
    """So many rounds: the long form is chosen by ASYNCHRON_LONG=1."""
    return long if LONG else short


def later(function, *args, after=0.05):
    """Has a thread call it in a moment."""
    timer = threading.Timer(after, function, args)
    timer.start()
    return timer


def comes_true(condition, seconds=20):
    """Whether it is so at some time soon: for what another thread does after it was seen to do something."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.001)
    return True


def run_python(program, *args, timeout=50, options=()):
    """Runs a program with this interpreter, as a user would; returns the finished process."""
    return subprocess.run(
        [sys.executable, *options, "-c", program, *args],
        capture_output=True,
        text=True,
        timeout=timeout,
    )


@pytest.fixture(scope="session")
def pool(tmp_path_factory):
    """The example extension, built as its text says: the folder that has it."""
    import pathlib
    import sysconfig

    import asynchron.__main__ as main
    from asynchron import _core

    source = pathlib.Path(__file__).parent.parent / "examples" / "pool.c"
    folder = tmp_path_factory.mktemp("pool")
    include = pathlib.Path(_core.__file__).parent / "include"
    subprocess.run(
        ["cc", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o", folder / "pool.so", source,
         "-I", sysconfig.get_path("include"), "-I", include, main.library(), "-lpthread"],
        check=True,
    )
    sys.path.insert(0, str(folder))
    yield folder
    sys.path.remove(str(folder))
