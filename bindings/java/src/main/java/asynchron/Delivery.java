// Delivery.java: how a value, a failure or a cancel gets into an asynchron.
package asynchron;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;

/** What {@link Asynchron}, its only subclass, delivers by, and the reference that it has. */
abstract class Delivery implements AutoCloseable {
    final Handle handle;
    private final Cleaner.Cleanable cleanable;

    /** Takes over a reference. */
    Delivery(long a) {
        handle = new Handle(a, Native::release);
        cleanable = Handle.CLEANER.register(this, handle);
    }

    /** Gives up this reference, once the calls that use it have returned. Twice is as once. It cancels nothing. */
    @Override
    public void close() {
        cleanable.clean();
    }

    final long enter() {
        if (!handle.enter())
            throw new IllegalStateException("the asynchron is closed");
        return handle.address;
    }

    final void exit() {
        handle.exit();
        Reference.reachabilityFence(this);
    }

    static long nanoseconds(Duration time) {
        if (time.isNegative())
            return 0;
        try {
            return time.toNanos();
        } catch (ArithmeticException e) {
            return Long.MAX_VALUE; // 292 years
        }
    }

    // Deliver. True: this call has won. False: too late, another one had.

    /** {@return whether the empty value was delivered now} */
    public boolean setEmpty() {
        return setBytes(MemorySegment.NULL, 0);
    }

    /**
     * Delivers a copy of these bytes.
     *
     * @param bytes the bytes
     * @return whether it was delivered now
     */
    public boolean set(byte[] bytes) {
        return set(MemorySegment.ofArray(bytes));
    }

    /**
     * Delivers a copy of this memory.
     *
     * @param bytes the memory
     * @return whether it was delivered now
     */
    public boolean set(MemorySegment bytes) {
        if (bytes.isNative())
            return setBytes(bytes, bytes.byteSize());
        try (Arena arena = Arena.ofConfined()) {
            long size = bytes.byteSize();
            MemorySegment copy = arena.allocate(size, 8);
            copy.copyFrom(bytes);
            return setBytes(copy, size);
        }
    }

    /**
     * Delivers a text as UTF-8.
     *
     * @param text the text
     * @return whether it was delivered now
     */
    public boolean set(String text) {
        return set(text.getBytes(StandardCharsets.UTF_8));
    }

    /**
     * Delivers a number as 8 bytes: a signed one, or all 64 bits of an unsigned one.
     *
     * @param number the number
     * @return whether it was delivered now
     */
    public boolean set(long number) {
        try (Arena arena = Arena.ofConfined()) {
            return setBytes(arena.allocateFrom(ValueLayout.JAVA_LONG, number), 8);
        }
    }

    /**
     * Delivers a number as a double.
     *
     * @param number the number
     * @return whether it was delivered now
     */
    public boolean set(double number) {
        return set(Double.doubleToRawLongBits(number));
    }

    /**
     * Delivers this very object. C sees a pointer that it can pass on; the object is kept until C drops that.
     *
     * @param object the object, or null for the empty value
     * @return whether it was delivered now
     */
    public boolean setObject(Object object) {
        if (object == null)
            return setEmpty();
        long a = enter();
        try {
            return Native.poll(a) == Native.PENDING
                && Native.setPointer(a, Kept.keep(object), Native.DROP_PROMISE) == Native.OK;
        } finally {
            exit();
        }
    }

    private boolean setBytes(MemorySegment bytes, long length) {
        long a = enter();
        try {
            return Native.setBytes(a, bytes, length) == Native.OK;
        } finally {
            exit();
        }
    }

