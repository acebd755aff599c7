"""python -m asynchron: versions, and where the library was found; `demo` runs the first example."""

import argparse
import pathlib
import platform
import threading
import time

import asynchron
from asynchron import Asynchron, _core, report


def library():
    """The file of the C library that this process uses, if it can be told."""
    try:
        with open("/proc/self/maps") as maps:
            for line in maps:
                if "libasynchron" in line:
                    return line.split(maxsplit=5)[5].strip()
    except OSError:
        pass
    return None


def demo():
    """Two threads meet; then several in the order in which they complete."""
    A = Asynchron(name="my demo")

    def one():
        print("thread 1 waits for", A)
        print("thread 1 has", A())

    def two():
        time.sleep(0.1)
        print("thread 2 assigns 3")
        A.result = 3

    threads = [threading.Thread(target=one), threading.Thread(target=two)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print("at once now:", A())

    asynchrons = [asynchron.bg(time.sleep, delay, _name=f"sleep {delay}") for delay in (0.2, 0.1)]
    for done in report(asynchrons):
        print("complete:", done.name)


def main():
    parser = argparse.ArgumentParser(prog="python -m asynchron", description=__doc__)
    parser.add_argument("what", nargs="?", choices=["demo"], help="run the first example")
    parser.add_argument("--include", action="store_true", help="print the folder of the C headers")
    parser.add_argument("--library", action="store_true", help="print the file of the C library")
    options = parser.parse_args()
    if options.what == "demo":
        demo()
    elif options.include:
        print(pathlib.Path(_core.__file__).parent / "include")
    elif options.library:
        print(library())
    else:
        print("asynchron", asynchron.__version__)
        print("Python", platform.python_version(), "in", platform.machine())
        print("extension", _core.__file__)
        print("library", library())


if __name__ == "__main__":
    main()
