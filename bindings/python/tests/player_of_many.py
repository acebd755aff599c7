"""Plays programs of random steps with several asynchrons on a package: for test_differential.py.

    player_of_many.py MODULE SEED ROUNDS

What a step does depends only on chance and on what both packages have in common: what the guide lists as otherwise is
left out here, and shown by test_differences.py. What threads do at the same time comes to the same in whichever order.
"""

import random
import threading

from player import Own, kind, outcome, run


def broken():
    raise Own


def seen(R):
    """What a complete one came to."""
    try:
        return R.result if R.exc_info is None else "failed"
    except Exception as error:
        return kind(error)


class Program:
    def __init__(self, module, seed):
        self.module, self.chance = module, random.Random(seed)
        self.members, self.steps, self.told = [], [], []
        #: Those that a callback, a function or a thread completes: only those may that are alone in that.
        self.derived = set()
        #: What post_notify() returned, with its source.
        self.posts = []
        #: Reports from which the first has been taken.
        self.reports = []
        for _ in range(self.chance.randrange(2, 6)):
            self.make()

    # ---- choosing ----

    def make(self):
        if self.chance.random() < 0.25:
            function = self.chance.choice([broken, lambda n=len(self.members): f"on demand {n}"])
            return self.join(self.module.OnDemandResult(function))
        return self.join(self.module.Result())

    def join(self, R):
        self.members.append(R)
        return R

    def index(self, R):
        return next(at for at, member in enumerate(self.members) if member is R)

    def any_of(self, wanted):
        """One of those for which that is so, or None."""
        found = [R for R in self.members if wanted(R)]
        return self.chance.choice(found) if found else None

    def some(self, wanted=lambda R: True):
        """Some of them, also twice."""
        found = [R for R in self.members if wanted(R)]
        return self.chance.choices(found, k=self.chance.randrange(1, 5)) if found else []

    def is_on_demand(self, R):
        return isinstance(R, self.module.OnDemandResult)

    def note(self, *what):
        self.told.append(repr(what))

    # ---- steps ----

    def deliver(self):
        R, n = self.chance.choice(self.members), self.chance.randrange(100)
        how = self.chance.choice([
            lambda: R.put(n), lambda: setattr(R, "result", n), lambda: R.raise_(Own()), lambda: R.raise_(exc=Own),
            lambda: R.run_func(lambda: n), lambda: R.run_func(func=broken), lambda: setattr(R, "exc_info", None),
        ])
        return outcome(how)

    def cancel(self):
        # Of a complete one it calls back once more there.
        R = self.any_of(lambda R: not R.ready)
        if R is not None:
            R.cancel(self.chance.choice([None, "why"]))

    def ask(self):
        R = self.any_of(lambda R: R.ready or self.is_on_demand(R) and R.is_pending)
        if R is not None:
            came = outcome(R)
            return came, R.fsm_state, R.is_done, R.is_cancelled

    def ask_in_other_ways(self):
        R = self.any_of(lambda R: R.is_done)
        if R is not None:
            return outcome(R.join), outcome(lambda: R.get(default=-1)), R.empty(), seen(R)

    def call_with(self):
        R = self.any_of(lambda R: R.is_pending or self.is_on_demand(R))
        function = self.chance.choice([lambda a, b=2: a + b, lambda a, **_: broken()])
        return R and (outcome(lambda: R(function, 1)), outcome(lambda: R(function, 1, b=5)))

    def notify(self):
        R, n = self.chance.choice(self.members), self.chance.randrange(100)
        R.notify(lambda it: self.note("callback", n, self.index(it), seen(it)))

    def notify_raising(self):
        R = self.any_of(lambda R: not R.ready)
        if R is not None:
            R.notify(lambda it: broken())

    def notify_to_complete(self):
        R = self.any_of(lambda R: not R.ready)
        if R is not None:
            S = self.make()
            self.derived.add(S)
            R.notify(lambda it: S.put(["after", seen(it)]))

    def post_notify(self):
        R = self.chance.choice(self.members)
        function = self.chance.choice([lambda value: f"post {value}", lambda value: broken()])
        self.posts.append((R, R.post_notify(post_func=function)))

    def after(self):
        sources, n = self.some(), self.chance.randrange(100)
        R = self.chance.choice([None, None, self.any_of(lambda R: R not in self.derived)])
        if R is not None and any(R is source for source in sources):
            return None

        def function(a, b):
            self.note("after", n)
            return [a, b, *map(seen, sources)] if n % 3 else broken()

        made = []
        came = outcome(lambda: made.append(self.module.after(sources, R, function, n, b=5)))
        if made and R is None:
            self.join(made[0])
        for each in made:
            self.derived.add(each)
        return came

    def report(self):
        return [self.index(R) for R in self.module.report(LFs=self.some(lambda R: R.ready))]

    def begin_report(self):
        first = self.any_of(lambda R: R.ready)
        if first is not None:
            left = self.module.report([first, *self.some(), *self.some()])
            self.reports.append(left)
            return self.index(next(left))

    def end_reports(self):
        if all(R.ready for R in self.members):
            reports, self.reports = self.reports, []
            # In which order is otherwise where a callback completes another.
            return [sorted(self.index(R) for R in left) for left in reports]

    def result_set(self):
        some, others = self.some(lambda R: R.ready), self.some()
        one, other = self.module.ResultSet(some), self.module.ResultSet(others)
        with one:
            came = sorted(self.index(R) for R in one)
        one.wait()
        both = one | other
        return came, len(one), len(other), len(both), len(one & other), one <= both, other == one

    def bg(self):
        # Of one that was begun or is complete, the thread dies there.
        R = self.any_of(lambda R: R.is_pending)
        function = self.chance.choice([lambda a, b: [a, b], lambda a, b: broken()])
        if R is not None:
            thread = R.bg(function, 1, b=2, _daemon=True)
            thread.join()
            return thread.daemon, outcome(R)

    def bg_alone(self):
        function = self.chance.choice([lambda a, b: [a, b], lambda a, b: broken()])
        R = self.module.bg(function, 1, b=2, _name="named", _extra={"a": 1})
        self.join(R)
        return outcome(R), R.name, R.extra.a, outcome(lambda: self.module.in_thread(function)(3, b=4)), \
            outcome(lambda: self.module.call_in_thread(function, 3, 4))

    def threads(self):
        """Each waits for some of those before it, and then delivers; the first one is delivered here."""
        chain = [R for R in self.members if R.is_pending and R not in self.derived and not self.is_on_demand(R)]
        self.chance.shuffle(chain)
        if len(chain) < 2:
            return None
        came = {}

        def work(at, sources, way, fails):
            got = [way(R) for R in sources]
            came[at] = got
            R = chain[at]
            R.raise_(Own()) if fails else R.put([at, *got])

        ways = [lambda R: outcome(R), lambda R: outcome(R.join), lambda R: outcome(lambda: R.get(-1))]
        workers = []
        for at in range(1, len(chain)):
            sources = self.chance.sample(chain[:at], self.chance.randrange(1, at + 1))
            arguments = at, sources, self.chance.choice(ways), self.chance.random() < 0.3
            workers.append(threading.Thread(target=work, args=arguments))
        for worker in workers:
            worker.start()
        chain[0].put("first")
        for worker in workers:
            worker.join()
        return sorted(came.items())

    # ---- all of them ----

    def settle(self):
        """Waits for what post_notify() has begun; what its source has not for it stays pending there."""
        waiting = []
        for R, post in self.posts:
            if not R.ready:
                waiting.append((R, post))
            elif R.is_done and R.exc_info is None:
                self.steps.append(["posted", outcome(post)])
                self.join(post)
        self.posts = waiting

    STEPS = (deliver, cancel, ask, ask_in_other_ways, call_with, notify, notify_raising, notify_to_complete, post_notify,
             after, report, begin_report, end_reports, result_set, bg, bg_alone, threads)

    def play(self):
        for _ in range(self.chance.randrange(3, 20)):
            step = self.chance.choice(self.STEPS)
            self.steps.append([step.__name__, step(self)])
            self.settle()
        self.steps.append(["told", sorted(self.told)])
        self.steps.append(["members", [[R.fsm_state, R.ready and seen(R)] for R in self.members]])
        return self.steps


if __name__ == "__main__":
    run(lambda module, seed: Program(module, seed).play())
