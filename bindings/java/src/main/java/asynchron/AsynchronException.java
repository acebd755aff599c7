// AsynchronException.java: what a failure is in Java.
package asynchron;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.TimeoutException;

/**
 * An asynchron failed, or the C library refused a call. If an exception of this process failed it, that is the
 * {@linkplain #getCause() cause}.
 */
public final class AsynchronException extends RuntimeException {
    private static final long serialVersionUID = 1;
    /** The domain of what the C library makes by itself. */
    public static final String LIBRARY = "asynchron";
    /** The domain of an exception of Java. */
    public static final String JAVA = "asynchron.java";

    /** The code. */
    private final int code;
    /** Whose code it is. */
    private final String domain;

    /**
     * A failure, to be thrown by a function that computes, or given to {@link Asynchron#fail(Throwable)}.
     *
     * @param code any number
     * @param domain whose code that is, or ""
     * @param message for people
     * @param cause what led to it, or null
     */
    public AsynchronException(int code, String domain, String message, Throwable cause) {
        super(message);
        if (cause != null)
            initCause(cause);
        this.code = code;
        this.domain = domain == null ? "" : domain;
    }

    /** {@return the code, as it was given} */
    public int code() {
        return code;
    }

    /** {@return whose code that is, or ""} */
    public String domain() {
        return domain;
    }

    /** {@return whether its deadline came: then a {@link TimeoutException} is the cause} */
    public boolean isTimeout() {
        return code == Native.TIMEOUT && domain.equals(LIBRARY);
    }

    /** {@return whether nobody was left to deliver} */
    public boolean isBroken() {
        return code == Native.E_BROKEN && domain.equals(LIBRARY);
    }

    /** Of a failed asynchron, which the caller holds. */
    static AsynchronException of(long a) {
        long[] error = new long[4];
        Native.checked(Native.error(a, error));
        int code = MemorySegment.ofArray(error).get(ValueLayout.JAVA_INT, 0);
        String domain = Native.text(error[1]), message = Native.text(error[2]);
        Object kept = Kept.at(error[3]);
        Throwable cause = kept instanceof Throwable ? (Throwable) kept : null;
        AsynchronException e = new AsynchronException(code, domain, message, cause);
        if (cause == null && e.isTimeout())
            e.initCause(new TimeoutException(message));
        return e;
    }
}
