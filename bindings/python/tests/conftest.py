"""What the tests share. A test that hangs fails after a minute, with the stacks of all threads."""

import os
import pathlib
import shutil
import subprocess
import sys
import sysconfig
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


def deliver_one_by_one(asynchrons):
    """Delivers to each in this order, its name."""
    for A in asynchrons:
        time.sleep(0.02)
        A.put(A.name)


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


def includes():
    """The options by which a C compiler finds the headers of Python and of the package."""
    import asynchron._core as core

    folder = pathlib.Path(core.__file__).parent / "include"
    return ["-I", sysconfig.get_path("include"), "-I", str(folder)]


def build_shared(source, folder, *options):
    """Builds a shared library out of a C file of the package's; returns it."""
    if not shutil.which("cc"):
        pytest.skip("there is no C compiler")
    source = pathlib.Path(__file__).parent.parent / source
    made = folder / f"{source.stem}.so"
    subprocess.run(["cc", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o", made, source, *options], check=True)
    return made


def build_extension(source, folder):
    """Builds an extension out of a C file of the package's, as examples/pool.c says; returns the folder that has it."""
    import asynchron.__main__ as main

    if not os.path.exists(sysconfig.get_path("include") + "/Python.h"):
        pytest.skip("there is no Python.h for this Python")
    return build_shared(source, folder, *includes(), main.library(), "-lpthread").parent


@pytest.fixture(scope="session")
def pool(tmp_path_factory):
    """The example extension: the folder that has it."""
    folder = build_extension("examples/pool.c", tmp_path_factory.mktemp("pool"))
    sys.path.insert(0, str(folder))
    yield folder
    sys.path.remove(str(folder))
