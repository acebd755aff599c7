"""Digests of the files in a folder, each computed in a thread: a program written for cs.result.

    digests.py FOLDER

With asynchron it needs another import, and nothing else: `from asynchron import ...`.
"""

import hashlib
import pathlib
import sys
import threading

from cs.result import (CancellationError, OnDemandResult, Result, ResultSet, after, bg, in_thread, not_cancelled,
                       report)


class Job(Result):
    """The digest of a file. It may be given up before it is begun."""

    def __init__(self, path):
        super().__init__(name=path.name, extra={"path": path})

    @not_cancelled
    def begin(self, algorithm):
        self.bg(digest, self.extra.path, algorithm=algorithm())


def digest(path, *, algorithm):
    if path.name.startswith("secret"):
        raise PermissionError(path.name)
    return hashlib.new(algorithm, path.read_bytes()).hexdigest()[:12]


@in_thread
def names_of(folder):
    return sorted(path for path in folder.iterdir() if path.is_file())


def describe(job):
    """A line for each job that is complete, however it ended."""
    if job.is_cancelled:
        return f"{job.name}: given up"
    if job.exc_info:
        return f"{job.name}: {job.exc_info[0].__name__}"
    return f"{job.name}: {job.result}"


def main(folder):
    algorithm = OnDemandResult(lambda: print("choosing an algorithm") or "sha256")
    jobs = [Job(path) for path in names_of(folder)]

    finished, lock = [], threading.Lock()

    def count(job):
        with lock:
            finished.append(job.name)

    for job in jobs:
        job.notify(count)

    # The length of each digest, once it is there.
    lengths = [job.post_notify(len) for job in jobs if "huge" not in job.name and "secret" not in job.name]
    summary = after(jobs, None, lambda: sum(job.is_done and job.exc_info is None for job in jobs))

    for job in jobs:
        if "huge" in job.name:
            job.cancel("too large")
        try:
            job.begin(algorithm)
        except CancellationError:
            print("not begun:", job.name)

    for line in sorted(describe(job) for job in report(jobs)):
        print(line)
    print("digests:", summary(), "lengths:", {length() for length in lengths}, "finished:", len(finished))

    # A result that others wait for, and that several threads are asked to deliver: the first one wins.
    winner = Result("winner")

    def race(name):
        try:
            winner.put("one of them")
        except RuntimeError:
            return "late"
        return "won"

    racers = ResultSet(bg(race, n, _name=f"racer {n}") for n in range(4))
    racers.wait()
    print("winner:", winner(), "late:", sum(racer() == "late" for racer in racers))


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
