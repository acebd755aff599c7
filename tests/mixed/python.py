"""What Python does with its share: see share.h. python.c is the other half."""

import threading

import share
from asynchron import Asynchron, CancellationError

PERIOD, PLUS_MADE, PLUS_ONE, FAILED, MESSAGE, CANCELLED, REASON = 16, 0, 3, 5, 7, 9, 11
MADE, RACED = 14, 15


def put_bytes(a, data):
    """What all can read; `put` would deliver an object of Python's. Whether it came in time."""
    try:
        a.put_bytes(data)
    except RuntimeError:
        assert a.is_cancelled
        return False
    return True


def to_bytes(number):
    return number.to_bytes(8, "little", signed=True)


def to_number(data):
    return int.from_bytes(data, "little", signed=True)


def reason_of(a):
    try:
        raise AssertionError(f"cancelled, but returned {a()}")
    except CancellationError as cancelled:
        return cancelled.message


def message_of(a):
    try:
        raise AssertionError(f"failed, but returned {a()}")
    except Exception as failed:
        return failed.message


def deliver(round, number, other):
    """Whether it came in time. `other(ago)` is the other's of so many rounds ago."""
    a, value = share.all(number), number**2 + 11
    kind = round % PERIOD if round > 0 else 1
    if kind == PLUS_MADE:
        made = Asynchron.from_handle(other(2)())
        return put_bytes(a, to_bytes(to_number(made()) + 1))
    if kind == PLUS_ONE:
        return put_bytes(a, to_bytes(to_number(other(1)()) + 1))
    if kind == FAILED:
        a.fail(ValueError(f"python fails {number}"))
        return True
    if kind == MESSAGE:
        return put_bytes(a, message_of(other(MESSAGE - FAILED)).encode())
    if kind == CANCELLED:
        return a.cancel(f"python cancels {number}")
    if kind == REASON:
        return put_bytes(a, reason_of(other(REASON - CANCELLED)).encode())
    if kind == RACED and round // PERIOD % 2 == 1:
        a.wait()
    if kind == MADE:
        made = Asynchron()
        return share.hand_over(a, made) and put_bytes(made, to_bytes(value))
    return put_bytes(a, to_bytes(value))


def run(count, hosts, host):
    rounds, won = count // hosts, 0
    ended = []
    all_ended = threading.Semaphore(0)

    def tell(a):
        ended.append(a.is_cancelled)
        all_ended.release()

    raced = range(RACED, rounds, PERIOD)
    for round in raced:
        share.all(round * hosts + host).notify(tell)
    for round in range(rounds):
        there = (host + 1 + round // PERIOD % (hosts - 1)) % hosts
        won += deliver(round, round * hosts + host, lambda ago: share.all((round - ago) * hosts + there))
    for _ in raced:
        all_ended.acquire()
    share.done().put(None)
    assert reason_of(share.gate()) == "C closes the gate"

    # When the interpreter ends, a thread waits, and a callback is registered.
    share.late().notify(lambda a: print("a callback has run after the end"))
    begun = threading.Event()
    threading.Thread(target=lambda: (begun.set(), share.late()()), daemon=True).start()
    begun.wait()
    return won, rounds - won, sum(ended)
