"""What waits cost beside a build of the library that never spins: ratios, round by round, interleaved.

    waits.py THIS.so NEVER.so [ROUNDS]
"""

import os
import pathlib
import subprocess
import sys

from goals import quartiles

PROGRAM = pathlib.Path(__file__).parent / "build" / "waits"


def results(library, workload, effort):
    """A time and a processor time."""
    done = subprocess.run([PROGRAM, workload, str(effort)], env={**os.environ, "LD_PRELOAD": library}, check=True,
                          capture_output=True, text=True, timeout=300)
    return {name: float(value) for name, value in (line.split() for line in done.stdout.splitlines())}


def main():
    libraries = [str(pathlib.Path(library).resolve()) for library in sys.argv[1:3]]
    rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 15
    effort = 1 if rounds > 1 else 0.01
    workloads = subprocess.run([PROGRAM], capture_output=True, text=True, check=True).stdout.split()
    samples = {}
    for one in range(rounds):
        for workload in workloads:
            order = [0, 1] if one % 2 else [1, 0]
            found = {which: results(libraries[which], workload, effort) for which in order}
            for name in found[0]:
                samples.setdefault(name, []).append((found[0][name], found[1][name]))
    print("| a wait | ns | never spins, ns | ratio | quartiles |")
    print("| --- | --- | --- | --- | --- |")
    for name, pairs in samples.items():
        mine, never, ratio = (quartiles(values) for values in (*zip(*pairs), [a / b for a, b in pairs]))
        print(f"| {name} | {mine[1]:,.0f} | {never[1]:,.0f} | {ratio[1]:.2f} | {ratio[0]:.2f} – {ratio[2]:.2f} |")


if __name__ == "__main__":
    main()
