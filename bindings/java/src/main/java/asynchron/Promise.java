// Promise.java: the producers' share in an asynchron.
package asynchron;

import java.lang.ref.Cleaner;

/**
 * The share of one producer. If all promises of an asynchron are closed before it is complete, it fails, and nobody
 * waits for ever. One that the garbage collector finds counts as closed.
 */
public final class Promise implements AutoCloseable {
    private final Cleaner.Cleanable cleanable;

    Promise(long a) {
        Handle handle = new Handle(Native.promiseCreate(a), Native::promiseRelease);
        cleanable = Handle.CLEANER.register(this, handle);
    }

    /** Gives it up. Deliver first. */
    @Override
    public void close() {
        cleanable.clean();
    }
}
