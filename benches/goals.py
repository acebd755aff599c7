"""The goals: what is held against what, and how far it may be."""

from statistics import median, quantiles


def quartiles(values):
    """The first, the second and the third."""
    return quantiles(values, n=4, method="inclusive") if len(values) > 1 else values * 3


class Results:
    """What was measured: samples[workload][contestant] is a list with one number a round."""

    def __init__(self, samples):
        self.samples = samples

    def median(self, workload, contestant="asynchron"):
        return median(self.samples[workload][contestant])

    def ratios(self, workload, to, of="asynchron", of_workload=None):
        """Round by round."""
        mine = self.samples[of_workload or workload][of]
        theirs = self.samples[workload][to]
        return [a / b for a, b in zip(mine, theirs)]

    def others(self, workload):
        return [one for one in self.samples[workload]
                if one != "asynchron" and not one.startswith("floor")]


class Goal:
    """A number that is to be at most `limit`. `values` gives one for each round, or just one."""

    def __init__(self, workload, text, limit, values, unit=""):
        self.workload, self.text, self.limit = workload, text, limit
        self.values, self.unit = values, unit

    def judge(self, results):
        """The quartiles, or None if it was not measured."""
        try:
            return quartiles(self.values(results))
        except KeyError:
            return None

    def met(self, found):
        return found[1] <= self.limit


def to(workload, other, limit, also=""):
    """A workload's ratio to another contestant."""
    return Goal(workload, f"ratio to {other}{also}", limit, lambda r: r.ratios(workload, other))


def value(workload, text, limit, unit):
    return Goal(workload, text, limit, lambda r: r.samples[workload]["asynchron"], unit)


def fastest(workload):
    """To the fastest of the others. It is so beyond noise if even the first quartile is over 1."""
    def values(results):
        ratios = [quartiles(results.ratios(workload, other))[0] for other in results.others(workload)]
        return [max(ratios)]
    return Goal(workload, "ratio to the fastest other (first quartile)", 1, values)


def best(workload, limit, libraries=False):
    """To the best of the others; or of those that are libraries, not written by hand."""
    def values(results):
        others = [one for one in results.others(workload) if not (libraries and one == "pthread")]
        fastest = min(others, key=lambda other: results.median(workload, other))
        return results.ratios(workload, fastest)
    return Goal(workload, f"ratio to the best {'library' if libraries else 'other'}", limit, values)


def never_sleeps(work):
    """A hop beside one whose sides never sleep: the time, but for 100 ns, and the processor time."""
    time, processor = f"handoff@2/{work}", f"handoff@2/{work} processor"

    def ratios(results):
        samples = results.samples[time]
        return [max(mine - 100, 0) / theirs
                for mine, theirs in zip(samples["asynchron"], samples["floor-spin"])]
    return [Goal(time, "less 100 ns, ratio to floor-spin (which never sleeps)", 1.15, ratios),
            to(processor, "floor-spin", 1.15)]


def growth(results):
    """How much more an item costs in a report of a million than in one of a thousand, to floor."""
    def of(contestant):
        return results.ratios("report/1000", contestant, contestant, "report/1000000")
    return [a / b for a, b in zip(of("asynchron"), of("floor"))]


def whole_bytes(workload, limit):
    return Goal(workload, "bytes each", limit,
                lambda r: [round(n) for n in r.samples[workload]["asynchron"]], "B")


GOALS = [
    to("lifecycle", "floor", 1.6),
    to("lifecycle", "oneshot", 1.0),
    to("lifecycle", "pthread", 0.6),
    Goal("lifecycle", "instructions, ratio to floor", 1.7,
         lambda r: r.ratios("instructions", "floor")),
    to("lifecycle64", "floor", 1.3),
    to("reserve64", "oneshot", 1.0),
    to("contended", "floor", 1.6),
    to("handoff@1", "floor", 1.05),
    fastest("handoff@1"),
    *(goal for work in (0, 1, 5, 20) for goal in never_sleeps(work)),
    best("broadcast", 1.0),
    to("notify", "floor", 1.9),
    to("notify", "pthread", 0.8),
    to("report/1000", "floor", 3.0),
    to("report/100000", "floor", 3.0),
    to("report/1000000", "floor", 1.6),
    best("report/1000", 0.5, libraries=True),
    best("report/100000", 0.5, libraries=True),
    best("report/1000000", 0.5, libraries=True),
    *(best(f"report/{n} add", 0.7) for n in (1000, 100000, 1000000)),
    Goal("report", "growth from 1000 to 1000000, ratio to floor's", 1.0, growth),
    to("any/64", "floor", 1.15),
    to("any/1024", "floor", 1.15),
    Goal("any", "1024, ratio to 64", 1.1,
         lambda r: r.ratios("any/64", "asynchron", of_workload="any/1024")),
    value("wait_any/found", "a handle", 15, "ns"),
    value("wait_any/timeout", "a handle", 15, "ns"),
    to("wait_all/1000", "oneshot", 1.0),
    Goal("then", "a link, ratio to lifecycle", 4.0,
         lambda r: r.ratios("lifecycle", "asynchron", of_workload="then")),
    to("spawn", "rayon", 1.0),
    to("spawn", "tbb", 1.0),
    to("spawn", "std", 1.0),
    to("spawn/inside", "tbb", 0.9),
    whole_bytes("memory", 72),
    whole_bytes("memory/report", 96),
    value("idle/cpu", "processor time", 0, "ns"),
    value("idle/threads", "threads added", 0, ""),
    value("idle/heap", "heap added", 0, "B"),
    value("idle/system calls", "before first use", 0, ""),
    value("footprint/size", "stripped", 400 * 1024, "B"),
    value("footprint/first set", "from dlopen", 1e6, "ns"),
]
