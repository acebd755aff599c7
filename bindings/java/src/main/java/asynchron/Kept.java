// Kept.java: the Java objects that C holds, each by an address.
package asynchron;

import java.util.concurrent.ConcurrentHashMap;

/**
 * What C holds for an object is a promise of an asynchron, its keeper, which lies in the report of {@link Waits}. C
 * drops the value by giving up the promise. That fails the keeper, and the report tells so: so no thread of C ever
 * enters Java. The report keeps the keeper, and with it the address, until the object is out of the table.
 */
final class Kept {
    private static final ConcurrentHashMap<Long, Object> TABLE = new ConcurrentHashMap<>();

    private Kept() {
    }

    /** Keeps it until the promise that is returned was given up. */
    static long keep(Object object) {
        long keeper = Native.create(null);
        try {
            long promise = Native.promiseCreate(keeper);
            TABLE.put(promise, object);
            try {
                Waits.addKeeper(keeper, promise);
            } catch (Throwable e) {
                TABLE.remove(promise);
                Native.promiseRelease(promise);
                throw e;
            }
            return promise;
        } finally {
            Native.release(keeper);
        }
    }

    /** The object at this address, or null: that of a value or an error of an asynchron that the caller holds. */
    static Object at(long promise) {
        return promise == 0 ? null : TABLE.get(promise);
    }

    /** C has given up the promise. */
    static void forget(long promise) {
        TABLE.remove(promise);
    }

    static int size() {
        return TABLE.size();
    }
}
