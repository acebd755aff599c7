"""The examples do what they say."""

import pathlib
import subprocess
import sys

EXAMPLES = pathlib.Path(__file__).parent.parent / "examples"


def run(name, *args):
    return subprocess.run([sys.executable, EXAMPLES / name, *args], capture_output=True, text=True, timeout=50)


def test_downloads_show_how_far_they_are():
    done = run("downloads.py")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.replace("\r", "\n").split("\n")
    assert lines[1].startswith("1 of 40 files, ") and "40 of 40 files, 40780 bytes" in lines


def test_once_a_download_fails_those_that_have_not_begun_are_cancelled():
    done = run("downloads.py", "--broken", "0")
    assert done.returncode == 1 and "404" in done.stderr and "Traceback" not in done.stderr
    assert "were cancelled" in done.stdout and "40 of 40" not in done.stdout


def test_threads_feed_an_asyncio_program():
    done = run("fed_by_threads.py")
    assert done.returncode == 0, done.stderr
    assert {"left: 20 values, 2470 in all", "right: 20 values, 2470 in all",
            "broken: 5 values, then the device is gone", "silent is pending yet"} <= set(done.stdout.splitlines())
