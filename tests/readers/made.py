"""Bindings by ctypes, made of asynchron.json alone."""

import ctypes
import json

SIMPLE = {"void": None, "int": ctypes.c_int, "int32_t": ctypes.c_int32, "uint32_t": ctypes.c_uint32,
          "uint64_t": ctypes.c_uint64, "size_t": ctypes.c_size_t}


class Made:
    """`data` as it was read, `c` with the functions, `kinds` and `structs` by name, `values` of the constants."""

    def __init__(self, path, library):
        with open(path, encoding="utf-8") as file:
            self.data = data = json.load(file)
        self.c = ctypes.CDLL(library)
        self.kinds = dict(SIMPLE)
        self.kinds.update((one["name"], SIMPLE[one["type"]]) for one in data["enums"])
        for one in data["callbacks"]:
            parameters = [self.kind(each["type"]) for each in one["parameters"]]
            self.kinds[one["name"]] = ctypes.CFUNCTYPE(self.kind(one["returns"]), *parameters)
        self.structs = {one["name"]: self.struct(one) for one in data["structs"]}
        for one in data["functions"]:
            function = getattr(self.c, one["name"])
            function.restype = self.kind(one["returns"]["type"])
            function.argtypes = [self.kind(each["type"]) for each in one["parameters"]]
        self.values = {each["name"]: each["value"] for one in data["enums"] for each in one["values"]}
        self.values.update((one["name"], int(one["value"])) for one in data["constants"])

    def kind(self, name):
        """What ctypes calls a type. All pointers but those to strings are addresses."""
        if name == "const char *":
            return ctypes.c_char_p
        if name.endswith("*") or name.endswith("*const *"):
            return ctypes.c_void_p
        return self.kinds[name]

    def struct(self, one):
        fields = [(each["name"], self.kind(each["type"])) for each in one["members"]]
        return type(one["name"], (ctypes.Structure,), {"_fields_": fields})
