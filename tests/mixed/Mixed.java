// Mixed.java: what Java does with its share: see share.h. java.c makes the virtual machine that runs it.
import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
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
import java.lang.invoke.MethodType;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongUnaryOperator;

public final class Mixed {
    static final int PERIOD = 16, PLUS_MADE = 0, PLUS_ONE = 3, FAILS = 5, MESSAGE = 7, CANCELS = 9, REASON = 11,
        MADE = 14, RACED = 15;
    static final int OK = 0, FAILED = 1, CANCELLED = 2;
    static final long FOREVER = -1; // all bits, as an unsigned number

    static final Linker LINKER = Linker.nativeLinker();
    static final SymbolLookup LIBRARY = SymbolLookup.libraryLookup("libasynchron.so.0", Arena.global());

    static MethodHandle function(String name, FunctionDescriptor type) {
        return LINKER.downcallHandle(LIBRARY.find("asynchron_" + name).orElseThrow(), type);
    }

    static final MethodHandle CREATE = function("create", FunctionDescriptor.of(ADDRESS, ADDRESS));
    static final MethodHandle RETAIN = function("retain", FunctionDescriptor.of(ADDRESS, ADDRESS));
    static final MethodHandle RELEASE = function("release", FunctionDescriptor.ofVoid(ADDRESS));
    static final MethodHandle POLL = function("poll", FunctionDescriptor.of(JAVA_INT, ADDRESS));
    static final MethodHandle SET_BYTES =
        function("set_bytes", FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, JAVA_LONG));
    static final MethodHandle SET_POINTER =
        function("set_pointer", FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, ADDRESS));
    static final MethodHandle FAIL_WITH = function("fail_with",
        FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT, ADDRESS, ADDRESS, ADDRESS, ADDRESS));
    static final MethodHandle CANCEL_WITH = function("cancel_with", FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS));
    static final MethodHandle GET = function("get", FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS));
    static final MethodHandle WAIT = function("wait", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG));
    static final MethodHandle ERROR = function("error", FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS));
    static final MethodHandle NOTIFY_WITH =
        function("notify_with", FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, ADDRESS));
    static final MethodHandle UNNOTIFY = function("unnotify", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG));
    static final MemorySegment DROP = LIBRARY.find("asynchron_drop").orElseThrow();

    // Pointers are as long as a long here.
    static final MemoryLayout VALUE = MemoryLayout.structLayout(ADDRESS, JAVA_LONG);
    static final MemoryLayout FAILURE = MemoryLayout.structLayout(JAVA_LONG, ADDRESS, ADDRESS, ADDRESS);
    static final MemoryLayout OPTIONS =
        MemoryLayout.structLayout(JAVA_LONG, ADDRESS, ADDRESS, ADDRESS, JAVA_LONG, ADDRESS);
    static final long SHARE = 56; // the size of struct share

    static void need(boolean holds, String what) {
        if (!holds)
            throw new IllegalStateException(what);
    }

    static MemorySegment value(MemorySegment a, Arena arena) throws Throwable {
        MemorySegment value = arena.allocate(VALUE);
        need((int) GET.invokeExact(a, value) == OK, "there is no value");
        return value.get(ADDRESS, 0).reinterpret(value.get(JAVA_LONG, 8));
    }

    static long number(MemorySegment a, Arena arena) throws Throwable {
        return value(a, arena).get(JAVA_LONG, 0);
    }

    // Of one that has failed or was cancelled.
    static String message(MemorySegment a, int status, Arena arena) throws Throwable {
        need((int) WAIT.invokeExact(a, FOREVER) == OK && (int) POLL.invokeExact(a) == status, "it has ended otherwise");
        MemorySegment failure = arena.allocate(FAILURE);
        need((int) ERROR.invokeExact(a, failure) >= OK, "there is no error");
        return failure.get(ADDRESS, 16).reinterpret(Long.MAX_VALUE).getString(0);
    }

    static int set(MemorySegment a, long number, Arena arena) throws Throwable {
        return (int) SET_BYTES.invokeExact(a, arena.allocateFrom(JAVA_LONG, number), 8L);
    }

    static int set(MemorySegment a, String text, Arena arena) throws Throwable {
        byte[] bytes = text.getBytes(java.nio.charset.StandardCharsets.UTF_8);
        return (int) SET_BYTES.invokeExact(a, arena.allocateFrom(JAVA_BYTE, bytes), (long) bytes.length);
    }

    // Delivers what a function returns; what it throws is the failure.
    static int setResult(MemorySegment a, long number, LongUnaryOperator of, Arena arena) throws Throwable {
        long result;
        try {
            result = of.applyAsLong(number);
        } catch (RuntimeException e) {
            return (int) FAIL_WITH.invokeExact(a, (int) number, arena.allocateFrom("java"),
                arena.allocateFrom(e.toString()), MemorySegment.NULL, MemorySegment.NULL);
        }
        return set(a, result, arena);
    }

    // Hands over an asynchron of Java's own, and then delivers into that.
    static int make(MemorySegment a, long number, Arena arena) throws Throwable {
        MemorySegment made = (MemorySegment) CREATE.invokeExact(MemorySegment.NULL);
        need(made.address() != 0, "no memory");
        MemorySegment handed = (MemorySegment) RETAIN.invokeExact(made);
        int status = (int) SET_POINTER.invokeExact(a, handed, DROP);
        need(set(made, -number - 55, arena) == OK, "not delivered");
        RELEASE.invokeExact(made);
        return status;
    }

    final int count, hosts, host;
    final MemorySegment all, gate, late, done;
    final Semaphore ended = new Semaphore(0);
    final AtomicInteger cancelled = new AtomicInteger();

    Mixed(MemorySegment share) {
        count = share.get(JAVA_INT, 32);
        hosts = share.get(JAVA_INT, 36);
        host = share.get(JAVA_INT, 40);
        all = share.get(ADDRESS, 0).reinterpret(count * 8L);
        gate = share.get(ADDRESS, 8);
        late = share.get(ADDRESS, 16);
        done = share.get(ADDRESS, 24);
    }

    MemorySegment at(int round, int host) {
        return all.getAtIndex(ADDRESS, round * hosts + host);
    }

    // The status. The other's of so many rounds ago is `at(round - ago, there)`.
    int deliver(int round, Arena arena) throws Throwable {
        int number = round * hosts + host, there = (host + 1 + round / PERIOD % (hosts - 1)) % hosts;
        MemorySegment a = at(round, host);
        switch (round == 0 ? 1 : round % PERIOD) {
        case PLUS_MADE:
            return set(a, number(value(at(round - 2, there), arena), arena) + 1, arena);
        case PLUS_ONE:
            return set(a, number(at(round - 1, there), arena) + 1, arena);
        case FAILS:
            return setResult(a, number, n -> { throw new IllegalStateException("java fails " + n); }, arena);
        case MESSAGE:
            return set(a, message(at(round - 2, there), FAILED, arena), arena);
        case CANCELS:
            return (int) CANCEL_WITH.invokeExact(a, arena.allocateFrom("java cancels " + number));
        case REASON:
            return set(a, message(at(round - 2, there), CANCELLED, arena), arena);
        case RACED:
            if (round / PERIOD % 2 == 1)
                need((int) WAIT.invokeExact(a, FOREVER) == OK, "it does not end");
            return setResult(a, number, n -> -n - 55, arena);
        case MADE:
            return make(a, number, arena);
        default:
            return setResult(a, number, n -> -n - 55, arena);
        }
    }

    // Called on whichever thread completes: nothing may be thrown out of it.
    void tell(MemorySegment a, MemorySegment none) {
        try {
            if ((int) POLL.invokeExact(a) == CANCELLED)
                cancelled.incrementAndGet();
            ended.release();
        } catch (Throwable e) {
            e.printStackTrace();
        }
    }

    long listen(MemorySegment a, MemorySegment callback, Arena arena) throws Throwable {
        MemorySegment options = arena.allocate(OPTIONS), token = arena.allocate(JAVA_LONG);
        options.set(JAVA_LONG, 0, OPTIONS.byteSize());
        options.set(ADDRESS, 8, callback);
        need((int) NOTIFY_WITH.invokeExact(a, options, token) == OK, "not registered");
        return token.get(JAVA_LONG, 0);
    }

    MemorySegment callback() throws ReflectiveOperationException {
        MethodType type = MethodType.methodType(void.class, MemorySegment.class, MemorySegment.class);
        MethodHandle told = MethodHandles.lookup().findVirtual(Mixed.class, "tell", type).bindTo(this);
        return LINKER.upcallStub(told, FunctionDescriptor.ofVoid(ADDRESS, ADDRESS), Arena.global());
    }

    // When the virtual machine ends, a thread waits, with a reference of its own: nobody knows when that thread begins
    // the call. A callback is taken back before.
    void leaveBehind(MemorySegment callback, Arena arena) throws Throwable {
        CountDownLatch begun = new CountDownLatch(1);
        MemorySegment kept = (MemorySegment) RETAIN.invokeExact(late);
        Thread.ofPlatform().daemon().start(() -> {
            begun.countDown();
            try {
                int status = (int) WAIT.invokeExact(kept, FOREVER);
                RELEASE.invokeExact(kept);
            } catch (Throwable e) {
                e.printStackTrace();
            }
        });
        begun.await();
        long token = listen(late, callback, arena);
        need((int) UNNOTIFY.invokeExact(late, token) == OK, "not taken back");
    }

    static void run(long address) throws Throwable {
        MemorySegment share = MemorySegment.ofAddress(address).reinterpret(SHARE);
        Mixed mixed = new Mixed(share);
        MemorySegment callback = mixed.callback();
        int rounds = mixed.count / mixed.hosts, won = 0, refused = 0, raced = 0;
        try (Arena arena = Arena.ofConfined()) {
            for (int round = RACED; round < rounds; round += PERIOD, raced++)
                mixed.listen(mixed.at(round, mixed.host), callback, arena);
        }
        for (int round = 0; round < rounds; round++) {
            try (Arena arena = Arena.ofConfined()) {
                int status = mixed.deliver(round, arena);
                need(status == OK || status == CANCELLED, "refused");
                if (status == OK)
                    won++;
                else
                    refused++;
            }
        }
        mixed.ended.acquire(raced);
        try (Arena arena = Arena.ofConfined()) {
            need(set(mixed.done, "", arena) == OK, "not done");
            need(message(mixed.gate, CANCELLED, arena).equals("C closes the gate"), "the gate has ended otherwise");
            mixed.leaveBehind(callback, arena);
        }
        share.set(JAVA_INT, 44, won);
        share.set(JAVA_INT, 48, refused);
        share.set(JAVA_INT, 52, mixed.cancelled.get());
    }
}
