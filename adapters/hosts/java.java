// java.java: a report in Java. No public way watches a descriptor of another's: a thread waits, and posts into the
// loop, which is an executor of one thread here.
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
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

class Java {
    static final int COUNT = 1000;
    static final int BATCH = 64; // so many items in a turn of the loop
    static final int OK = 0, END = 6, WOKEN = 7;
    static final long FOREVER = -1;

    static final SymbolLookup LIBRARY = SymbolLookup.libraryLookup("libasynchron.so.0", Arena.global());

    static MethodHandle function(String name, FunctionDescriptor type) {
        return Linker.nativeLinker().downcallHandle(LIBRARY.find("asynchron_" + name).orElseThrow(), type);
    }

    static final MethodHandle TIMER = function("timer", FunctionDescriptor.of(ADDRESS, JAVA_LONG));
    static final MethodHandle RELEASE = function("release", FunctionDescriptor.ofVoid(ADDRESS));
    static final MethodHandle CREATE = function("report_create", FunctionDescriptor.of(ADDRESS, ADDRESS, JAVA_LONG));
    static final MethodHandle ADD =
        function("report_add", FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, JAVA_LONG));
    static final MethodHandle CLOSE = function("report_close", FunctionDescriptor.of(JAVA_INT, ADDRESS));
    static final MethodHandle WAKE = function("report_wake", FunctionDescriptor.of(JAVA_INT, ADDRESS));
    static final MethodHandle NEXT =
        function("report_next_batch", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS));
    static final MethodHandle RELEASE_REPORT = function("report_release", FunctionDescriptor.ofVoid(ADDRESS));
    static final MemoryLayout ITEM = MemoryLayout.structLayout(ADDRESS, JAVA_LONG);

    static final int[] taken = new int[COUNT]; // the loop's alone
    static final AtomicLong ticks = new AtomicLong();

    static MemorySegment report() throws Throwable {
        return (MemorySegment) CREATE.invokeExact(MemorySegment.NULL, 0L);
    }

    // Adds one that a thread of the library completes.
    static void addTimer(MemorySegment report, long tag, long milliseconds) throws Throwable {
        MemorySegment a = (MemorySegment) TIMER.invokeExact(milliseconds * 1_000_000);
        if ((int) ADD.invokeExact(report, a, tag) != OK)
            throw new IllegalStateException("not added");
        RELEASE.invokeExact(a); // the report keeps it
    }

    // Waits, on a platform thread: a virtual one would hold its carrier. What ended the waiting.
    static int waitFor(MemorySegment report, ScheduledExecutorService loop) throws Throwable {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment items = arena.allocate(ITEM, BATCH), n = arena.allocate(JAVA_LONG);
            while (true) {
                int what = (int) NEXT.invokeExact(report, FOREVER, items, (long) BATCH, n);
                if (what != OK)
                    return what;
                long[] tags = new long[(int) n.get(JAVA_LONG, 0)];
                for (int i = 0; i < tags.length; i++) {
                    tags[i] = items.get(JAVA_LONG, i * ITEM.byteSize() + 8);
                    RELEASE.invokeExact(items.get(ADDRESS, i * ITEM.byteSize()));
                }
                loop.execute(() -> { for (long tag : tags) taken[(int) tag]++; });
            }
        }
    }

    interface Body {
        void run() throws Throwable;
    }

    static Thread platform(Body body) {
        return Thread.ofPlatform().start(() -> {
            try {
                body.run();
            } catch (Throwable e) {
                throw new AssertionError(e);
            }
        });
    }

    static void takeAll(ScheduledExecutorService loop) throws Throwable {
        MemorySegment report = report();
        for (int tag = 0; tag < COUNT; tag++)
            addTimer(report, tag, 1 + tag % 4 * 25);
        int what = (int) CLOSE.invokeExact(report); // it ends after these
        platform(() -> waitFor(report, loop)).join();
        RELEASE_REPORT.invokeExact(report);
        loop.submit(() -> {
            long once = Arrays.stream(taken).filter(times -> times == 1).count();
            long twice = Arrays.stream(taken).filter(times -> times > 1).count();
            System.out.printf("taken: %d of %d once, %d twice%n", once, COUNT, twice);
        }).get();
    }

    // A thread is waiting: have it return first, then release.
    static void wakeAndRelease(ScheduledExecutorService loop) throws Throwable {
        MemorySegment report = report();
        addTimer(report, 0, 60_000); // or there would be nothing to wait for
        CountDownLatch begins = new CountDownLatch(1);
        int[] ended = { OK };
        Thread waiting = platform(() -> {
            begins.countDown();
            ended[0] = waitFor(report, loop);
        });
        begins.await();
        int what = (int) WAKE.invokeExact(report);
        waiting.join();
        RELEASE_REPORT.invokeExact(report);
        System.out.println("released while watched: " + (ended[0] == WOKEN ? "not watched" : ended[0]));
    }

    public static void main(String[] arguments) throws Throwable {
        System.out.println("with: Java " + Runtime.version());
        ScheduledExecutorService loop = Executors.newSingleThreadScheduledExecutor();
        loop.scheduleAtFixedRate(ticks::incrementAndGet, 5, 5, TimeUnit.MILLISECONDS);
        takeAll(loop);
        while (ticks.get() < 3)
            Thread.sleep(1);
        System.out.println("timer: goes on");
        wakeAndRelease(loop);
        loop.shutdownNow();
    }
}
