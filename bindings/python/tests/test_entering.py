"""Threads of C that use Python's objects, by asynchron/python.h: also while the interpreter ends."""

import shutil
import subprocess
import sysconfig

import pytest
from conftest import build_extension, includes, many, run_python


@pytest.fixture(scope="module")
def entering(tmp_path_factory):
    """The folder that has the extension entering.c."""
    return build_extension("tests/entering.c", tmp_path_factory.mktemp("entering"))


def run(folder, program, **keywords):
    return run_python(f"import sys; sys.path.insert(0, {str(folder)!r})\nimport asynchron, entering\n{program}", **keywords)


BUSY = """
import threading, time
seen = []
def called(A):
    A.notify(lambda a: seen.append(a.ready))
    A.name
entering.start(6, called)
while entering.how_often() < 50: time.sleep(0.001)
"""

ENDS = {
    "at once": "",
    "by an exception": "raise SystemExit(3)",
    "while functions at the end run": """
import atexit
def late():
    A = asynchron.Asynchron()
    A.notify(lambda a: seen.append(a))
    A.cancel()
    assert seen[-1] is A
atexit.register(late)
""",
    "with daemon threads that are inside, too": """
for _ in range(3): threading.Thread(target=entering.work_here, args=(called,), daemon=True).start()
time.sleep(0.01)
""",
    "while those that are inside take long": """
def slowly(A):
    time.sleep(0.01)
entering.start(12, slowly)
time.sleep(0.005)
""",
}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_the_interpreter_ends_well_with_threads_that_enter_all_the_time(end, entering):
    if "daemon" in end and sysconfig.get_config_var("Py_GIL_DISABLED"):
        pytest.skip("CPython 3.13 without the lock may hang itself where daemon threads have one of its own at the end")
    for _ in range(many(3, 100)):
        done = run(entering, BUSY + end)
        assert done.returncode == (3 if "SystemExit" in end else 0), done.stderr
        # The threads were joined after the interpreter: none hangs.
        assert "Fatal" not in done.stderr and ", here 0\n" in done.stderr, done.stderr
        assert int(done.stderr.split("refused ")[1].split(",")[0]) >= 6


def test_the_end_waits_for_what_is_inside_however_long_it_takes(entering):
    done = run(entering, """
import threading, time
inside = threading.Event()
def called(A):
    inside.set()
    time.sleep(2.5)
    print("through", flush=True)
entering.start(1, called)
inside.wait()
""")
    assert done.stdout == "through\n" and done.returncode == 0, done.stderr


def test_a_child_of_a_fork_does_not_wait_for_the_threads_of_the_parent(entering):
    done = run(entering, """
import os, sys, threading, time
inside = threading.Event()
def called(A):
    inside.set()
    time.sleep(1000)
entering.start(1, called)
inside.wait()
if os.fork() == 0:
    sys.stdout.write("child\\n")
    import atexit
    atexit._run_exitfuncs()
    sys.stdout.flush()
    os._exit(0)
os.wait()
os._exit(0)
""")
    assert done.stdout == "child\n" and done.returncode == 0, done.stderr


FAKE = """
import ctypes, sys, types
new = ctypes.pythonapi.PyCapsule_New
new.restype, new.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
size, name = (ctypes.c_size_t * 8)(32), b"asynchron._core._c_interface"
core = types.SimpleNamespace()
if {with_capsule}:
    core._c_interface = new(ctypes.addressof(size), name, None)
import asynchron as real
sys.modules["asynchron"] = types.SimpleNamespace(_core=core)
sys.path.insert(0, {folder!r})
try:
    import entering
except ImportError as error:
    print(error)
import os
os._exit(0)
"""


@pytest.mark.parametrize("with_capsule, says", [(True, "older"), (False, "no interface")])
def test_an_older_package_is_refused_with_words(with_capsule, says, entering):
    done = run_python(FAKE.format(with_capsule=with_capsule, folder=str(entering)))
    assert says in done.stdout, done.stdout + done.stderr


PROGRAM = """
#include <Python.h>
#include <asynchron/python.h>
int deliver(asynchron_t *a, PyObject *object)
{
    asynchron_python_state_t state;
    if (asynchron_python_import() < 0 || !asynchron_python_enter(&state))
        return -1;
    asynchron_t *same = asynchron_python_unwrap(object);
    PyObject *wrapped = asynchron_python_wrap(same);
    int status = asynchron_python_set(a, wrapped);
    Py_XDECREF(wrapped);
    asynchron_release(same);
    asynchron_python_leave(&state);
    return status;
}
"""


@pytest.mark.parametrize("compiler, standard, ending", [("cc", "c99", "c"), ("cc", "c11", "c"), ("c++", "c++11", "cpp"),
                                                        ("c++", "c++17", "cpp")])
def test_the_header_is_c_and_c_plus_plus(compiler, standard, ending, tmp_path):
    if not shutil.which(compiler):
        pytest.skip(f"there is no {compiler}")
    source = tmp_path / f"program.{ending}"
    source.write_text(PROGRAM)
    done = subprocess.run([compiler, f"-std={standard}", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", *includes(), source],
                          capture_output=True, text=True, timeout=50)
    assert done.returncode == 0, done.stderr
