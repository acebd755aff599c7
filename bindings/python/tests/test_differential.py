"""Random programs come to the same on cs.result, of which this is the descendant, but for what the guide lists."""

import json
import pathlib
import subprocess
import sys

import pytest
from conftest import many

HERE = pathlib.Path(__file__).parent


def plays(player, module, seed, rounds):
    done = subprocess.run([sys.executable, HERE / player, module, str(seed), str(rounds)], capture_output=True, text=True,
                          timeout=200)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def as_ours(name, ours, theirs):
    """Their outcome of a step, but for the differences that docs/guide/python.md lists."""
    if name == "cancel" and theirs == ["value", None]:
        # Ours says whether it cancelled it.
        return ours if ours[0] == "value" else theirs
    if name == "called":
        # Theirs calls once more at a delivery that is refused.
        return [call for at, call in enumerate(theirs) if call not in theirs[:at]]
    if name == "posted":
        # Theirs stays pending when the first one fails or is cancelled, and in some cases else.
        return [mine if other == ["pending"] else other for mine, other in zip(ours, theirs)]
    return theirs


def test_random_programs_come_to_the_same():
    pytest.importorskip("cs.result", reason="cs.result is not installed")
    seed, rounds = 1, many(1000, 50_000)
    ours, theirs = plays("player.py", "asynchron", seed, rounds), plays("player.py", "cs.result", seed, rounds)
    for at, (mine, other) in enumerate(zip(ours, theirs)):
        assert [name for name, _ in mine] == [name for name, _ in other], seed + at
        for (name, came), (_, there) in zip(mine, other):
            assert came == as_ours(name, came, there), (seed + at, name, mine, other)


def test_random_programs_with_several_come_to_the_same():
    pytest.importorskip("cs.result", reason="cs.result is not installed")
    seed, rounds = 1, many(300, 10_000)
    ours, theirs = (plays("player_of_many.py", module, seed, rounds) for module in ("asynchron", "cs.result"))
    for at, (mine, other) in enumerate(zip(ours, theirs)):
        for step, there in zip(mine, other):
            assert step == there, (seed + at, mine, other)
        assert mine == other, seed + at
    # Enough of them did something.
    played = {name for program in ours for name, came in program if came}
    assert {"ask", "after", "posted", "report", "end_reports", "result_set", "bg", "threads", "told"} <= played
