"""Writes what was measured into docs/performance.md, between its two marks, and the chart."""

import datetime
import json
import pathlib
import platform
import re
import subprocess
import sys

import matplotlib
from goals import GOALS, Results, quartiles

matplotlib.use("svg")
from matplotlib import pyplot  # noqa: E402, after the choice of what draws

ROOT = pathlib.Path(__file__).parent.parent
DOCS = ROOT / "docs"
BUILD = ROOT / "benches" / "build"
BEGIN = "<!-- from here on written by benches/run.py -->"
END = "<!-- to here written by benches/run.py -->"

# Workload, operation, placement: in the order of the tables.
WORKLOADS = {
    "lifecycle": ("create, set 8 bytes, get, release", "one thread @1"),
    "lifecycle64": ("the same with 64 bytes copied in and out", "one thread @1"),
    "reserve64": ("lifecycle64 with memory for the value in what is created, by those that can: asynchron by `reserve`",
                  "one thread @1"),
    "contended": ("lifecycle in two threads at once", "two threads @2"),
    "handoff@1": ("a hop of a ping-pong, a fresh one each hop, both block", "two threads @1"),
    "handoff@2/0": ("the same, from a cold start: the far side is asleep before each 1000 hops",
                    "two threads @2"),
    "handoff@2/0 processor": ("processor time of both, a hop", "two threads @2"),
    "handoff@2/0 first": ("the first 1000 hops of two new threads", "two threads @2"),
    "handoff@2/1": ("with 1 µs of work before each answer", "two threads @2"),
    "handoff@2/1 processor": ("processor time of both, a hop", "two threads @2"),
    "handoff@2/1 first": ("the first 1000 hops of two new threads", "two threads @2"),
    "handoff@2/5": ("with 5 µs of work before each answer", "two threads @2"),
    "handoff@2/5 processor": ("processor time of both, a hop", "two threads @2"),
    "handoff@2/5 first": ("the first 1000 hops of two new threads", "two threads @2"),
    "handoff@2/20": ("with 20 µs of work before each answer", "two threads @2"),
    "handoff@2/20 processor": ("processor time of both, a hop", "two threads @2"),
    "handoff@2/20 first": ("the first 1000 hops of two new threads", "two threads @2"),
    "broadcast": ("8 threads blocked on one: set until the last has it",
                  "setter @2 on the first processor, waiters on both in turn"),
    "notify": ("create, register a callback, set, release", "one thread @1"),
    "report/1000": ("1000 pending completed in shuffled order by another thread, taken in "
                    "completion order; an item", "two threads @2"),
    "report/100000": ("the same with 100000", "two threads @2"),
    "report/1000000": ("the same with 1000000", "two threads @2"),
    "report/1000 add": ("registering each of them before; an item", "one thread @2"),
    "report/100000 add": ("the same with 100000", "one thread @2"),
    "report/1000000 add": ("the same with 1000000", "one thread @2"),
    "any/64": ("of 64 in a report another thread, told to each time, completes one at random, which "
               "is taken and replaced; a round", "two threads @1"),
    "any/1024": ("the same with 1024", "two threads @1"),
    "any/64/alone": ("the same by one thread that waits for nothing", "one thread @1"),
    "any/1024/alone": ("the same with 1024", "one thread @1"),
    "wait_any/found": ("one call over 64 that finds the last complete; a handle", "one thread @1"),
    "wait_any/timeout": ("one call over 64 that times out at 0; a handle", "one thread @1"),
    "wait_all/1000": ("1000 completed by another thread meanwhile; an item", "two threads @2"),
    "then": ("a link of a chain of 1000000 on a stack of 64 KiB: make, run, release",
             "one thread @1"),
    "spawn": ("100000 functions that do nothing to two threads, all results collected; a task",
              "three threads on two processors, not pinned"),
    "spawn/inside": ("the same, spawned by one of the two", "three threads on two processors"),
    "memory": ("heap bytes of a pending one, malloc's own and the pointer to it included", "@1"),
    "memory/report": ("the same, in a report too", "@1"),
}


