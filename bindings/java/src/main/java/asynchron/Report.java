// Report.java: several asynchrons, in the order in which they complete.
package asynchron;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * Several asynchrons, in the order in which they complete. Any number of threads may ask for the next; each gets
 * others. A virtual thread that waits gives its carrier back.
 */
public final class Report implements AutoCloseable, Iterable<Asynchron> {
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Set<Entry> waiting = new HashSet<>();
    private final ArrayDeque<Asynchron> complete = new ArrayDeque<>();
    private boolean closed;

    /** One that was added. */
    private final class Entry implements Runnable {
        private final Asynchron given;
        private final Asynchron held;

        Entry(Asynchron given) {
            this.given = given;
            held = given.share();
        }

        @Override
        public void run() {
            lock.lock();
            try {
                if (waiting.remove(this)) {
                    complete.add(given);
                    if (waiting.isEmpty())
                        changed.signalAll(); // all but one learn that nothing is left
                    else
                        changed.signal();
                }
            } finally {
                lock.unlock();
            }
            held.close();
        }
    }

    /** Makes an empty one. */
    public Report() {
    }

    /**
     * Makes one of these.
     *
     * @param asynchrons any number of them
     */
    public Report(Collection<Asynchron> asynchrons) {
        for (Asynchron a : asynchrons)
            add(a);
    }

    /**
     * Makes one of these.
     *
     * @param asynchrons any number of them
     */
    public Report(Asynchron... asynchrons) {
        this(Arrays.asList(asynchrons));
    }

    /**
     * Adds one. You may close it at once; the report yields this object all the same.
     *
     * @param a the asynchron
     */
    public void add(Asynchron a) {
        Entry entry = new Entry(a);
        lock.lock();
        try {
            if (closed)
                throw new IllegalStateException("the report is closed");
            waiting.add(entry);
        } catch (Throwable e) {
            entry.held.close();
            throw e;
        } finally {
            lock.unlock();
        }
        entry.held.listen(entry);
    }

    /** {@return how many were added and not yet yielded} */
    public int pending() {
        lock.lock();
        try {
            return waiting.size() + complete.size();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Waits for the next that is complete.
     *
     * @return the object that was added, or null: nothing is left
     * @throws InterruptedException if this thread is interrupted
     */
    public Asynchron next() throws InterruptedException {
        lock.lockInterruptibly();
        try {
            while (complete.isEmpty() && !waiting.isEmpty())
                changed.await();
            return take();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Waits for the next that is complete, for so long at most.
     *
     * @param timeout how long
     * @return the object that was added, or null: nothing is left
     * @throws InterruptedException if this thread is interrupted
     * @throws TimeoutException if the time ran out
     */
    public Asynchron next(Duration timeout) throws InterruptedException, TimeoutException {
        long left = Asynchron.nanoseconds(timeout);
        lock.lockInterruptibly();
        try {
            while (complete.isEmpty() && !waiting.isEmpty()) {
                if (left <= 0)
                    throw new TimeoutException();
                left = changed.awaitNanos(left);
            }
            return take();
        } finally {
            lock.unlock();
        }
    }

    /** The first that is complete; others who wait learn of the end. */
    private Asynchron take() {
        Asynchron a = complete.poll();
        if (waiting.isEmpty() && complete.isEmpty())
            changed.signalAll();
        return a;
    }

    /**
     * {@return an iterator that waits, and ends when nothing is left} It throws {@link IllegalStateException} if its
     * thread is interrupted, which stays interrupted.
     */
    @Override
    public Iterator<Asynchron> iterator() {
        return new Iterator<Asynchron>() {
            private Asynchron next;

            @Override
            public boolean hasNext() {
                try {
                    if (next == null)
                        next = Report.this.next();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    throw new IllegalStateException(e);
                }
                return next != null;
            }

            @Override
            public Asynchron next() {
                if (!hasNext())
                    throw new NoSuchElementException();
                Asynchron a = next;
                next = null;
                return a;
            }
        };
    }

    /** {@return what is left, as a stream that waits} */
    public Stream<Asynchron> stream() {
        return StreamSupport.stream(Spliterators.spliteratorUnknownSize(iterator(), Spliterator.ORDERED), false);
    }

    /** Lets go of all that is left, and cancels nothing. Threads that wait get null. */
    @Override
    public void close() {
        Entry[] left;
        lock.lock();
        try {
            closed = true;
            left = waiting.toArray(new Entry[0]);
            waiting.clear();
            complete.clear();
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        for (Entry entry : left) {
            entry.held.unlisten(entry);
            entry.held.close();
        }
    }
}
