"""How many instructions an item takes with few threads and with many: whether anything grows with them.

    flat.py

callgrind runs the threads of `build/flat` one at a time, and counts what all of them execute, the library's waiting
included. Each number is the difference of two runs, divided by the items.
"""

import pathlib
import re
import subprocess

PROGRAM = pathlib.Path(__file__).parent / "build" / "flat"
THREADS = [2, 4, 8, 16, 32, 64]


def collected(what, threads, items):
    done = subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", "--fair-sched=yes", PROGRAM, what,
                           str(threads), str(items)], capture_output=True, text=True, check=True, timeout=600)
    return int(re.search(r"Collected : (\d+)", done.stderr).group(1))


def main():
    print("| threads | " + " | ".join(map(str, THREADS)) + " |")
    print("| --- |" + " --- |" * len(THREADS))
    for what, working in (("handoff", lambda threads: threads // 2), ("report", lambda threads: threads - 1)):
        row = []
        for threads in THREADS:
            few, many = (max(items // working(threads), 1) for items in (2000, 12000))
            more = (many - few) * working(threads)
            row.append((collected(what, threads, many) - collected(what, threads, few)) / more)
        print(f"| {what} | " + " | ".join(f"{instructions:,.0f}" for instructions in row) + " |")


if __name__ == "__main__":
    main()
