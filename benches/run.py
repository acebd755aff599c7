"""Runs the contestants, interleaved, round after round, and has the page written.

    run.py full|quick|smoke [WORKLOAD...]

A round runs each workload once with each contestant, in a short process of its own, beginning with
another contestant each time (A B C, then B C A): so what disturbs the machine meets all of them
alike, and a ratio is always of two neighbours. Rounds go on until the time is up. In every fourth,
how asynchron grows with threads is measured, too: WORKLOAD `scaling`.
"""

import json
import pathlib
import re
import shutil
import subprocess
import sys
import time

BUILD = pathlib.Path(__file__).parent / "build"
LIBRARY = BUILD / "libasynchron.so"
CONTESTANTS = ["asynchron", "floor", "floor-spin", "pthread", "std", "nsync", "glib",
               "tbb", "rayon", "oneshot", "tokio"]

SCALING = 4  # a look at it every so many rounds: a virtual machine's processors do not stay in place

HANDOFFS = [f"handoff@2/{work}" for work in (0, 1, 5, 20)]
ONLY = {"floor-spin": HANDOFFS}  # for comparison there: it never sleeps

# effort: tenths of a second a process; seconds: when no further round begins; idle: its effort.
MODES = {
    "full": {"effort": 1, "seconds": 640, "rounds": 25, "idle": 1, "skip": []},
    "quick": {"effort": 0.2, "seconds": 38, "rounds": 9, "idle": 0.1, "skip": ["report/1000000"]},
    "smoke": {"effort": 0.001, "seconds": 0, "rounds": 1, "idle": 0.001,
              "skip": ["report/100000", "report/1000000"]},
}

# What dlopen itself does; anything else between the marks would be the library's doing.
LOADERS = {"openat", "read", "pread64", "newfstatat", "fstat", "mmap", "mprotect", "munmap", "close"}


def run(*command):
    """The output of a command; if it fails, that is the end: a wrong value, or none."""
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True,
                          timeout=300, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}: status {done.returncode}\n{done.stderr}")
    return done


def results(*command):
    """The lines of a program's output, each a name and a number."""
    lines = (line.rsplit(" ", 1) for line in run(*command).stdout.splitlines())
    return {name: float(value) for name, value in lines}


def workloads(asked, skip):
    """Which contestants can express which workload, in the order of the first that lists it."""
    can = {}
    for contestant in CONTESTANTS:
        for workload in ONLY.get(contestant) or run(BUILD / contestant).stdout.split():
            can.setdefault(workload, []).append(contestant)
    del can["counted"]
    return {workload: them for workload, them in can.items()
            if workload not in skip and (not asked or workload in asked)}


def scaling(mode, samples):
    for workload in run(BUILD / "scaling").stdout.split():
        for name, value in results(BUILD / "scaling", workload, mode["effort"]).items():
            samples.setdefault(name, {}).setdefault("asynchron", []).append(value)


def measure(can, grows, mode, samples):
    """Rounds: samples[name][contestant] gets one number more in each."""
    until = time.monotonic() + mode["seconds"]
    rounds = 0
    while rounds < mode["rounds"] and (rounds == 0 or time.monotonic() < until):
        for workload, contestants in can.items():
            first = rounds % len(contestants)
            for contestant in contestants[first:] + contestants[:first]:
                for name, value in results(BUILD / contestant, workload, mode["effort"]).items():
                    samples.setdefault(name, {}).setdefault(contestant, []).append(value)
        if grows and rounds % SCALING == 0:
            scaling(mode, samples)
        rounds += 1
        print(f"round {rounds} done", file=sys.stderr)
    return rounds


def instructions(contestant):
    """Instructions of one lifecycle: the difference of two runs, divided."""
    def counted(times):
        log = run("valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null",
                  BUILD / contestant, "counted", times).stderr
        return int(re.search(r"Collected : (\d+)", log).group(1))
    return (counted(21000) - counted(1000)) / 20000


def system_calls():
    """Those between loading the library and first using it that are not the loader's."""
    log = run("strace", "-f", BUILD / "footprint", LIBRARY, "quiet").stderr
    between = log.split('write(1, "", 0)')[1]
    return len([name for name in re.findall(r"^(\w+)\(", between, re.M) if name not in LOADERS])


def once(mode, samples):
    """What does not need rounds, or is not asked of the others."""
    mine = {"footprint/size": LIBRARY.stat().st_size, "idle/system calls": system_calls()}
    mine.update(results(BUILD / "idle", "idle", mode["idle"]))
    for name, value in mine.items():
        samples[name] = {"asynchron": [value]}
    first_sets = [results(BUILD / "footprint", LIBRARY)["footprint/first set"] for _ in range(21)]
    samples["footprint/first set"] = {"asynchron": first_sets}
    samples["instructions"] = {contestant: [instructions(contestant)]
                               for contestant in ("asynchron", "floor", "pthread", "oneshot")}


def main():
    if len(sys.argv) < 2 or sys.argv[1] not in MODES:
        sys.exit(__doc__)
    name, asked = sys.argv[1], sys.argv[2:]
    if name != "smoke":
        import page  # before anything is measured: it needs matplotlib
        missing = [tool for tool in ("valgrind", "strace") if shutil.which(tool) is None]
        if missing:
            sys.exit(f"there is no {' and no '.join(missing)}: make -C benches setup")
    mode, samples = MODES[name], {}
    grows = not asked or "scaling" in asked
    rounds = measure(workloads(asked, mode["skip"]), grows, mode, samples)
    if name == "smoke":
        return
    if not asked:
        once(mode, samples)
    measured = {"mode": name, "rounds": rounds, "samples": samples}
    (BUILD / f"{name}.json").write_text(json.dumps(measured))
    page.write(measured, official=name == "full" and not asked)


if __name__ == "__main__":
    main()
