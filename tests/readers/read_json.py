"""Makes ctypes bindings of asynchron.json alone, and uses them: read_json.py DATA LIBRARY."""

import ctypes
import sys

from made import Made

data_path, library = sys.argv[1:]
made = Made(data_path, library)
data, c, kinds, structs, values = made.data, made.c, made.kinds, made.structs, made.values
handles = {one["name"]: one for one in data["handles"]}

abi = next(one["name"] for one in data["abis"]
           if one["pointer"] == ctypes.sizeof(ctypes.c_void_p)
           and one["uint64_t_alignment"] == ctypes.sizeof(type("S", (ctypes.Structure,), {
               "_fields_": [("byte", ctypes.c_char), ("number", ctypes.c_uint64)]})) - 8)
for one in data["structs"]:
    assert ctypes.sizeof(structs[one["name"]]) == one["size"][abi], one["name"]
    for each in one["members"]:
        assert getattr(structs[one["name"]], each["name"]).offset == each["offset"][abi], (one["name"], each["name"])
functions = {one["name"]: one for one in data["functions"]}

assert c.asynchron_version() == data["number"]
assert c.asynchron_forever() == values["ASYNCHRON_FOREVER"] == 2**64 - 1
assert (values["ASYNCHRON_OK"], values["ASYNCHRON_E_CLOSED"], values["ASYNCHRON_ON_CANCEL"]) == (0, -7, 8)

# A handle's own functions, and what they do with references.
of_one = handles["asynchron_t"]
assert functions[of_one["retain"]]["returns"]["ownership"] == "new"
assert [each["ownership"] for each in functions[of_one["release"]]["parameters"]] == ["given"]
assert handles["asynchron_task_t"]["retain"] is None

# Whatever is handed over has a parameter that frees it, and those that wait are known.
for one in data["functions"]:
    for each in one["parameters"]:
        assert ("freed_by" in each) == (each["ownership"] in ("handed", "kept")), one["name"]
waits = {one["name"] for one in data["functions"] if one["blocks"] != "never"}
assert {"asynchron_get", "asynchron_wait", "asynchron_report_next", "asynchron_unnotify"} < waits
assert not waits & {"asynchron_set_bytes", "asynchron_cancel", "asynchron_release", "asynchron_poll"}
assert all(word in data["ownership"] for one in data["functions"] for each in one["parameters"]
           for word in [each["ownership"]])

# A value, told to a callback and dropped once.
told, dropped = [], []
tell = kinds["asynchron_notify_fn_t"](lambda a, ctx: told.append((a, ctx)))
drop = kinds["asynchron_drop_fn_t"](dropped.append)
a = c.asynchron_create(b"answer")
assert c.asynchron_name(a) == b"answer"
options = structs["asynchron_notify_options_t"](
    size=ctypes.sizeof(structs["asynchron_notify_options_t"]), fn=tell, ctx=7, flags=values["ASYNCHRON_ON_VALUE"])
token = ctypes.c_uint64()
assert c.asynchron_notify_with(a, ctypes.addressof(options), ctypes.addressof(token)) == values["ASYNCHRON_OK"]
assert c.asynchron_set_pointer(a, 42, drop) == values["ASYNCHRON_OK"]
assert told == [(a, 7)] and not dropped
value = structs["asynchron_value_t"]()
assert c.asynchron_get_timeout(a, values["ASYNCHRON_FOREVER"], ctypes.addressof(value)) == values["ASYNCHRON_OK"]
assert (value.data, value.len) == (42, 0)
c.asynchron_release(a)
assert dropped == [42]
print("read by ctypes")
