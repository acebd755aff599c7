// Progress.java: how far the work is.
package asynchron;

/** How far the work is: two numbers that were set together. */
public final class Progress {
    private final long done;
    private final long total;

    Progress(long done, long total) {
        this.done = done;
        this.total = total;
    }

    /** {@return so much is done} */
    public long done() {
        return done;
    }

    /** {@return all that is to be done, or 0: that is not known} */
    public long total() {
        return total;
    }
}
