// Status.java: whether an asynchron is complete.
package asynchron;

/** Whether an asynchron is complete, and how it ended. */
public enum Status {
    /** It has a value. */
    VALUE,
    /** It failed. */
    FAILED,
    /** It was cancelled. */
    CANCELLED,
    /** It is not complete. */
    PENDING;

    /** That of C. */
    static Status of(int status) {
        return values()[Native.checked(status)];
    }
}
