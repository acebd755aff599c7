"""Every function of the package, for memory_program.py to have memory run out in it.

Each case is a generator: it makes what is needed, yields the call during which memory runs out, is sent the MemoryError
that it raised, or None, and looks whether all is as it has to be then. The call makes no functions and extends no lists:
without memory, CPython 3.11 loses something there.
"""

from asynchron import Asynchron, CancellationError, Future, OnDemandResult, Report, after, report


class Thing:
    """What nobody may keep."""


class Failure(Exception):
    pass


class Box:
    """Keeps what a call makes; without memory of its own, as a list would want it."""

    __slots__ = ("value",)

    def __init__(self):
        self.value = None

    def keep(self, make):
        def act():
            self.value = make()

        return act


# ---- one asynchron ----


def create(thing):
    yield Box().keep(lambda: [Asynchron(), Asynchron("name", result=thing), Asynchron(state="RUNNING")])


def put(thing):
    A = Asynchron()
    failed = yield lambda: A.put(thing)
    if failed:
        assert A.pending
        A.put(thing)
    assert A() is thing


def put_with_waiters(thing):
    import threading

    A, got = Asynchron(), []
    waiter = threading.Thread(target=lambda: got.append(A()))
    waiter.start()
    failed = yield lambda: A.put(thing)
    if failed:
        A.put(thing)
    waiter.join()
    assert got == [thing]


def put_bytes(thing):
    A, data = Asynchron(), b"bytes" * 100
    failed = yield lambda: A.put_bytes(data)
    if failed:
        assert A.pending
        A.put_bytes(data)
    assert A() == data


def put_too_late(thing):
    A = Asynchron(result=1)

    def act():
        try:
            A.put(thing)
        except RuntimeError:
            pass

    yield act
    assert A() == 1


def assign(thing):
    A = Asynchron()

    def act():
        A.result = thing

    if (yield act):
        assert A.pending
    else:
        assert A.result is thing


def fail(thing):
    A, failure = Asynchron(), Failure(thing)
    failed = yield lambda: A.fail(failure)
    # Without memory it fails all the same, or not at all.
    if A.pending:
        assert failed
    else:
        assert A.join()[1] is not None


def cancel(thing):
    A = Asynchron(extra={"thing": thing})
    failed = yield lambda: A.cancel("why")
    if failed:
        assert A.pending and A.cancel("why")
    assert A.cancelled


def cancel_pending(thing):
    A = Asynchron(extra={"thing": thing})
    failed = yield lambda: A.cancel_pending("why")
    assert A.pending if failed else A.cancelled


def expire(thing):
    A = Asynchron(extra={"thing": thing})
    failed = yield lambda: A.expire_after(0.001)
    if failed:
        A.put(thing)
        assert A() is thing
    else:
        assert A.wait(20)


def run(thing):
    A, function = Asynchron(), lambda: [thing]
    yield lambda: A(function)
    assert A.ready or A.pending


def run_that_raises(thing):
    A = Asynchron()

    def act():
        try:
            A.run_func(int, "no number")
        except ValueError:
            pass

    yield act
    assert A.ready or A.pending


def ask(thing):
    A = Asynchron(result=thing)
    yield lambda: [A(), A.get(), A.join(), A.wait(), A.result, A.exc_info, A.state]
    assert A() is thing


def ask_for_a_failure(thing):
    A = Asynchron()
    A.fail(Failure(thing))

    def act():
        try:
            A()
        except Failure:
            pass
        return A.join(), A.exc_info, A.get(5)

    yield act
    assert A.join()[1][1].args == (thing,)


def ask_for_a_cancel(thing):
    A = Asynchron(extra={"thing": thing})
    A.cancel("why")

    def act():
        try:
            A()
        except CancellationError:
            pass

    yield act
    assert A.cancelled


def wait_in_the_main_thread(thing):
    A = Asynchron()
    yield lambda: A.wait(0.01)
    A.put(thing)
    assert A.wait(20)


def name(thing):
    A = Asynchron(extra={"thing": thing})
    yield lambda: [A.name, repr(A), A.extra, A.handle]
    assert A.name in repr(A)


def handles(thing):
    A, others = Asynchron(), Box()
    failed = yield others.keep(lambda: [Asynchron.from_handle(A.handle), Asynchron.from_handle(A.capsule())])
    A.put(thing)
    assert failed or all(other() is thing for other in others.value)


# ---- callbacks ----


def notify(thing):
    A, seen = Asynchron(), []
    callback = lambda a: seen.append((a, thing))
    failed = yield lambda: A.notify(callback)
    A.put(1)
    assert seen == ([] if failed else [(A, thing)])


