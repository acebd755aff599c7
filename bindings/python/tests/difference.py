"""What shows a difference between cs.result and asynchron: a row of the table in docs/guide/python.md."""

import logging
import threading

#: Row of the table: the function that shows it, what comes of it with cs.result, and with asynchron.
ROWS = {}

FOREVER = "waits for ever"

#: So many seconds, at most, something waits that does not wait for ever.
patience = 30.0


def row(name, theirs, ours):
    def register(function):
        ROWS[name] = (function, theirs, ours)
        return function

    return register


def attempt(function, *args, **kwargs):
    """What it returns, or the name of what it raises."""
    try:
        return function(*args, **kwargs)
    except BaseException as error:
        return type(error).__name__


def waits(function, *args):
    """The same, in a thread of its own, or that it waits for ever."""
    came = []
    thread = threading.Thread(target=lambda: came.append(attempt(function, *args)), daemon=True)
    thread.start()
    thread.join(patience)
    return came[0] if came else FOREVER


def broken():
    raise KeyError


class Logged(logging.Handler):
    """`with Logged() as told` lists what is logged meanwhile, and threads that end with a traceback."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self.told = []

    def emit(self, record):
        self.told.append(record.levelname)

    def __enter__(self):
        logging.getLogger().addHandler(self)
        self.before, threading.excepthook = threading.excepthook, lambda args: self.told.append("traceback")
        return self.told

    def __exit__(self, *_):
        logging.getLogger().removeHandler(self)
        threading.excepthook = self.before
