// ComputeTest.java: functions of Java on executors of Java.
package asynchron;

import static asynchron.Runner.check;
import static asynchron.Runner.equal;
import static asynchron.Runner.thrown;

import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;

class ComputeTest {
    private static final Executor VIRTUAL = Thread::startVirtualThread;

    static void an_exception_becomes_a_failure_with_its_message() {
        for (Throwable t : new Throwable[] { new IllegalStateException("no luck"), new StackOverflowError("deep"),
            new InterruptedException("stop"), new OutOfMemoryError("full") }) {
            try (Asynchron a = Asynchron.supply(() -> {
                if (t instanceof Error)
                    throw (Error) t;
                throw (Exception) t;
            }, VIRTUAL)) {
                AsynchronException e = thrown(AsynchronException.class, a::get);
                check(e.getCause() == t);
                equal(e.getMessage(), t.getMessage());
            }
        }
    }

    static void a_function_returns_what_deliver_takes() throws Exception {
        try (Asynchron a = Asynchron.supply(() -> 42L, VIRTUAL); Asynchron b = Asynchron.supply(() -> null, VIRTUAL);
            Asynchron c = Asynchron.supply(() -> a, VIRTUAL);
            Asynchron d = Asynchron.supply(() -> CompletableFuture.supplyAsync(() -> "later",
                CompletableFuture.delayedExecutor(20, java.util.concurrent.TimeUnit.MILLISECONDS)), VIRTUAL);
            Asynchron timer = Asynchron.timer(Duration.ofMillis(20));
            Asynchron e = Asynchron.supply(() -> timer, VIRTUAL)) {
            equal(a.get().asLong(), 42L);
            check(b.get().isEmpty());
            equal(c.get().asLong(), 42L);
            equal(d.get().string(), "later");
            check(e.get().isEmpty());
        }
    }

    static void what_is_cancelled_before_does_not_run() {
        AtomicReference<Runnable> queued = new AtomicReference<>();
        AtomicBoolean ran = new AtomicBoolean();
        try (Asynchron a = Asynchron.create()) {
            a.compute(() -> ran.getAndSet(true), queued::set);
            check(a.cancel("not needed"));
            queued.get().run();
            check(!ran.get());
            thrown(CancellationException.class, a::get);
        }
    }

    static void a_cancel_of_what_runs_is_seen_inside() throws Exception {
        CountDownLatch seen = new CountDownLatch(1), inside = new CountDownLatch(1);
        try (Asynchron a = Asynchron.create()) {
            a.compute(() -> {
                inside.countDown();
                thrown(CancellationException.class, a::get);
                seen.countDown();
                return "dropped";
            }, VIRTUAL);
            inside.await();
            check(a.cancel("enough"));
            seen.await();
            equal(a.status(), Status.CANCELLED);
        }
    }

    static void an_executor_that_refuses_or_loses_the_task_fails_it() {
        try (Asynchron a = Asynchron.supply(() -> 1, task -> {
            throw new RejectedExecutionException("full");
        }); Asynchron b = Asynchron.supply(() -> 1, task -> {
            // It is lost.
        })) {
            check(thrown(AsynchronException.class, a::get).getCause() instanceof RejectedExecutionException);
            AsynchronException e = thrown(AsynchronException.class, () -> {
                while (!b.isDone()) {
                    System.gc();
                    Thread.sleep(1);
                }
                return b.get();
            });
            check(e.isBroken());
        }
    }

    static void steps_follow_one_another() throws Exception {
        try (Asynchron a = Asynchron.create(); Asynchron b = a.then(v -> v.asLong() + 1, VIRTUAL);
            Asynchron c = b.then(v -> v.asLong() / (v.asLong() - 2), VIRTUAL);
            Asynchron d = c.then(v -> "not run", VIRTUAL);
            Asynchron e = d.recover(failure -> failure.getMessage(), VIRTUAL);
            Asynchron f = e.recover(failure -> "not run", VIRTUAL);
            Asynchron g = d.handle(Asynchron::status, VIRTUAL)) {
            a.set(1L);
            equal(b.get().asLong(), 2L);
            check(thrown(AsynchronException.class, d::get).getCause() instanceof ArithmeticException);
            equal(e.get().string(), "/ by zero");
            equal(f.get().string(), "/ by zero");
            equal(g.get().object(), Status.FAILED);
        }
    }

    static void a_cancel_passes_on_and_a_step_that_is_cancelled_does_not_run() throws Exception {
        AtomicBoolean ran = new AtomicBoolean();
        try (Asynchron a = Asynchron.create(); Asynchron b = a.then(v -> ran.getAndSet(true), VIRTUAL);
            Asynchron c = Asynchron.create(); Asynchron d = c.then(v -> ran.getAndSet(true), VIRTUAL)) {
            check(b.cancel());
            a.setEmpty();
            c.cancel("not needed");
            equal(thrown(CancellationException.class, d::get).getMessage(), "not needed");
            check(!ran.get());
        }
    }
}
