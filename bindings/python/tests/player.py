"""Plays programs of random steps with one asynchron on a package, and prints what came of each: for test_differential.py.

    player.py MODULE SEED ROUNDS

The program is the same for each module: nothing is chosen by what came before.
"""

import importlib
import json
import logging
import random
import sys
import threading
import warnings

warnings.simplefilter("ignore")


class Own(Exception):
    pass


def kind(error):
    for known in (AttributeError, Own, TypeError):
        if isinstance(error, known):
            return known.__name__
    return "CancellationError" if type(error).__name__ == "CancellationError" else "refused"


def outcome(function):
    try:
        value = function()
    except Exception as error:
        return [kind(error)]
    if isinstance(value, tuple):
        return ["pair", value[0], value[1] is None or value[1][0].__name__]
    if value is None or isinstance(value, (bool, int, str, list)):
        return ["value", value]
    return ["object", type(value).__name__]


def broken():
    raise Own


STEPS = {
    "put": lambda R, n: R.put(n),
    "assign": lambda R, n: setattr(R, "result", n),
    "raise": lambda R, n: R.raise_(Own()),
    "assign exc_info": lambda R, n: setattr(R, "exc_info", (Own, Own(), None)),
    "cancel": lambda R, n: R.cancel(),
    "run": lambda R, n: R.run_func(lambda: n),
    "run broken": lambda R, n: R.run_func(broken),
    "call with": lambda R, n: R(lambda: n),
    "call with broken": lambda R, n: R(broken),
    "result": lambda R, n: R.result,
    "ready": lambda R, n: R.ready,
    "is_pending": lambda R, n: R.is_pending,
    "is_done": lambda R, n: R.is_done,
    "is_running": lambda R, n: R.is_running,
    "is_cancelled": lambda R, n: R.is_cancelled,
    "bool": lambda R, n: bool(R),
    "empty": lambda R, n: R.empty(),
    "equal": lambda R, n: R == R and hash(R) == hash(R),
}
#: Of what is complete.
AFTER = {
    "call": lambda R, n: R(),
    "exc_info": lambda R, n: R.exc_info and R.exc_info[0].__name__,
    "join": lambda R, n: R.join(),
    "get": lambda R, n: R.get(n),
}


def play(module, seed):
    chance, R, steps, called = random.Random(seed), module.Result(), [], []
    names = list(STEPS) + list(AFTER) + ["notify", "post_notify"]
    posts = []
    for n in range(chance.randrange(2, 12)):
        name = chance.choice(names)
        cancelled = R.ready and R.is_cancelled
        if name in STEPS:
            came = outcome(lambda: STEPS[name](R, n))
        elif name == "notify":
            came = outcome(lambda: R.notify(lambda it, n=n: called.append([n, it is R])) and None)
        elif name == "post_notify":
            came = outcome(lambda: posts.append(R.post_notify(lambda value, n=n: (n, str(value)))))
        elif not R.ready:
            continue
        elif cancelled and name in ("join", "get"):
            came = ["blocks, or CancellationError"]
        else:
            came = outcome(lambda: AFTER[name](R, n))
        steps.append([name, came])
    steps.append(["called", called])
    steps.append(["posted", [outcome(lambda: str(post())) if post.ready else ["pending"] for post in posts]])
    return steps


def run(play):
    module = importlib.import_module(sys.argv[1])
    threading.excepthook = lambda *_: None
    logging.getLogger().addHandler(logging.NullHandler())
    first, rounds = int(sys.argv[2]), int(sys.argv[3])
    sys.stdout.write(json.dumps([play(module, seed) for seed in range(first, first + rounds)]))


if __name__ == "__main__":
    run(play)
