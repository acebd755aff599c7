"""Whether NULL is refused exactly where asynchron.json does not allow it: nulls.py DATA LIBRARY.

Each function that returns a status, or NULL if refused, is called with arguments that it accepts, and again with NULL in
place of each of them.
"""

import ctypes
import sys

from made import Made

made = Made(*sys.argv[1:])
c, values = made.c, made.values
kept = []  # what arguments point to
FN = {one["name"]: made.kinds[one["name"]](lambda *_: 0) for one in made.data["callbacks"]}


def room(count=8):
    kept.append((ctypes.c_uint64 * count)())
    return ctypes.addressof(kept[-1])


def options(kind):
    """A struct with its size, and a function if it is to have one."""
    struct = made.structs[kind.removeprefix("const ").removesuffix(" *")]
    one = struct(size=ctypes.sizeof(struct))
    for name, of in struct._fields_:
        if name == "fn":
            setattr(one, name, FN[of.__name__] if of.__name__ in FN else of(lambda *_: 0))
    kept.append(one)
    return ctypes.addressof(one)


def handle(kind):
    name = kind.removeprefix("const ")
    if name == "asynchron_t *":
        return c.asynchron_create(None)
    if name == "asynchron_report_t *":
        return c.asynchron_report_create(None, 0)
    if name == "asynchron_executor_t *":
        out = room()
        assert c.asynchron_executor_create(options("asynchron_executor_options_t *"), out) == 0
        return ctypes.c_void_p.from_address(out).value
    assert name == "asynchron_promise_t *", kind
    return c.asynchron_promise_create(c.asynchron_create(None), 0)


def good(one):
    kind, ownership = one["type"], one["ownership"]
    if kind in FN:
        return FN[kind]
    if ownership == "options":
        return options(kind)
    if kind == "asynchron_t *const *":
        address = room()
        ctypes.c_void_p.from_address(address).value = handle("asynchron_t *")
        return address
    if kind == "const char *":
        return b"text"
    if ownership == "value":
        return 1 if kind == "size_t" else 0
    if kind.startswith("const void") or kind.startswith("void") or ownership in ("out", "fills"):
        return room()
    return handle(kind)


def accepted(function, arguments):
    """Whether it was not refused as invalid. A wait with the timeout 0 is not, though it has nothing to say."""
    answer = getattr(c, function["name"])(*arguments)
    if function["returns"]["type"] == "asynchron_status_t":
        return answer != values["ASYNCHRON_E_INVALID"]
    return answer is not None


def refuses(function):
    kind = function["returns"]["type"]
    return kind == "asynchron_status_t" or function["returns"]["ownership"] == "new" and function["parameters"]


def make_ready(function, arguments):
    """These two refuse one that has not ended as they want it."""
    if function["name"] == "asynchron_error":
        c.asynchron_cancel(arguments[0])
    elif function["name"] == "asynchron_take":
        c.asynchron_set_pointer(arguments[0], None, FN["asynchron_drop_fn_t"])


checked = 0
for function in made.data["functions"]:
    if not refuses(function) or function["blocks"] == "always" or function["name"].endswith("_retain"):
        continue
    parameters = function["parameters"]
    for nth, one in enumerate(parameters):
        pointer = one["type"].endswith("*") or one["type"] in FN
        if not pointer:
            continue
        arguments = [good(each) for each in parameters]
        make_ready(function, arguments)
        assert accepted(function, arguments), function["name"]
        arguments = [good(each) for each in parameters]
        make_ready(function, arguments)
        arguments[nth] = type(FN[one["type"]])() if one["type"] in FN else None
        after = parameters[nth + 1] if nth + 1 < len(parameters) else {"type": ""}
        if after["type"] == "size_t":
            arguments[nth + 1] = 0
        assert accepted(function, arguments) == one["nullable"], (function["name"], one["name"], one["nullable"])
        checked += 1
assert checked > 100, checked
# What was spawned runs functions of this interpreter, which is about to end.
assert c.asynchron_executor_shutdown(c.asynchron_executor_default(), 0, 60 * 10**9) == values["ASYNCHRON_OK"]
print(f"read by ctypes: {checked} pointers")
