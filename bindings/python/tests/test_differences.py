"""What docs/guide/python.md lists as otherwise than in cs.result is so, on both sides, and it lists all of that."""

import json
import pathlib
import re
import subprocess
import sys

import differences
import pytest

HERE = pathlib.Path(__file__).parent
GUIDE = HERE.parent.parent.parent / "docs" / "guide" / "python.md"


def shown(module, patience):
    done = subprocess.run([sys.executable, HERE / "differences.py", module, str(patience)], capture_output=True, text=True,
                          timeout=200)
    assert done.stdout, done.stderr[-2000:]
    return json.loads(done.stdout)


@pytest.mark.timeout(240)
def test_each_row_is_so_with_asynchron():
    # Nothing waits for ever here: so this has time.
    assert shown("asynchron", 30) == {name: ours for name, (_, _, ours) in differences.ROWS.items()}


@pytest.mark.timeout(240)
def test_each_row_is_so_with_cs_result():
    pytest.importorskip("cs.result", reason="cs.result is not installed")
    # What waits for ever there does so the longer, the slower the machine.
    came = shown("cs.result", 0.5)
    assert came == {name: theirs for name, (_, theirs, _) in differences.ROWS.items()}


def test_the_guide_lists_each_row_and_no_other():
    if not GUIDE.exists():
        pytest.skip("the guide is not here")
    table = GUIDE.read_text().split("| | cs.result | asynchron |")[1].split("\n\n")[0]
    listed = re.findall(r"^\| ((?!---).+?) \|", table, re.MULTILINE)
    assert [name for name in listed if name not in differences.ROWS] == []
    assert [name for name in differences.ROWS if name not in listed] == []
    assert len(listed) == len(set(listed)) == len(differences.ROWS)


def test_no_row_says_the_same_of_both():
    for name, (_, theirs, ours) in differences.ROWS.items():
        assert theirs != ours, name
