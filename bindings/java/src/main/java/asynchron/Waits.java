// Waits.java: all that Java waits for, in one report, on which one thread blocks.
package asynchron;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.LinkedHashSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;

/**
 * A thread that waits parks in Java, so a virtual one gives its carrier back. The thread that blocks is a daemon: it
 * keeps no program alive. It only wakes threads and hands work to executors; it runs no function of the program.
 */
final class Waits {
    private static final int BATCH = 256;
    private static final long REPORT = Native.reportCreate();
    /** For each asynchron that somebody waits for: what to run then. Changed inside the map's own calls alone. */
    private static final ConcurrentHashMap<Long, LinkedHashSet<Runnable>> LISTENERS = new ConcurrentHashMap<>();

    static {
        // It is never complete: so the report never ends.
        Native.reportAdd(REPORT, Native.create("asynchron.java"), 0);
        Thread.ofPlatform().daemon().name("asynchron").start(Waits::serve);
    }

    private Waits() {
    }

    /** Has it run once {@code a} is complete, now or later, on the thread that serves. The report keeps {@code a}. */
    static void add(long a, Runnable listener) {
        LISTENERS.compute(a, (key, those) -> {
            if (those == null) {
                Native.reportAdd(REPORT, a, 0);
                those = new LinkedHashSet<>(2);
            }
            those.add(listener);
            return those;
        });
    }

    /** Takes it back, unless it is too late. Leaves nothing behind. The caller holds {@code a}. */
    static void remove(long a, Runnable listener) {
        LISTENERS.computeIfPresent(a, (key, those) -> {
            those.remove(listener);
            // If the report has yielded it, the thread that serves will look here.
            return those.isEmpty() && Native.reportRemove(REPORT, a) == Native.OK ? null : those;
        });
    }

    static void addKeeper(long keeper, long promise) {
        Native.reportAdd(REPORT, keeper, promise);
    }

    /** For how many asynchrons somebody waits. */
    static int size() {
        return LISTENERS.size();
    }

    private static void serve() {
        MemorySegment items = Arena.global().allocate(16L * BATCH, 8), n = Arena.global().allocate(JAVA_LONG);
        while (true) {
            try {
                if (Native.reportNextBatch(REPORT, items, BATCH, n) != Native.OK)
                    continue;
                long count = n.get(JAVA_LONG, 0);
                for (long i = 0; i < count; i++)
                    complete(items.get(JAVA_LONG, 16 * i), items.get(JAVA_LONG, 16 * i + 8));
            } catch (Throwable e) {
                // Nothing here throws but a virtual machine without memory: what can be served is served.
                Thread.yield();
            }
        }
    }

    private static void complete(long a, long promise) {
        try {
            if (promise != 0) {
                Kept.forget(promise);
                return;
            }
            LinkedHashSet<Runnable> those = LISTENERS.remove(a);
            if (those == null)
                return;
            for (Runnable listener : those) {
                try {
                    listener.run();
                } catch (Throwable e) {
                    // Listeners are of this package, and hand on what their executors throw: so it is no memory again.
                    Thread.yield();
                }
            }
        } finally {
            Native.release(a);
        }
    }

    /** A thread that waits. */
    private static final class Parked implements Runnable {
        private final Thread thread = Thread.currentThread();
        private volatile boolean done;

        @Override
        public void run() {
            done = true;
            LockSupport.unpark(thread);
        }
    }

    /** Waits until {@code a}, which the caller holds, is complete: whether it is. Below 0 is for ever. */
    static boolean await(long a, long nanoseconds) throws InterruptedException {
        if (Thread.interrupted())
            throw new InterruptedException();
        if (Native.poll(a) != Native.PENDING)
            return true;
        if (nanoseconds == 0)
            return false;
        startOnDemand(a);
        long end = System.nanoTime() + nanoseconds;
        Parked parked = new Parked();
        add(a, parked);
        try {
            while (!parked.done) {
                if (nanoseconds < 0) {
                    LockSupport.park(parked);
                } else {
                    long left = end - System.nanoTime();
                    if (left <= 0)
                        return Native.poll(a) != Native.PENDING;
                    LockSupport.parkNanos(parked, left);
                }
                if (!parked.done && Thread.interrupted())
                    throw new InterruptedException();
            }
            return true;
        } finally {
            if (!parked.done)
                remove(a, parked);
        }
    }

    /** A function on demand of C runs on the thread that asks: so that is a thread of its own. */
    static void startOnDemand(long a) {
        if (!Native.isOnDemand(a))
            return;
        Native.retain(a);
        try {
            Thread.ofPlatform().daemon().name("asynchron on demand").start(() -> {
                Native.await(a, Native.FOREVER);
                Native.release(a);
            });
        } catch (Throwable e) {
            Native.release(a);
            throw e;
        }
    }
}
