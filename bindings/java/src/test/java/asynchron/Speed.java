// Speed.java: what an asynchron costs, beside CompletableFuture, and beside a blocking call for each wait.
package asynchron;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.SynchronousQueue;

class Speed {
    private static int rounds = 7, scale = 1;
    private static final Executor POOL = Executors.newCachedThreadPool();

    private interface Body {
        void run() throws Throwable;
    }

    /** Nanoseconds for each of so many. */
    private static double once(int count, Body body) {
        long begin = System.nanoTime();
        try {
            body.run();
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
        return (System.nanoTime() - begin) / (double) count;
    }

    /** The best of all rounds, in turns. */
    private static void compare(String what, int count, Body ours, Body theirs) {
        double a = Double.MAX_VALUE, b = Double.MAX_VALUE;
        for (int i = 0; i < rounds; i++) {
            a = Math.min(a, once(count, ours));
            b = Math.min(b, once(count, theirs));
        }
        System.out.printf("%-46s %9.0f ns %9.0f ns  %.2f times%n", what, a, b, a / b);
    }

    public static void main(String[] arguments) throws Throwable {
        if (arguments.length > 0) {
            rounds = 1;
            scale = 100;
        }
        int many = 500_000 / scale;
        compare("create, set, get, close; CompletableFuture", many, () -> {
            for (int i = 0; i < many; i++) {
                try (Asynchron a = Asynchron.create()) {
                    a.set((long) i);
                    if (a.get().asLong() != i)
                        throw new AssertionError();
                }
            }
        }, () -> {
            for (int i = 0; i < many; i++) {
                CompletableFuture<Long> f = new CompletableFuture<>();
                f.complete((long) i);
                if (f.get() != i)
                    throw new AssertionError();
            }
        });
        int answers = 20_000 / scale;
        compare("an answer of another thread; CompletableFuture", answers, () -> asked(answers, false),
            () -> asked(answers, true));
        int open = 1000 / Math.min(scale, 10);
        rounds *= 10; // they are short, and the compiler has to see them often
        compare(open + " open waits; a blocked thread each, kept", open, () -> open(open),
            () -> blocking(open, POOL));
        compare(open + " open waits; a blocked thread each, new", open, () -> open(open),
            () -> blocking(open, task -> Thread.ofPlatform().start(task)));
        System.exit(0);
    }

    /** A thread is asked for a value, and awaited. */
    private static void asked(int count, boolean future) throws Exception {
        SynchronousQueue<Object> questions = new SynchronousQueue<>();
        Thread answering = Thread.ofPlatform().daemon().start(() -> {
            try {
                for (int i = 0; i < count; i++) {
                    Object asked = questions.take();
                    if (asked instanceof Asynchron)
                        ((Asynchron) asked).set(1L);
                    else
                        ((CompletableFuture<?>) asked).complete(null);
                }
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        });
        for (int i = 0; i < count; i++) {
            if (future) {
                CompletableFuture<Object> f = new CompletableFuture<>();
                questions.put(f);
                f.get();
            } else {
                try (Asynchron a = Asynchron.create()) {
                    questions.put(a);
                    a.get();
                }
            }
        }
        answering.join();
    }

    /** So many waits are opened, each on a virtual thread; then another thread completes all. */
    private static void open(int count) throws Exception {
        int before = Waits.size();
        CountDownLatch woken = new CountDownLatch(count);
        List<Asynchron> those = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Asynchron a = Asynchron.create();
            those.add(a);
            Thread.startVirtualThread(() -> {
                try (a) {
                    a.get();
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
                woken.countDown();
            });
        }
        while (Waits.size() < before + count)
            Thread.yield();
        complete(those);
        woken.await();
    }

    /** The same by the naive binding: each wait blocks a thread in a call of C. */
    private static void blocking(int count, Executor threads) throws Exception {
        CountDownLatch begun = new CountDownLatch(count), woken = new CountDownLatch(count);
        List<Asynchron> those = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Asynchron a = Asynchron.create();
            those.add(a);
            threads.execute(() -> {
                begun.countDown();
                long address = a.pointer().address();
                if (Native.await(address, Native.FOREVER) != Native.OK)
                    throw new AssertionError();
                a.close();
                woken.countDown();
            });
        }
        begun.await();
        complete(those);
        woken.await();
    }

    private static void complete(List<Asynchron> those) throws InterruptedException {
        Thread.ofPlatform().start(() -> those.forEach(a -> a.set(1L))).join();
    }
}
