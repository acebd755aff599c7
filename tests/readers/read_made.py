"""Uses a module that a generator has made of asynchron.h: read_made.py NAME, which the path leads to."""

import importlib
import sys

name = sys.argv[1]
made = importlib.import_module(name)
text = (lambda words: words) if name == "swigged" else str.encode

a = made.asynchron_create(text("answer"))
assert str(made.asynchron_name(a)).strip("b'") == "answer"
assert made.asynchron_set_bytes(a, None, 0) == made.ASYNCHRON_OK
assert made.asynchron_get_timeout(a, made.asynchron_forever(), None) == made.ASYNCHRON_OK
assert made.asynchron_cancel(a) == made.ASYNCHRON_ALREADY
assert made.asynchron_report_next(None, 0, None) == made.ASYNCHRON_E_INVALID
# Neither follows a macro of the system's: asynchron_forever() is there for that.
assert not hasattr(made, "ASYNCHRON_FOREVER")
made.asynchron_release(a)
print(f"read by {name}")
