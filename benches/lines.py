"""Which cache lines two threads share that have nothing to do with each other, path by path.

    lines.py [PATH...]

valgrind's lackey prints each access to memory of `build/lines`, in which two threads do the same, one after the other, each
with an asynchron of its own. A line is shared if both of them touch it and one of them writes it: on two processors it
would go back and forth. There are to be none, but for `sleep`: the first sleeps measure how long it takes to be woken, and
later only one in 64 does. (The program's own lines do not count.)
"""

import collections
import pathlib
import re
import subprocess
import sys
import tempfile

PROGRAM = pathlib.Path(__file__).parent / "build" / "lines"
LINE = 64


def trace(path):
    """The accesses of each thread between its marks, and the map of the process."""
    with tempfile.NamedTemporaryFile("r") as log:
        said = subprocess.run(["valgrind", "--tool=lackey", "--trace-mem=yes", f"--log-file={log.name}", PROGRAM, path],
                              capture_output=True, text=True, check=True, timeout=600).stdout
        mark = int(re.match(r"mark 0x([0-9a-f]+)", said).group(1), 16)
        threads, at = (collections.defaultdict(set), collections.defaultdict(set)), 0
        for access in log:
            kind, _, rest = access.strip().partition(" ")
            if kind not in ("L", "S", "M"):
                continue
            address, size = rest.strip().split(",")
            address = int(address, 16)
            if address == mark:
                at += kind != "L"
            elif at % 2:
                for line in range(address // LINE, (address + int(size) - 1) // LINE + 1):
                    threads[at // 2][line].add("read" if kind == "L" else "written")
    if at != 4:
        sys.exit(f"{path}: {at} marks, not 4")
    return threads, said


def place(line, said):
    """What lies there."""
    for start, end, name in re.findall(r"^([0-9a-f]+)-([0-9a-f]+) \S+ \S+ \S+ \S+ *(.*)$", said, re.M):
        if int(start, 16) <= line * LINE < int(end, 16):
            return pathlib.Path(name).name.split(".so")[0] or "memory"
    return "elsewhere"


def main():
    paths = sys.argv[1:] or subprocess.run([PROGRAM], capture_output=True, text=True, check=True).stdout.split()
    print("| path | lines that a thread touches | shared with the other | where |")
    print("| --- | --- | --- | --- |")
    failed = False
    for path in paths:
        (first, second), said = trace(path)
        shared = [line for line in first.keys() & second.keys() if "written" in first[line] | second[line]]
        where = collections.Counter(place(line, said) for line in shared)
        del where[PROGRAM.name]
        failed |= path != "sleep" and where.total() > 0
        names = ", ".join(f"{n} in {name}" for name, n in where.items())
        print(f"| {path} | {len(second)} | {where.total()} | {names} |")
    sys.exit(failed)


if __name__ == "__main__":
    main()