def notify_complete(thing):
    A, seen = Asynchron(result=thing), []
    yield lambda: A.notify(seen.append)
    assert seen in ([], [A])


def unnotify(thing):
    A, seen = Asynchron(), []
    token = A.notify(lambda a: seen.append(thing))
    failed = yield lambda: A.unnotify(token)
    assert failed is None
    A.put(1)
    assert seen == []


def post_notify(thing):
    A, post, function = Asynchron(), Box(), lambda value: (value, thing)
    failed = yield post.keep(lambda: A.post_notify(function))
    A.put(1)
    assert failed or post.value() == (1, thing)


def after_several(thing):
    A, B, seen = Asynchron(), Asynchron(), []
    failed = yield lambda: after([A, B], None, seen.append, thing)
    A.put(1)
    B.put(2)
    assert seen == ([] if failed else [thing])


def callback_that_raises(thing):
    A = Asynchron()
    A.notify(lambda a: thing.nothing)
    yield lambda: A.put(1)


# ---- reports ----


def report_create(thing):
    A = Asynchron(extra={"thing": thing})
    yield lambda: Report([A, A, A])


def report_add(thing):
    A, R = Asynchron(), Report()
    failed = yield lambda: R.add(A, thing)
    assert len(R) == (0 if failed else 1)
    A.put(1)
    assert R.next(tagged=True) == (None if failed else (A, thing))


def report_add_many(thing):
    As, R = [Asynchron() for _ in range(100)], Report()
    added = Box()

    def act():
        for A in As:
            R.add(A, thing)
            added.value = A

    yield act
    assert len(R) == (0 if added.value is None else As.index(added.value) + 1)


def report_remove(thing):
    A, B, R = Asynchron(), Asynchron(), Report()
    for tag in (1, thing, 3):
        R.add(A, tag)
    R.add(B)
    failed = yield lambda: R.remove(A, thing)
    A.put(1)
    tags = [R.next(tagged=True)[1] for _ in range(len(R) - 1)]
    assert tags == ([1, thing, 3] if failed else [1, 3])


def report_next(thing):
    A, R = Asynchron(result=1), Report()
    R.add(A, thing)
    taken = Box()
    failed = yield taken.keep(lambda: R.next(tagged=True))
    assert failed or taken.value == (A, thing)


def report_batch(thing):
    R = Report()
    for _ in range(5):
        R.add(Asynchron(result=1), thing)
    yield lambda: R.next_batch(tagged=True)


def report_wait(thing):
    A, R = Asynchron(), Report()
    R.add(A, thing)

    def act():
        try:
            R.next(0.005)
        except TimeoutError:
            pass

    yield act
    A.put(1)
    assert R.next(20) is A


def report_descriptor(thing):
    R = Report([Asynchron(extra={"thing": thing})])
    yield lambda: R.fileno()
    assert R.fileno() >= 0


def report_in_a_loop(thing):
    As, last = [Asynchron(result=i, extra={"thing": thing}) for i in range(3)], Box()

    def act():
        for last.value in report(As):
            pass

    failed = yield act
    assert failed or last.value is As[-1]


# ---- what is built upon these ----


def future(thing):
    made, callback = Box(), lambda f: thing

    def act():
        F = made.value = Future()
        F.add_done_callback(callback)
        F.set_running_or_notify_cancel()
        F.set_result(thing)
        return F.result(), F.exception()

    yield act
    if made.value is not None and not made.value.done():
        made.value.set_exception(Failure())


def on_demand(thing):
    A = OnDemandResult(lambda: thing)
    failed = yield lambda: A()
    assert A.ready or failed


def awaited(thing):
    import asyncio

    async def main(begin, end):
        A = Asynchron()
        loop = asyncio.get_running_loop()
        loop.call_later(0.001, A.put, thing)
        begin()
        try:
            return await A
        except MemoryError:
            return thing
        finally:
            end()

    # The first wait makes the loop's report; the call is the whole loop.
    yield lambda: asyncio.run(main(lambda: None, lambda: None))


IN_C = [
    create, put, put_bytes, put_too_late, assign, fail, cancel, cancel_pending, run, run_that_raises, ask,
    ask_for_a_failure, ask_for_a_cancel, wait_in_the_main_thread, name, handles, notify, notify_complete, unnotify, report_create,
    report_add, report_add_many, report_remove, report_next, report_batch, report_wait, report_descriptor,
    report_in_a_loop, callback_that_raises,
]
#: What is Python itself, which loses functions there, or uses threads or loops of it, which are not made for that.
LIBRARY_ONLY = [post_notify, put_with_waiters, expire, after_several, future, on_demand, awaited]
