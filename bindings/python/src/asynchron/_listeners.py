"""What concurrent.futures.wait() and as_completed() look at in a future of ours, and the order in which it tells.

Theirs change their state under a lock; ours are delivered by any thread of any language, without one. So whoever holds
the lock of one of ours goes on seeing the state that was there at first. What is delivered meanwhile, it is told.
"""

import logging
from threading import RLock, get_ident

#: The states that those who wait count as complete. What is CANCELLED is so only once its executor has noticed.
COMPLETE = ("FINISHED", "CANCELLED_AND_NOTIFIED")

LOGGER = logging.getLogger("concurrent.futures")


class Listeners:
    """Whom a future tells when it is complete: those who wait, then functions. It does not know the future.

    It is what others lock as `future._condition`. While one holds it, that one sees one state.
    """

    #: The thread that holds it, how many times, and the state that it has seen, or None.
    holder, depth, seen = None, 0, None
    #: Lists, once there are some.
    waiters = functions = ()
    #: Whether tell() is called when the future is complete.
    registered = False

    def __init__(self):
        self.lock = RLock()

    def acquire(self):
        self.lock.acquire()
        self.holder = get_ident()
        self.depth += 1
        return True

    def release(self):
        self.depth -= 1
        if not self.depth:
            self.holder = self.seen = None
        self.lock.release()

    def __enter__(self):
        return self.acquire()

    def __exit__(self, *_):
        self.release()


def added(those, one):
    if not those:
        return [one]
    those.append(one)
    return those


def of(future):
    """The listeners of a future, made when they are first wanted."""
    listeners = future._listeners
    return listeners if listeners is not None else future.__dict__.setdefault("_listeners", Listeners())


def register(future, listeners):
    if not listeners.registered:
        # Two threads may do so at once: to be told twice is no harm.
        future.notify(tell)
        listeners.registered = True


def tell(future):
    """The future is complete: those who wait learn of it first, since a function may want what they do then."""
    listeners = future._listeners
    with listeners.lock:
        if listeners.waiters:
            tell_waiters(future, listeners)
        functions, listeners.functions = listeners.functions, ()
    for function in functions:
        try:
            function(future)
        except BaseException:
            log_raised(future)


def tell_waiters(future, listeners):
    with listeners.lock:
        state = future._look()
        if state not in COMPLETE:
            return
        waiters, listeners.waiters = listeners.waiters, ()
        for waiter in waiters:
            if state != "FINISHED":
                waiter.add_cancelled(future)
            elif future.exc_info is None:
                waiter.add_result(future)
            else:
                waiter.add_exception(future)


def log_raised(future):
    LOGGER.exception("exception calling callback for %r", future)


def add_function(future, function):
    """Has function(future) called when it is complete; at once if it is."""
    listeners = of(future)
    register(future, listeners)
    with listeners.lock:
        late = future.ready
        if not late:
            listeners.functions = added(listeners.functions, function)
    if late:
        try:
            function(future)
        except Exception:
            log_raised(future)


class Waiters:
    """Those who wait for it by wait() and as_completed(), as they find them in `future._waiters`: a view for a moment."""

    __slots__ = ("future", "listeners")

    def __init__(self, future):
        self.future = future
        self.listeners = of(future)

    def append(self, waiter):
        """Tells the waiter when it is complete, unless the caller, who holds the lock, has seen that it is."""
        future, listeners = self.future, self.listeners
        if future._state in COMPLETE:
            return
        register(future, listeners)
        with listeners.lock:
            listeners.waiters = added(listeners.waiters, waiter)
        # It may be complete by now, and tell() through.
        if future.ready:
            tell_waiters(future, listeners)

    def remove(self, waiter):
        """Those who were told are not there any more."""
        listeners = self.listeners
        if listeners.waiters:
            with listeners.lock:
                listeners.waiters = [other for other in listeners.waiters if other is not waiter]
