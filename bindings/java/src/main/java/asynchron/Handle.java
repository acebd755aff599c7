// Handle.java: one reference to an asynchron, or one promise, which is given up once no call uses it any more.
package asynchron;

import java.lang.ref.Cleaner;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongConsumer;

/** A thread may close it while others are inside a call: the last one out gives it up. */
final class Handle extends AtomicInteger implements Runnable {
    private static final long serialVersionUID = 1;
    /** Gives up what the garbage collector found; its thread is a daemon. */
    static final Cleaner CLEANER = Cleaner.create();
    /** The bit that says closed; the others count the calls. */
    private static final int CLOSED = 1 << 30;

    final transient long address;
    private final transient LongConsumer release;

    Handle(long address, LongConsumer release) {
        this.address = address;
        this.release = release;
    }

    /** Whether it is open; then it stays so until {@link #exit}. */
    boolean enter() {
        while (true) {
            int uses = get();
            if ((uses & CLOSED) != 0)
                return false;
            if (compareAndSet(uses, uses + 1))
                return true;
        }
    }

    void exit() {
        if (decrementAndGet() == CLOSED)
            release.accept(address);
    }

    /** Closes it. Only the first call counts. */
    @Override
    public void run() {
        int before = getAndUpdate(uses -> uses | CLOSED);
        if (before == 0)
            release.accept(address);
    }
}
