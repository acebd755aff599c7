"""Shows what is otherwise than in cs.result, on either package: for test_differences.py.

    differences.py MODULE PATIENCE

Prints, as JSON, what came of each row of the table in docs/guide/python.md. A wait that is not over after PATIENCE
seconds is said to wait for ever.
"""

import importlib
import json
import logging
import os
import sys
import threading

import difference
import differences_of_calls
import differences_of_waits

ROWS = difference.ROWS

__all__ = ["ROWS", "differences_of_calls", "differences_of_waits"]


def come_to_rest():
    """Waits for what a row began: the next one may look at what is logged."""
    for thread in threading.enumerate():
        if not thread.daemon and thread is not threading.main_thread():
            thread.join(difference.patience + 10)


def main(module, patience):
    difference.patience = patience
    logging.getLogger().addHandler(logging.NullHandler())
    module = importlib.import_module(module)
    if not hasattr(module, "CancellationError"):
        module.CancellationError = importlib.import_module("cs.fsm").CancellationError
    came = {}
    for name, (function, _, _) in ROWS.items():
        came[name] = difference.attempt(function, module)
        come_to_rest()
    json.dump(came, sys.stdout)
    sys.stdout.flush()
    # Those that wait for ever are not waited for.
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
