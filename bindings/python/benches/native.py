"""The parts of the benchmark that are in C, built for this interpreter when they are imported. A C compiler is needed."""

import pathlib
import subprocess
import sys
import sysconfig
import tempfile

from asynchron import _core
from asynchron.__main__ import library

_HERE = pathlib.Path(__file__).parent
_INCLUDES = (sysconfig.get_path("include"), pathlib.Path(_core.__file__).parent / "include")


def build(name):
    """The module that is made of NAME.c."""
    with tempfile.TemporaryDirectory() as folder:
        options = [word for include in _INCLUDES for word in ("-I", include)]
        made = pathlib.Path(folder) / (name + sysconfig.get_config_var("EXT_SUFFIX"))
        subprocess.run(
            ["cc", "-O3", "-shared", "-fPIC", "-Wall", "-Wextra", "-Wno-cast-function-type", *options, _HERE / f"{name}.c",
             "-o", made, library(), "-lpthread"],
            check=True,
        )
        sys.path.insert(0, folder)
        try:
            return __import__(name)
        finally:
            sys.path.remove(folder)


Bare = build("bare").Bare
crowd = build("crowd")
