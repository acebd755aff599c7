// Asynchron.java: a value that arrives later.
package asynchron;

import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.Collection;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;

/**
 * A value that arrives later. Any number of threads wait for it, of Java and of C, and anyone delivers a value, a
 * failure or a cancel: exactly one wins.
 *
 * <p>Every method may be called from any thread. A closed one throws {@link IllegalStateException}.
 */
public final class Asynchron extends Delivery implements AutoCloseable {
    /** Takes over a reference. */
    private Asynchron(long a) {
        super(a);
    }

    /** {@return a pending one} */
    public static Asynchron create() {
        return new Asynchron(Native.create(null));
    }

    /**
     * Makes a pending one.
     *
     * @param name its name, in which no NUL may be
     * @return the asynchron
     */
    public static Asynchron create(String name) {
        return new Asynchron(Native.create(name));
    }

    /**
     * Makes one that completes with the empty value.
     *
     * @param time after so long
     * @return the asynchron
     */
    public static Asynchron timer(Duration time) {
        return new Asynchron(Native.timer(nanoseconds(time)));
    }

    /**
     * Takes over a reference that C gives you.
     *
     * @param pointer a handle; not null, and yours no more
     * @return the asynchron
     */
    public static Asynchron adopt(MemorySegment pointer) {
        if (pointer.address() == 0)
            throw new NullPointerException("the null pointer is no asynchron");
        return new Asynchron(pointer.address());
    }

    /** {@return the version of the C library: major * 10000 + minor * 100 + patch} */
    public static int version() {
        return Native.version();
    }

    /** {@return one more object for the same asynchron, to be closed by itself} */
    public Asynchron share() {
        long a = enter();
        try {
            Native.retain(a);
            return new Asynchron(a);
        } finally {
            exit();
        }
    }

    /** {@return the handle, for a call of C: valid until this is closed, or no longer reachable} */
    public MemorySegment pointer() {
        long a = enter();
        exit();
        return MemorySegment.ofAddress(a);
    }

    // What it is.

    /** {@return its name, or one that is made} */
    public String name() {
        long a = enter();
        try {
            return Native.name(a);
        } finally {
            exit();
        }
    }

    /** {@return whether it is complete, and how it ended} */
    public Status status() {
        long a = enter();
        try {
            return Status.of(Native.poll(a));
        } finally {
            exit();
        }
    }

    /** {@return whether it is complete} */
    public boolean isDone() {
        return status() != Status.PENDING;
    }

    /** {@return its name and status, for a log} */
    @Override
    public String toString() {
        if (!handle.enter())
            return "closed asynchron";
        try {
            return Native.name(handle.address) + ": " + Status.of(Native.poll(handle.address));
        } finally {
            exit();
        }
    }

    // Collect.

    /**
     * Waits until it is complete. A virtual thread that waits gives its carrier back.
     *
     * @return the value
     * @throws AsynchronException if it failed
     * @throws CancellationException if it was cancelled
     * @throws InterruptedException if this thread is interrupted
     */
    public Value get() throws InterruptedException {
        long a = enter();
        try {
            Waits.await(a, -1);
            return outcome(a);
        } finally {
            exit();
        }
    }

    /**
     * Waits until it is complete, for so long at most.
     *
     * @param timeout how long; with zero it does not wait
     * @return the value
     * @throws AsynchronException if it failed
     * @throws CancellationException if it was cancelled
     * @throws TimeoutException if the time ran out; the asynchron goes on
     * @throws InterruptedException if this thread is interrupted
     */
    public Value get(Duration timeout) throws InterruptedException, TimeoutException {
        long a = enter();
        try {
            if (!Waits.await(a, nanoseconds(timeout)))
                throw new TimeoutException();
            return outcome(a);
        } finally {
            exit();
        }
    }

    /**
     * Does not wait.
     *
     * @return the value
     * @throws AsynchronException if it failed
     * @throws CancellationException if it was cancelled
     * @throws IllegalStateException if it is not complete
     */
    public Value getNow() {
        long a = enter();
        try {
            return outcome(a);
        } finally {
            exit();
        }
    }

    private static Value outcome(long a) {
        long[] value = new long[2];
        switch (Native.checked(Native.getNow(a, value))) {
        case Native.OK:
            return Value.copy(value[0], value[1]);
        case Native.FAILED:
            throw AsynchronException.of(a);
        case Native.CANCELLED:
            long[] error = new long[4];
            Native.checked(Native.error(a, error));
            throw new CancellationException(Native.text(error[2]));
        default:
            throw new IllegalStateException("the asynchron is not complete");
        }
    }

    /**
     * Lets a function read the bytes where they lie, if it has a value. They are gone when it has returned.
     *
     * @param <R> what the function returns
     * @param reader the function
     * @return what it returns
     * @throws IllegalStateException if there is no value
     */
    public <R> R read(Function<MemorySegment, R> reader) {
        long a = enter();
        try {
            long[] value = new long[2];
            if (Native.getNow(a, value) != Native.OK)
                throw new IllegalStateException("there is no value");
            return reader.apply(Native.bytes(value[0], value[1]).asReadOnly());
        } finally {
            exit();
        }
    }

