// java.java: Java's foreign function interface: each question that docs/languages.md answers for it.
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
import java.lang.invoke.MethodHandles;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

class Java {
    static final long FOREVER = -1L;
    static final long LONG = 5_000_000_000L;
    static final int OK = 0;
    static final Linker LINKER = Linker.nativeLinker();
    static final SymbolLookup LIBRARY = SymbolLookup.libraryLookup("libasynchron.so.0", Arena.global())
        .or(SymbolLookup.libraryLookup("libgiven.so", Arena.global()));

    static MethodHandle function(String name, FunctionDescriptor type) {
        return LINKER.downcallHandle(LIBRARY.find(name).orElseThrow(), type);
    }

    static final FunctionDescriptor FN = FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS);
    static final FunctionDescriptor NOTIFY_FN = FunctionDescriptor.ofVoid(ADDRESS, ADDRESS);
    static final FunctionDescriptor REGISTER = FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, ADDRESS);
    static final MethodHandle MAX = function("asynchron_forever", FunctionDescriptor.of(JAVA_LONG));
    static final MethodHandle CREATE = function("asynchron_create", FunctionDescriptor.of(ADDRESS, ADDRESS));
    static final MethodHandle TIMER = function("asynchron_timer", FunctionDescriptor.of(ADDRESS, JAVA_LONG));
    static final MethodHandle WAIT = function("asynchron_wait", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG));
    static final MethodHandle CANCEL = function("asynchron_cancel", FunctionDescriptor.of(JAVA_INT, ADDRESS));
    static final MethodHandle FAIL =
        function("asynchron_fail", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT, ADDRESS));
    static final MethodHandle POLL = function("asynchron_poll", FunctionDescriptor.of(JAVA_INT, ADDRESS));
    static final MethodHandle ERROR = function("asynchron_error", FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS));
    static final MethodHandle CALL = function("asynchron_call", REGISTER);
    static final MethodHandle NOTIFY = function("asynchron_notify", REGISTER);
    static final MethodHandle GIVEN_FOREVER = function("given_forever", FunctionDescriptor.of(JAVA_INT, JAVA_LONG));
    static final MemoryLayout WHY = MemoryLayout.sequenceLayout(4, ADDRESS); // an asynchron_error_t

    static MemorySegment callback(String name, FunctionDescriptor type) throws Throwable {
        MethodHandle target = MethodHandles.lookup().findStatic(Java.class, name, type.toMethodType());
        return LINKER.upcallStub(target, type, Arena.global());
    }

    static MemorySegment create() throws Throwable {
        return (MemorySegment) CREATE.invokeExact(MemorySegment.NULL);
    }

    static MemorySegment timer(long milliseconds) throws Throwable {
        return (MemorySegment) TIMER.invokeExact(milliseconds * 1_000_000);
    }

    static int waitFor(MemorySegment a) throws Throwable {
        return (int) WAIT.invokeExact(a, FOREVER);
    }

    static int throwing(MemorySegment a, MemorySegment ctx) {
        throw new IllegalStateException("no luck");
    }

    static int catching(MemorySegment a, MemorySegment ctx) {
        try (Arena arena = Arena.ofConfined()) {
            try {
                return throwing(a, ctx);
            } catch (Exception e) {
                return (int) FAIL.invokeExact(a, 1, arena.allocateFrom(e.getMessage()));
            }
        } catch (Throwable e) {
            return 1;
        }
    }

    static String outcome(String name) throws Throwable {
        MemorySegment a = create(), why = Arena.global().allocate(WHY);
        int ran = (int) CALL.invokeExact(a, callback(name, FN), MemorySegment.NULL);
        if ((int) POLL.invokeExact(a) == OK)
            return "success";
        int status = (int) ERROR.invokeExact(a, why);
        return "failure: " + why.get(ADDRESS, 16).reinterpret(Long.MAX_VALUE).getString(0);
    }

    interface Body {
        void run() throws Throwable;
    }

    static void daemon(Body body) {
        Thread.ofPlatform().daemon().start(() -> {
            try {
                body.run();
            } catch (Throwable e) {
                throw new AssertionError(e);
            }
        });
    }

    // Whether another thread comes to end the wait.
    static String blocking() throws Throwable {
        MemorySegment a = create();
        daemon(() -> {
            Thread.sleep(100);
            int status = (int) CANCEL.invokeExact(a);
        });
        return (int) WAIT.invokeExact(a, LONG) == OK ? "the thread" : "all";
    }

    static String interrupt() throws Throwable {
        System.out.println("waiting");
        int status = (int) WAIT.invokeExact(create(), LONG);
        return "went on";
    }

    static final CountDownLatch told = new CountDownLatch(1);

    static void tell(MemorySegment a, MemorySegment ctx) {
        told.countDown();
    }

    static String callback() throws Throwable {
        int status = (int) NOTIFY.invokeExact(timer(100), callback("tell", NOTIFY_FN), MemorySegment.NULL);
        return told.await(10, TimeUnit.SECONDS) ? "works" : "lost";
    }

    static String leave() throws Throwable {
        MemorySegment a = create();
        daemon(() -> waitFor(a));
        Thread.sleep(300);
        return "ending";
    }

    static String arrives() throws Throwable {
        return (int) GIVEN_FOREVER.invokeExact(FOREVER) == 1 && waitFor(timer(50)) == OK ? "arrives" : "lost";
    }

    static String version() {
        Runtime.Version version = Runtime.version();
        return "Java " + version.feature() + "." + version.interim() + "." + version.update();
    }

    static String answer(String question) throws Throwable {
        switch (question) {
        case "version": return version();
        case "forever": return arrives();
        case "max": return String.valueOf((long) MAX.invokeExact());
        case "blocking": return blocking();
        case "interrupt": return interrupt();
        case "callback": return callback();
        case "exit": return leave();
        case "exception": return outcome("throwing");
        case "caught": return outcome("catching");
        default: return "unknown";
        }
    }

    public static void main(String[] arguments) throws Throwable {
        System.out.println(answer(arguments[0]));
    }
}
