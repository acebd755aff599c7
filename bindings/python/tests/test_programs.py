"""A program that was written for cs.result runs unchanged on both, and prints the same."""

import pathlib
import subprocess
import sys

import pytest

PROGRAM = pathlib.Path(__file__).parent.parent / "examples" / "digests.py"

PRINTED = """\
not begun: huge.bin
choosing an algorithm
a.txt: 2cf24dba5fb0
b.txt: 486ea46224d1
huge.bin: given up
secret.txt: PermissionError
digests: 2 lengths: {12} finished: 4
winner: one of them late: 3
"""


@pytest.fixture
def folder(tmp_path):
    """The files whose digests are printed."""
    for name, text in {"a.txt": "hello", "b.txt": "world", "huge.bin": "x", "secret.txt": "y"}.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def run(folder, *options):
    done = subprocess.run([sys.executable, *options, PROGRAM, folder], capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    return sorted(done.stdout.splitlines()), done.stderr


def test_it_runs_on_asynchron(folder, tmp_path_factory):
    # In the place of cs.result: that is all it takes.
    start = "import sys, runpy, asynchron; sys.modules['cs.result'] = asynchron; sys.argv = sys.argv[1:]; " \
            "runpy.run_path(sys.argv[0], run_name='__main__')"
    printed, told = run(folder, "-c", start)
    assert printed == sorted(PRINTED.splitlines()) and told == ""


def test_it_runs_on_cs_result(folder):
    pytest.importorskip("cs.result", reason="cs.result is not installed")
    printed, _ = run(folder)
    assert printed == sorted(PRINTED.splitlines())
