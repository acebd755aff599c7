// Native.java: the functions of the C library. Pointers are longs here: every machine with this interface has 64 bits.
package asynchron;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;

final class Native {
    static final int OK = 0, FAILED = 1, CANCELLED = 2, PENDING = 3, TIMEOUT = 4, ALREADY = 5, END = 6;
    static final int E_INVALID = -1, E_NOMEM = -2, E_BROKEN = -6;
    /** 2^64 - 1. */
    static final long FOREVER = -1L;

    /** Calls that neither wait nor run anything: the thread stays in Java for the garbage collector. */
    private static final Linker.Option[] SHORT = { Linker.Option.critical(true) };
    private static final Linker.Option[] USUAL = {};

    private static final SymbolLookup LIBRARY = library();

    private static final MethodHandle VERSION = function("version", SHORT, JAVA_INT);
    private static final MethodHandle STATUS_STRING = function("status_string", SHORT, JAVA_LONG, JAVA_INT);
    private static final MethodHandle CREATE = function("create", USUAL, JAVA_LONG, ADDRESS);
    private static final MethodHandle RETAIN = function("retain", SHORT, null, JAVA_LONG);
    private static final MethodHandle RELEASE = function("release", USUAL, null, JAVA_LONG);
    private static final MethodHandle POLL = function("poll", SHORT, JAVA_INT, JAVA_LONG);
    private static final MethodHandle NAME = function("name", USUAL, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle IS_ON_DEMAND = function("is_on_demand", SHORT, JAVA_INT, JAVA_LONG);
    private static final MethodHandle SET_BYTES =
        function("set_bytes", USUAL, JAVA_INT, JAVA_LONG, ADDRESS, JAVA_LONG);
    private static final MethodHandle SET_POINTER =
        function("set_pointer", USUAL, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle FAIL_WITH =
        function("fail_with", USUAL, JAVA_INT, JAVA_LONG, JAVA_INT, ADDRESS, ADDRESS, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle CANCEL_WITH = function("cancel_with", USUAL, JAVA_INT, JAVA_LONG, ADDRESS);
    private static final MethodHandle FOLLOW = function("follow", USUAL, JAVA_INT, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle GET_TIMEOUT =
        function("get_timeout", SHORT, JAVA_INT, JAVA_LONG, JAVA_LONG, ADDRESS);
    private static final MethodHandle WAIT = function("wait", USUAL, JAVA_INT, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle ERROR = function("error", SHORT, JAVA_INT, JAVA_LONG, ADDRESS);
    private static final MethodHandle START = function("start", SHORT, JAVA_INT, JAVA_LONG);
    private static final MethodHandle PROGRESS =
        function("progress", USUAL, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle PROGRESS_OF =
        function("progress_of", SHORT, JAVA_INT, JAVA_LONG, ADDRESS, ADDRESS);
    private static final MethodHandle PROMISE_CREATE =
        function("promise_create", USUAL, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle PROMISE_RELEASE = function("promise_release", USUAL, null, JAVA_LONG);
    private static final MethodHandle REPORT_CREATE =
        function("report_create", USUAL, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle REPORT_ADD =
        function("report_add", USUAL, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle REPORT_REMOVE =
        function("report_remove", USUAL, JAVA_INT, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle REPORT_NEXT_BATCH =
        function("report_next_batch", USUAL, JAVA_INT, JAVA_LONG, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS);
    private static final MethodHandle EXPIRE_AFTER = function("expire_after", USUAL, JAVA_INT, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle TIMER = function("timer", USUAL, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle ALL = group("all");
    private static final MethodHandle ANY = group("any");
    private static final MethodHandle RACE = group("race");

    /** The drop of a promise that was handed over as a pointer. */
    static final long DROP_PROMISE = address("promise_release");

    private Native() {
    }

    private static SymbolLookup library() {
        String path = System.getProperty("asynchron.library");
        if (path == null)
            path = System.getenv("ASYNCHRON_LIBRARY");
        if (path == null) {
            String system = System.getProperty("os.name");
            path = system.startsWith("Mac") ? "libasynchron.0.dylib"
                : system.startsWith("Windows") ? "asynchron.dll" : "libasynchron.so.0";
        }
        try {
            return SymbolLookup.libraryLookup(path, Arena.global());
        } catch (IllegalArgumentException e) {
            UnsatisfiedLinkError error = new UnsatisfiedLinkError("there is no C library " + path
                + ": install it, or say where it is by -Dasynchron.library or ASYNCHRON_LIBRARY");
            error.initCause(e);
            throw error;
        }
    }

    private static long address(String name) {
        return LIBRARY.find("asynchron_" + name)
            .orElseThrow(() -> new UnsatisfiedLinkError("the C library is too old: it has no asynchron_" + name))
            .address();
    }

    private static MethodHandle function(String name, Linker.Option[] options, MemoryLayout result,
        MemoryLayout... arguments) {
        FunctionDescriptor type = result == null ? FunctionDescriptor.ofVoid(arguments)
            : FunctionDescriptor.of(result, arguments);
        return Linker.nativeLinker().downcallHandle(MemorySegment.ofAddress(address(name)), type, options);
    }

    private static MethodHandle group(String name) {
        return function(name, USUAL, JAVA_LONG, ADDRESS, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    }

    /** A downcall itself throws nothing: what comes is of the virtual machine, such as a stack that is full. */
    private static RuntimeException unexpected(Throwable e) {
        if (e instanceof Error)
            throw (Error) e;
        return e instanceof RuntimeException ? (RuntimeException) e : new IllegalStateException(e);
    }

    // What the functions answer as a status is an outcome, or too late; the rest is an exception.

    /** Passes a status on that is no refusal. */
    static int checked(int status) {
        if (status == E_NOMEM)
            throw new OutOfMemoryError("the C library has no memory");
        if (status < 0)
            throw new AsynchronException(status, AsynchronException.LIBRARY, statusString(status), null);
        return status;
    }

    private static long made(long handle) {
        if (handle == 0)
            throw new OutOfMemoryError("the C library has no memory");
        return handle;
    }

    /** A null-terminated text; refuses one that would end early. */
    static MemorySegment text(Arena arena, String text) {
        if (text == null)
            return MemorySegment.NULL;
        if (text.indexOf('\0') >= 0)
            throw new IllegalArgumentException("a NUL character in a text for C");
        return arena.allocateFrom(text, StandardCharsets.UTF_8);
    }

    /** A text of C. */
    static String text(long address) {
        return address == 0 ? "" : bytes(address, Long.MAX_VALUE).getString(0);
    }

    /** Memory of C. */
    static MemorySegment bytes(long address, long length) {
        return MemorySegment.ofAddress(address).reinterpret(length);
    }

    static int version() {
        try {
            return (int) VERSION.invokeExact();
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static String statusString(int status) {
        try {
            return text((long) STATUS_STRING.invokeExact(status));
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static long create(String name) {
        try (Arena arena = name == null ? null : Arena.ofConfined()) {
            return made((long) CREATE.invokeExact(text(arena, name)));
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static void retain(long a) {
        try {
            RETAIN.invokeExact(a);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static void release(long a) {
        try {
            RELEASE.invokeExact(a);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static int poll(long a) {
        try {
            return (int) POLL.invokeExact(a);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static String name(long a) {
        try {
            return text((long) NAME.invokeExact(a));
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static boolean isOnDemand(long a) {
        try {
            return (int) IS_ON_DEMAND.invokeExact(a) != 0;
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static int setBytes(long a, MemorySegment bytes, long length) {
        try {
            return checked((int) SET_BYTES.invokeExact(a, bytes, length));
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static int setPointer(long a, long pointer, long drop) {
        try {
            return checked((int) SET_POINTER.invokeExact(a, pointer, drop));
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static int fail(long a, int code, String domain, String message, long payload, long drop) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment d = text(arena, domain), m = text(arena, message);
            return checked((int) FAIL_WITH.invokeExact(a, code, d, m, payload, drop));
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static int cancel(long a, String reason) {
        try (Arena arena = reason == null ? null : Arena.ofConfined()) {
            return checked((int) CANCEL_WITH.invokeExact(a, text(arena, reason)));
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static int follow(long into, long source) {
        try {
            return checked((int) FOLLOW.invokeExact(into, source));
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /** Does not wait: TIMEOUT if it is not complete. Writes where the value lies, and its length. */
    static int getNow(long a, long[] value) {
        try {
            return (int) GET_TIMEOUT.invokeExact(a, 0L, MemorySegment.ofArray(value));
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /** Blocks this thread, which runs a function on demand. */
    static int await(long a, long timeout) {
        try {
            return (int) WAIT.invokeExact(a, timeout);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /** Writes the code, in the first half of a long, the domain, the message and the payload. */
    static int error(long a, long[] error) {
        try {
            return (int) ERROR.invokeExact(a, MemorySegment.ofArray(error));
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static int start(long a) {
        try {
            return (int) START.invokeExact(a);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static int progress(long a, long done, long total) {
        try {
            return checked((int) PROGRESS.invokeExact(a, done, total));
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static int progressOf(long a, long[] done, long[] total) {
        try {
            return checked((int) PROGRESS_OF.invokeExact(a, MemorySegment.ofArray(done),
                MemorySegment.ofArray(total)));
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static long promiseCreate(long a) {
        try {
            return made((long) PROMISE_CREATE.invokeExact(a, 0L));
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static void promiseRelease(long promise) {
        try {
            PROMISE_RELEASE.invokeExact(promise);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static long reportCreate() {
        try {
            return made((long) REPORT_CREATE.invokeExact(0L, 0L));
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static void reportAdd(long report, long a, long tag) {
        try {
            checked((int) REPORT_ADD.invokeExact(report, a, tag));
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static int reportRemove(long report, long a) {
        try {
            return (int) REPORT_REMOVE.invokeExact(report, a);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static int reportNextBatch(long report, MemorySegment items, long room, MemorySegment n) {
        try {
            return (int) REPORT_NEXT_BATCH.invokeExact(report, FOREVER, items, room, n);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static int expireAfter(long a, long timeout) {
        try {
            return checked((int) EXPIRE_AFTER.invokeExact(a, timeout));
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static long timer(long timeout) {
        try {
            return made((long) TIMER.invokeExact(timeout));
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /** One for a group: {@code what} is 0 for all, 1 for any, 2 for race. */
    static long together(int what, long[] handles, boolean cancelRest) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment as = arena.allocateFrom(JAVA_LONG, handles);
            long n = handles.length, flags = cancelRest ? 1 : 0;
            if (what == 0)
                return made((long) ALL.invokeExact(as, n, 0L, flags));
            if (what == 1)
                return made((long) ANY.invokeExact(as, n, 0L, flags));
            return made((long) RACE.invokeExact(as, n, 0L, flags));
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }
}