    /** Has it run, once, on the thread that serves all waits. */
    void listen(Runnable listener) {
        long a = enter();
        try {
            Waits.startOnDemand(a);
            Waits.add(a, listener);
        } finally {
            exit();
        }
    }

    void unlisten(Runnable listener) {
        if (!handle.enter())
            return; // the listener has run, and closed it
        try {
            Waits.remove(handle.address, listener);
        } finally {
            exit();
        }
    }

    // With Java's own.

    /** {@return as {@link #toCompletableFuture(Executor)}, on the common pool} */
    public CompletableFuture<Value> toCompletableFuture() {
        return toCompletableFuture(Stages.POOL);
    }

    /**
     * Makes a future that completes as this does. Cancelling it cancels this. You may close this at once.
     *
     * @param executor where the future is completed, and so what depends on it runs
     * @return the future
     */
    public CompletableFuture<Value> toCompletableFuture(Executor executor) {
        return Stages.future(this, executor);
    }

    /**
     * Makes one that completes as a stage does, with what {@link #deliver(Object)} makes of its value. Cancelling it
     * cancels the stage.
     *
     * @param stage the stage
     * @return the asynchron
     */
    public static Asynchron from(CompletionStage<?> stage) {
        Asynchron a = create();
        Stages.follow(a, stage);
        return a;
    }

    /**
     * Has a function compute the value on an executor. What it throws becomes a failure; what it returns is given to
     * {@link #deliver(Object)}. It does not run if somebody completes this before.
     *
     * @param function the function
     * @param executor where it runs
     * @return this
     */
    public Asynchron compute(Callable<?> function, Executor executor) {
        Steps.compute(this, function, executor);
        return this;
    }

    /**
     * Makes one whose value a function computes on an executor.
     *
     * @param function the function
     * @param executor where it runs
     * @return the asynchron
     */
    public static Asynchron supply(Callable<?> function, Executor executor) {
        return create().compute(function, executor);
    }

    /**
     * Makes one for what a function makes of the value. If there is none, it ends as this does.
     *
     * @param function given the value; as in {@link #compute}
     * @param executor where it runs
     * @return the asynchron
     */
    public Asynchron then(Function<Value, ?> function, Executor executor) {
        return Steps.step(this, status -> status == Status.VALUE, a -> function.apply(a.getNow()), executor);
    }

    /**
     * Makes one for what a function makes of a failure. If this did not fail, it ends as this does.
     *
     * @param function given the failure; as in {@link #compute}
     * @param executor where it runs
     * @return the asynchron
     */
    public Asynchron recover(Function<AsynchronException, ?> function, Executor executor) {
        return Steps.step(this, status -> status == Status.FAILED, a -> function.apply(Steps.failure(a)), executor);
    }

    /**
     * Makes one for what a function makes of this, however it ended.
     *
     * @param function given this asynchron, complete; as in {@link #compute}
     * @param executor where it runs
     * @return the asynchron
     */
    public Asynchron handle(Function<Asynchron, ?> function, Executor executor) {
        return Steps.step(this, status -> true, function, executor);
    }

    /**
     * Makes one for all: empty once all have a value, or else as the first that has none.
     *
     * @param asynchrons all of them
     * @param cancelRest whether those that are not needed are cancelled
     * @return the asynchron
     */
    public static Asynchron all(Collection<Asynchron> asynchrons, boolean cancelRest) {
        return together(0, asynchrons, cancelRest);
    }

    /**
     * Makes one that completes as the first that has a value, or if none has, as the last.
     *
     * @param asynchrons all of them, at least one
     * @param cancelRest whether those that are not needed are cancelled
     * @return the asynchron
     */
    public static Asynchron any(Collection<Asynchron> asynchrons, boolean cancelRest) {
        return together(1, asynchrons, cancelRest);
    }

    /**
     * Makes one that completes as the first that is complete.
     *
     * @param asynchrons all of them, at least one
     * @param cancelRest whether those that are not needed are cancelled
     * @return the asynchron
     */
    public static Asynchron race(Collection<Asynchron> asynchrons, boolean cancelRest) {
        return together(2, asynchrons, cancelRest);
    }

    private static Asynchron together(int what, Collection<Asynchron> asynchrons, boolean cancelRest) {
        Asynchron[] those = asynchrons.toArray(new Asynchron[0]);
        if (what != 0 && those.length == 0)
            throw new IllegalArgumentException("there is none");
        long[] handles = new long[those.length];
        int entered = 0;
        try {
            for (; entered < those.length; entered++)
                handles[entered] = those[entered].enter();
            return new Asynchron(Native.together(what, handles, cancelRest));
        } finally {
            while (entered > 0)
                those[--entered].exit();
        }
    }
}