# How it grows with threads, as benches/scaling.c names it: name, what comes behind the number, text.
THREADS = ["1", "2", "4", "8", "16", "32", "64"]
GROWING = [
    ("unrelated", "", "lifecycle, each thread with its own; processor time"),
    ("read", "", "get of one complete, by all; processor time"),
    ("retain", "", "retain, get, release of one complete, by all; processor time"),
    ("spawn", "", "spawn, run, get; processor time of all threads together, a task"),
    ("arrive", "", "set of what is in one report, by all, nobody takes; processor time"),
    ("report", "/producer", "the same while one takes: processor time of the producers"),
    ("report", "/consumer", "of the one that takes"),
    ("report", "/wall", "from the first to the last, an item"),
]
WAITERS = ["1", "10", "100", "1000"]
WAITING = [
    ("waiters", "/set", "processor time of set, a waiter"),
    ("waiters", "/last", "set until the last has it, a waiter"),
]
BESIDE = {
    "line": ("an atomic addition", "adds to a word"),
    "set": ("set", "retains and releases an asynchron"),
    "life": ("set, get, retain, release", "the same"),
    "arrive-asked": ("set of one in a report", "asks a report what is pending"),
    "arrive-added": ("set of one in a report", "adds to a report and removes"),
    "arrive": ("set of one in a report", "sets others in a report"),
    "neighbours": ("set", "sets others: far away in memory; every other block"),
}


def number(value):
    """Three digits, or the whole number if that has more."""
    return f"{value:.0f}" if value >= 100 or value == int(value) else f"{value:.3g}"


def table(heads, rows):
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def goals_table(results):
    rows, missed = [], 0
    for goal in GOALS:
        found = goal.judge(results)
        if found is None:
            continue
        met = goal.met(found)
        missed += not met
        unit = f" {goal.unit}" if goal.unit else ""
        spread = f"{number(found[0])} – {number(found[2])}" if found[0] != found[2] else ""
        rows.append([goal.workload, goal.text, number(found[1]) + unit, spread,
                     f"≤ {number(goal.limit)}{unit}", "yes" if met else "**no**"])
    heads = ["workload", "what", "measured", "quartiles", "goal", "met"]
    return table(heads, rows), missed


def contestants(results):
    order = []
    for workload in WORKLOADS:
        for one in results.samples.get(workload, {}):
            if one not in order:
                order.append(one)
    return order


def cells(results, cell):
    """A row for each workload, a column for each contestant."""
    them = contestants(results)
    rows = []
    for workload in WORKLOADS:
        if workload in results.samples:
            has = results.samples[workload]
            rows.append([workload] + [cell(workload, one) if one in has else "" for one in them])
    return table(["workload"] + them, rows)


def ratio_cell(results):
    def cell(workload, one):
        if "floor" not in results.samples[workload]:
            return ""
        low, middle, high = quartiles(results.ratios(workload, "floor", one))
        return f"{number(middle)} ({number(low)} – {number(high)})"
    return cell


def growing(results, head, columns, rows):
    """A row for each that was measured, a column for each number of threads."""
    def cell(name, column, rest):
        full = f"scaling/{name}/{column}{rest}"
        return number(results.median(full)) if full in results.samples else ""
    return table([head, *columns, "what"],
                 [[name + rest, *(cell(name, column, rest) for column in columns), what]
                  for name, rest, what in rows])


def scaling(results):
    if "scaling/unrelated/1" not in results.samples:
        return []
    def range_of(name):
        values = results.samples[f"scaling/{name}"]["asynchron"]
        low, high = number(min(values)), number(max(values))
        return low if low == high else f"{low} – {high}"
    runs = len(results.samples["scaling/line/handover"]["asynchron"])
    return [
        "### Scaling\n",
        f"By `benches/build/scaling`, {runs} times; nanoseconds an operation, unless stated otherwise. "
        "The threads are placed on the two processors in turn. \"Many cores\", below, says what to "
        "conclude from it. Medians:\n",
        growing(results, "threads", THREADS, GROWING),
        growing(results, "blocked waiters on one", WAITERS, WAITING),
        "What one thread's operation costs while another thread, on the other processor, keeps writing "
        "something of its own, or the same thing; lowest and highest. Handing over a cache line took "
        f"{range_of('line/handover')} (`line/handover`).\n",
        table(["", "what", "beside one that", "its own", "this one"],
              [[name, what, other, range_of(f"{name}/own"), range_of(f"{name}/shared")]
               for name, (what, other) in BESIDE.items()])]


