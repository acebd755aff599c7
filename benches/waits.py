"""What waits cost beside a build of the library that never spins: ratios, round by round, interleaved; and instructions,
counted by callgrind, where the times differ by less than they vary.

    waits.py THIS.so NEVER.so [ROUNDS]
"""

import os
import pathlib
import re
import subprocess
import sys

from goals import quartiles

PROGRAM = pathlib.Path(__file__).parent / "build" / "waits"


# In these, spins are rare and never pay. Of how many instructions two threads that spin take, chance decides.
COUNTED = ("crowd", "tick")
# More than the crowd has.
CALLGRIND = ("valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", "--max-threads=1100")


def run(library, *command):
    """What it prints, and what it says of itself."""
    done = subprocess.run([str(word) for word in command], env={**os.environ, "LD_PRELOAD": library}, check=True,
                          capture_output=True, text=True, timeout=300)
    return done.stdout, done.stderr


def parsed(printed):
    return {name: float(value) for name, value in (line.split() for line in printed.splitlines())}


def results(library, workload, effort):
    """A time and a processor time."""
    found = parsed(run(library, PROGRAM, workload, effort)[0])
    return {name: value for name, value in found.items() if not name.endswith("/waits")}


def instructions(library, workload):
    """Of one wait, with its answer: the difference of two runs, divided."""
    def counted(effort):
        printed, log = run(library, *CALLGRIND, PROGRAM, workload, effort)
        return int(re.search(r"Collected : (\d+)", log)[1]), parsed(printed)[f"{workload}/waits"]
    (few, few_waits), (many, many_waits) = counted(0.05), counted(0.5)
    return (many - few) / (many_waits - few_waits)


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
    if rounds == 1:
        return
    print("\n| a wait | instructions | never spins |")
    print("| --- | --- | --- |")
    for workload in COUNTED:
        mine, never = (instructions(library, workload) for library in libraries)
        print(f"| {workload} | {mine:,.0f} | {never:,.0f} |")


if __name__ == "__main__":
    main()