    /**
     * Delivers what its type says: a byte array, a memory segment, a string, a double or a float, an integer of any
     * size as a long, null as the empty value; another asynchron or a stage: what that becomes; anything else as
     * {@link #setObject(Object)}.
     *
     * @param value the value
     * @return whether it was delivered now, or will follow
     */
    public boolean deliver(Object value) {
        if (value instanceof byte[])
            return set((byte[]) value);
        if (value instanceof MemorySegment)
            return set((MemorySegment) value);
        if (value instanceof String)
            return set((String) value);
        if (value instanceof Double || value instanceof Float)
            return set(((Number) value).doubleValue());
        if (value instanceof Long || value instanceof Integer || value instanceof Short || value instanceof Byte)
            return set(((Number) value).longValue());
        if (value instanceof Asynchron)
            return follow((Asynchron) value);
        if (value instanceof CompletionStage)
            return Stages.follow((Asynchron) this, (CompletionStage<?>) value);
        return setObject(value);
    }

    /**
     * Has this one complete as another does, unless somebody delivers or cancels it before.
     *
     * @param source the other
     * @return whether it will, or has now
     */
    public boolean follow(Asynchron source) {
        long a = enter();
        try {
            long other = source.enter();
            try {
                return Native.follow(a, other) == Native.OK;
            } finally {
                source.exit();
            }
        } finally {
            exit();
        }
    }

    /**
     * Delivers a failure with a code.
     *
     * @param code any number
     * @param domain whose code that is, or null
     * @param message for people, or null
     * @return whether it failed now
     */
    public boolean fail(int code, String domain, String message) {
        long a = enter();
        try {
            return Native.fail(a, code, domain, message, 0, 0) == Native.OK;
        } finally {
            exit();
        }
    }

    /**
     * Delivers an exception as a failure, or a {@link CancellationException} as a cancel. C sees its message; in this
     * process the exception itself is the cause of what {@link #get} throws.
     *
     * @param exception what was thrown
     * @return whether it failed now
     */
    public boolean fail(Throwable exception) {
        Throwable e = exception;
        while (e instanceof CompletionException && e.getCause() != null)
            e = e.getCause();
        Objects.requireNonNull(e);
        String message = e.getMessage() == null ? e.getClass().getName() : e.getMessage();
        message = message.replace('\0', '\ufffd');
        if (e instanceof CancellationException)
            return cancel(e.getMessage() == null ? "" : message);
        int code = 1;
        String domain = AsynchronException.JAVA;
        if (e instanceof AsynchronException) {
            code = ((AsynchronException) e).code();
            domain = ((AsynchronException) e).domain().replace('\0', '\ufffd');
        }
        long a = enter();
        try {
            return Native.poll(a) == Native.PENDING
                && Native.fail(a, code, domain, message, Kept.keep(e), Native.DROP_PROMISE) == Native.OK;
        } finally {
            exit();
        }
    }

    /** {@return whether it was cancelled now} */
    public boolean cancel() {
        return cancel(null);
    }

    /**
     * Cancels: a completion like any other. A function that computes the value is not interrupted.
     *
     * @param reason why, or null
     * @return whether it was cancelled now
     */
    public boolean cancel(String reason) {
        long a = enter();
        try {
            return Native.cancel(a, reason) == Native.OK;
        } finally {
            exit();
        }
    }

    /**
     * Has it fail if it is not complete in time. A later call replaces the deadline.
     *
     * @param time the time from now on
     * @return whether the deadline is set; false: it is complete
     */
    public boolean expireAfter(Duration time) {
        long a = enter();
        try {
            return Native.expireAfter(a, nanoseconds(time)) == Native.OK;
        } finally {
            exit();
        }
    }

    /** {@return one more promise, for a producer} */
    public Promise promise() {
        long a = enter();
        try {
            return new Promise(a);
        } finally {
            exit();
        }
    }

    /**
     * Says how far the work is.
     *
     * @param done so much of it
     * @param total all of it, or 0: not known
     * @return whether it was set; false: this is complete
     */
    public boolean setProgress(long done, long total) {
        long a = enter();
        try {
            return Native.progress(a, done, total) == Native.OK;
        } finally {
            exit();
        }
    }

    /** {@return how far the work is, if that was ever set} */
    public Optional<Progress> progress() {
        long a = enter();
        try {
            long[] done = new long[1], total = new long[1];
            return Native.progressOf(a, done, total) == Native.OK ? Optional.of(new Progress(done[0], total[0]))
                : Optional.empty();
        } finally {
            exit();
        }
    }
}