def first_line(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.splitlines()[0] if done.stdout else ""


def machine():
    lscpu = subprocess.run(["lscpu"], capture_output=True, text=True, check=False).stdout
    about = dict(re.findall(r"^([^:]+):\s+(.*)$", lscpu, re.M))
    virtual = ", virtual" if "Hypervisor vendor" in about else ""
    return (f"{about.get('Model name')} (family {about.get('CPU family')}, model "
            f"{about.get('Model')}), {about.get('CPU(s)')} processors{virtual}; "
            f"{platform.system()} {platform.release()}, {' '.join(platform.libc_ver())}; "
            f"{first_line('cc', '--version')}; {first_line('rustc', '--version')}.")


def chart(results, path):
    """Each contestant's ratio to floor, on a logarithmic scale; a line marks each goal."""
    rows = [w for w in WORKLOADS if "floor" in results.samples.get(w, {})
            and not any(word in w for word in ("memory", "processor", "first"))]
    them = [one for one in contestants(results) if one != "floor"]
    matplotlib.rcParams.update({"svg.hashsalt": "asynchron", "svg.fonttype": "none"})
    figure, axes = pyplot.subplots(figsize=(9, 0.36 * len(rows) + 1.6))
    colours = dict(zip([one for one in them if one != "asynchron"], pyplot.cm.tab10.colors))
    for one in reversed(them):
        at = [y for y, w in enumerate(rows) if one in results.samples[w]]
        ratios = [quartiles(results.ratios(rows[y], "floor", one))[1] for y in at]
        mine = one == "asynchron"
        axes.plot(ratios, at, "D" if mine else "o", label=one, markersize=8 if mine else 5,
                  color="black" if mine else colours[one], alpha=1 if mine else 0.75)
    for goal in GOALS:
        if goal.text.startswith("ratio to floor") and goal.workload in rows:
            y = rows.index(goal.workload)
            axes.plot([goal.limit] * 2, [y - 0.4, y + 0.4], color="crimson", linewidth=2,
                      label="_nolegend_")
    axes.plot([], [], color="crimson", linewidth=2, label="goal for asynchron")
    axes.axvline(1, color="grey", linewidth=1)
    axes.set(xscale="log", yticks=range(len(rows)), yticklabels=rows, ylim=(len(rows) - 0.5, -0.5),
             xlabel="time, as a ratio to floor (logarithmic; left is faster)")
    axes.xaxis.set_major_formatter(matplotlib.ticker.FormatStrFormatter("%g"))
    axes.grid(axis="y", alpha=0.3)
    axes.legend(loc="upper center", bbox_to_anchor=(0.45, -0.08),
                ncols=6, frameon=False, fontsize=8)
    figure.savefig(path, bbox_inches="tight", metadata={"Date": None})


def text(measured, results):
    goals, missed = goals_table(results)
    about = [[name, *what] for name, what in WORKLOADS.items() if name in results.samples]
    return "\n".join([
        f"Measured on {datetime.date.today()} in {measured['rounds']} rounds: {machine()}\n",
        "### Goals\n", goals,
        f"{missed or 'None'} missed.\n",
        "![Ratios to floor](performance.svg)\n",
        "### Ratios to floor\n",
        "Medians over the rounds, and quartiles.\n", cells(results, ratio_cell(results)),
        "### Medians\n",
        "Nanoseconds an operation; bytes for memory.\n",
        cells(results, lambda w, one: number(results.median(w, one))),
        "### What an operation is, and where it runs\n",
        table(["workload", "an operation", "placement"], about), *scaling(results)])


def write(measured, official):
    """Into docs/ for an official run; else beside the programs."""
    results = Results(measured["samples"])
    where = DOCS if official else BUILD
    content = text(measured, results)
    page = where / "performance.md"
    if official:
        old = page.read_text()
        before, after = old[:old.index(BEGIN) + len(BEGIN)], old[old.index(END):]
        page.write_text(f"{before}\n\n{content}\n{after}")
    else:
        page.write_text(content)
    if any("floor" in has for has in results.samples.values()):
        chart(results, where / "performance.svg")
    print(goals_table(results)[0])
    print(cells(results, lambda w, one: number(results.median(w, one))))
    print(f"written: {page}")


if __name__ == "__main__":
    write(json.loads(pathlib.Path(sys.argv[1]).read_text()), official="--official" in sys.argv)
