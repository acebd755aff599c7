// StageTest.java: stages and futures of Java, both ways.
package asynchron;

import static asynchron.Runner.check;
import static asynchron.Runner.equal;
import static asynchron.Runner.thrown;
import static asynchron.Runner.until;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

class StageTest {
    static void a_future_completes_as_the_asynchron_does() throws Exception {
        int before = Waits.size();
        for (boolean first : new boolean[] { true, false }) {
            Asynchron a = Asynchron.create(), b = Asynchron.create(), c = Asynchron.create();
            CompletableFuture<Value> fa = null, fb = null, fc = null;
            if (!first) {
                fa = a.toCompletableFuture();
                fb = b.toCompletableFuture();
                fc = c.toCompletableFuture();
            }
            a.set("value");
            b.fail(new IOException("no luck"));
            c.cancel("not needed");
            if (first) {
                fa = a.toCompletableFuture();
                fb = b.toCompletableFuture();
                fc = c.toCompletableFuture();
            }
            a.close();
            b.close();
            c.close();
            equal(fa.thenApply(Value::string).get(), "value");
            Throwable e = thrown(ExecutionException.class, fb::get).getCause();
            check(e instanceof AsynchronException && e.getCause() instanceof IOException);
            CompletableFuture<Value> cancelled = fc;
            equal(thrown(CancellationException.class, cancelled::get).getMessage() != null, true);
            check(fc.isCancelled());
        }
        until(() -> Waits.size() == before);
    }

    static void a_cancelled_future_cancels_and_one_that_ends_otherwise_does_not() throws Exception {
        int before = Waits.size();
        try (Asynchron a = Asynchron.create(); Asynchron b = Asynchron.create()) {
            check(a.toCompletableFuture().cancel(false));
            equal(a.status(), Status.CANCELLED);
            CompletableFuture<Value> timed = b.toCompletableFuture().orTimeout(5, TimeUnit.MILLISECONDS);
            check(thrown(ExecutionException.class, timed::get).getCause() instanceof TimeoutException);
            until(() -> Waits.size() == before);
            equal(b.status(), Status.PENDING);
        }
    }

    /** What depends on a future may block: no wait of others stands still for that. */
    static void a_stage_that_blocks_stops_no_other_wait() throws Exception {
        CountDownLatch go = new CountDownLatch(1), inside = new CountDownLatch(1);
        try (Asynchron a = Asynchron.create(); Asynchron b = Asynchron.timer(Duration.ofMillis(20))) {
            CompletableFuture<Void> stage = a.toCompletableFuture(Thread::startVirtualThread).thenAccept(value -> {
                inside.countDown();
                try {
                    go.await();
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
            });
            a.setEmpty();
            inside.await();
            b.get();
            check(!stage.isDone());
            go.countDown();
            stage.get();
        }
    }

    static void an_executor_that_refuses_fails_the_future() {
        try (Asynchron a = Asynchron.create()) {
            CompletableFuture<Value> future = a.toCompletableFuture(task -> {
                throw new RejectedExecutionException("full");
            });
            a.setEmpty();
            check(thrown(ExecutionException.class, future::get).getCause() instanceof RejectedExecutionException);
        }
    }

    static void an_asynchron_completes_as_a_stage_does() throws Exception {
        CompletableFuture<String> text = new CompletableFuture<>(), failed = new CompletableFuture<>(),
            cancelled = new CompletableFuture<>();
        try (Asynchron a = Asynchron.from(text.thenApply(s -> s + "!")); Asynchron b = Asynchron.from(failed);
            Asynchron c = Asynchron.from(cancelled);
            Asynchron done = Asynchron.from(CompletableFuture.completedFuture(3L))) {
            equal(a.status(), Status.PENDING);
            text.complete("hello");
            failed.completeExceptionally(new IOException("no luck"));
            cancelled.cancel(true);
            equal(a.get().string(), "hello!");
            check(thrown(AsynchronException.class, b::get).getCause() instanceof IOException);
            thrown(CancellationException.class, c::get);
            equal(done.get().asLong(), 3L);
        }
    }

    static void a_cancel_crosses_to_the_stage() throws Exception {
        CompletableFuture<String> stage = new CompletableFuture<>();
        try (Asynchron a = Asynchron.from(stage)) {
            check(a.cancel("not needed"));
            thrown(CancellationException.class, stage::get);
        }
    }
}
