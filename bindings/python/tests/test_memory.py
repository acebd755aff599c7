"""When memory runs out, there is a MemoryError, nothing has changed, and nothing is lost."""

import importlib.util
import os
import pathlib
import platform
import subprocess
import sys
import sysconfig

import pytest
from conftest import build_shared

PROGRAM = pathlib.Path(__file__).parent / "memory_program.py"


def run(kind, **environment):
    done = subprocess.run([sys.executable, "-X", "faulthandler", PROGRAM, kind], capture_output=True, text=True, timeout=200,
                          env={**os.environ, **environment})
    assert done.stdout.splitlines()[-1:] == [line for line in done.stdout.splitlines() if line.startswith("well")], \
        done.stdout + done.stderr[-3000:]
    assert done.returncode == 0
    # name, how many allocations were tried, and how many of those raised
    return {line.split()[0]: int(line.split()[2]) for line in done.stdout.splitlines()[:-1]}


def test_every_allocation_of_pythons_objects_may_fail():
    if importlib.util.find_spec("_testcapi") is None:
        pytest.skip("this Python has no _testcapi")
    if sysconfig.get_config_var("Py_GIL_DISABLED"):
        pytest.skip("without memory for a list, CPython 3.13 ends there itself")
    raised = run("python")
    assert sum(raised.values()) > 20, raised


def test_every_allocation_of_the_library_and_the_extension_may_fail(tmp_path):
    if platform.libc_ver()[0] != "glibc":
        pytest.skip("the shim is for glibc")
    shim = build_shared("tests/no_memory.c", tmp_path)
    raised = run("library", LD_PRELOAD=str(shim))
    # Some that are known to need memory: the shim works.
    for name in ("create", "put_bytes", "cancel", "notify", "report_create", "report_add",
                 "wait_in_the_main_thread", "expire"):
        assert raised[name] > 0, raised
