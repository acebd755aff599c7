// WaitTest.java: a wait freezes nobody, and ends as it should.
package asynchron;

import static asynchron.Runner.check;
import static asynchron.Runner.equal;
import static asynchron.Runner.thrown;
import static asynchron.Runner.until;
import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;

class WaitTest {
    static void ten_thousand_virtual_threads_wait_and_others_go_on() throws Exception {
        int count = 10_000, before = Waits.size();
        List<Asynchron> those = new ArrayList<>();
        List<Thread> threads = new ArrayList<>();
        AtomicInteger right = new AtomicInteger();
        for (int i = 0; i < count; i++) {
            Asynchron a = Asynchron.create();
            int number = i;
            those.add(a);
            threads.add(Thread.startVirtualThread(() -> {
                try {
                    if (a.get().asLong() == number)
                        right.incrementAndGet();
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
            }));
        }
        until(() -> Waits.size() == before + count);
        // All wait. Another virtual thread has a carrier all the same.
        CountDownLatch ran = new CountDownLatch(1);
        Thread.startVirtualThread(ran::countDown);
        ran.await();
        for (int i = 0; i < count; i++)
            check(those.get(i).set((long) i));
        for (Thread thread : threads)
            thread.join();
        equal(right.get(), count);
        those.forEach(Asynchron::close);
        equal(Waits.size(), before);
    }

    static void a_thread_of_the_library_completes_and_all_wake() throws Exception {
        try (Asynchron timer = Asynchron.timer(Duration.ofMillis(30))) {
            List<Thread> threads = new ArrayList<>();
            AtomicInteger woken = new AtomicInteger();
            for (int i = 0; i < 100; i++) {
                Runnable wait = () -> {
                    try {
                        timer.get();
                        woken.incrementAndGet();
                    } catch (InterruptedException e) {
                        throw new AssertionError(e);
                    }
                };
                threads.add(i % 10 == 0 ? Thread.ofPlatform().start(wait) : Thread.startVirtualThread(wait));
            }
            for (Thread thread : threads)
                thread.join();
            equal(woken.get(), 100);
        }
    }

    static void a_wait_that_times_out_or_is_interrupted_leaves_nothing_behind() throws Exception {
        int before = Waits.size();
        try (Asynchron a = Asynchron.create()) {
            thrown(TimeoutException.class, () -> a.get(Duration.ZERO));
            thrown(TimeoutException.class, () -> a.get(Duration.ofMillis(5)));
            thrown(TimeoutException.class, () -> a.get(Duration.ofSeconds(-1)));
            for (boolean virtual : new boolean[] { false, true }) {
                Thread[] waiting = new Thread[1];
                CountDownLatch interrupted = new CountDownLatch(1);
                Runnable wait = () -> {
                    thrown(InterruptedException.class, () -> a.get(Duration.ofSeconds(Long.MAX_VALUE)));
                    interrupted.countDown();
                };
                waiting[0] = virtual ? Thread.startVirtualThread(wait) : Thread.ofPlatform().start(wait);
                until(() -> Waits.size() == before + 1);
                waiting[0].interrupt();
                interrupted.await();
                waiting[0].join();
            }
            equal(Waits.size(), before);
            a.set("later");
            equal(a.get(Duration.ZERO).string(), "later");
        }
    }

    /** Waits of a moment race with the completion, and with one that has no end: all see the value. */
    static void waits_that_time_out_race_with_the_completion() throws Exception {
        for (int round = 0; round < 500; round++) {
            try (Asynchron a = Asynchron.create()) {
                CyclicBarrier together = new CyclicBarrier(5);
                List<Thread> threads = new ArrayList<>();
                AtomicInteger right = new AtomicInteger();
                for (int i = 0; i < 4; i++) {
                    Duration moment = i == 0 ? Duration.ofDays(1) : Duration.ofNanos(20_000 * i);
                    threads.add(Thread.startVirtualThread(() -> {
                        try {
                            together.await();
                            while (true) {
                                try {
                                    right.addAndGet((int) a.get(moment).asLong());
                                    return;
                                } catch (TimeoutException e) {
                                    // Again.
                                }
                            }
                        } catch (InterruptedException | BrokenBarrierException e) {
                            throw new AssertionError(e);
                        }
                    }));
                }
                together.await();
                a.set(10L);
                for (Thread thread : threads)
                    thread.join();
                equal(right.get(), 40);
            }
        }
    }

    static void whoever_waits_may_be_closed_under() throws Exception {
        for (int round = 0; round < 200; round++) {
            int before = Waits.size();
            Asynchron a = Asynchron.create(), b = a.share();
            String[] got = new String[1];
            Thread waiting = Thread.ofPlatform().start(() -> {
                try {
                    got[0] = a.get().string();
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
            });
            until(() -> Waits.size() == before + 1);
            a.close();
            b.set("all the same");
            b.close();
            waiting.join();
            equal(got[0], "all the same");
        }
    }

    static int compute(MemorySegment self, MemorySegment context) {
        try {
            Thread.sleep(20);
        } catch (InterruptedException e) {
            return 2;
        }
        return 41;
    }

    /** A function on demand of C runs on the thread that asks: so the package gives it one of its own. */
    static void a_function_on_demand_of_C_is_started_and_pins_nobody() throws Throwable {
        try (Arena arena = Arena.ofShared()) {
            Linker linker = Linker.nativeLinker();
            MemorySegment function = linker.upcallStub(
                MethodHandles.lookup().findStatic(WaitTest.class, "compute",
                    MethodType.methodType(int.class, MemorySegment.class, MemorySegment.class)),
                FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS), arena);
            MemorySegment options = arena.allocate(72, 8), out = arena.allocate(8, 8);
            options.set(JAVA_LONG, 0, 72);
            options.set(ADDRESS, 32, function);
            MemorySegment create = SymbolLookup.libraryLookup("libasynchron.so.0", arena)
                .find("asynchron_create_with").get();
            int status = (int) linker.downcallHandle(create, FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS))
                .invokeExact(options, out);
            equal(status, Native.OK);
            try (Asynchron a = Asynchron.adopt(out.get(ADDRESS, 0))) {
                equal(a.status(), Status.PENDING);
                thrown(TimeoutException.class, () -> a.get(Duration.ZERO));
                equal(thrown(AsynchronException.class, a::get).code(), 41);
            }
        }
    }
}
