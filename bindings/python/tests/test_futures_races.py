"""A Future that several threads complete, cancel, begin and register with at the same time."""

import threading

from asynchron import Future
from concurrent.futures import InvalidStateError
from conftest import many


def test_callbacks_that_are_added_while_it_completes_run_once_each():
    for _ in range(many(300, 10_000)):
        F, seen, barrier = Future(), [], threading.Barrier(3)

        def add():
            barrier.wait()
            for _ in range(5):
                F.add_done_callback(seen.append)

        threads = [threading.Thread(target=add) for _ in range(2)]
        for thread in threads:
            thread.start()
        barrier.wait()
        F.set_result(1)
        for thread in threads:
            thread.join()
        assert seen == [F] * 10


def test_of_cancel_start_and_set_at_the_same_time_one_wins_and_all_know():
    rounds = 10_000
    Fs = [Future() for _ in range(rounds)]
    told = {"cancel": [], "start": [], "set": []}
    barrier = threading.Barrier(3)

    def cancel(F):
        return F.cancel()

    def start(F):
        try:
            return F.set_running_or_notify_cancel()
        except RuntimeError as error:
            assert str(error) == "Future in unexpected state"
            return None

    def deliver(F):
        try:
            F.set_result(1)
            return True
        except InvalidStateError:
            return False

    def work(name, step):
        for i, F in enumerate(Fs):
            if i % 4 == 0:
                barrier.wait()
            told[name].append(step(F))

    threads = [threading.Thread(target=work, args=pair) for pair in zip(told, (cancel, start, deliver))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for F, cancelled, started, delivered in zip(Fs, *told.values()):
        assert cancelled is not delivered and F.cancelled() is cancelled and F.done()
        # True: it was first. False: it was cancelled before. None: it was delivered before.
        assert started or started is (False if cancelled else None)
        assert not (cancelled and started)


def test_of_two_who_set_at_once_one_gets_invalid_state_error():
    rounds = many(2000, 50_000)
    Fs, barrier, won = [Future() for _ in range(rounds)], threading.Barrier(2), []

    def work(value):
        barrier.wait()
        for F in Fs:
            try:
                F.set_result(value) if value else F.set_exception(KeyError())
                won.append(F)
            except InvalidStateError:
                pass

    threads = [threading.Thread(target=work, args=(value,)) for value in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == rounds and set(won) == set(Fs)
