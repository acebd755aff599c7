// Stages.java: stages of Java as asynchrons, and asynchrons as futures.
package asynchron;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;

final class Stages {
    /** Java's common pool, or where that has one thread only, a thread for each task: as for its own futures. */
    static final Executor POOL = new CompletableFuture<Void>().defaultExecutor();

    private Stages() {
    }

    static CompletableFuture<Value> future(Asynchron a, Executor executor) {
        Asynchron mine = a.share();
        CompletableFuture<Value> future = new CompletableFuture<>();
        Runnable settle = () -> settle(mine, future);
        if (mine.isDone()) {
            settle.run(); // nothing depends on it yet
            mine.close();
            return future;
        }
        Runnable arrived = () -> {
            try {
                executor.execute(settle);
            } catch (Throwable e) {
                future.completeExceptionally(e);
            }
        };
        mine.listen(arrived);
        future.whenComplete((value, exception) -> {
            mine.unlisten(arrived);
            if (future.isCancelled())
                mine.cancel("the future was cancelled");
            mine.close();
        });
        return future;
    }

    private static void settle(Asynchron a, CompletableFuture<Value> future) {
        Value value;
        try {
            value = a.getNow();
        } catch (Throwable e) {
            future.completeExceptionally(e); // too late if the future is complete, which has closed it
            return;
        }
        future.complete(value);
    }

    /** Delivers what a stage becomes; a cancel goes back to the stage. Whether it is in time. */
    static boolean follow(Asynchron a, CompletionStage<?> stage) {
        if (a.isDone())
            return false;
        Asynchron mine = a.share(), watched = a.share();
        Promise promise = mine.promise();
        watched.listen(() -> {
            // What depends on the stage may run inside.
            if (watched.status() == Status.CANCELLED)
                POOL.execute(() -> cancel(stage));
            watched.close();
        });
        stage.whenComplete((value, exception) -> {
            try {
                if (exception == null)
                    Steps.deliver(mine, value);
                else
                    mine.fail(exception);
            } finally {
                promise.close();
                mine.close();
            }
        });
        return true;
    }

    private static void cancel(CompletionStage<?> stage) {
        try {
            stage.toCompletableFuture().cancel(true);
        } catch (UnsupportedOperationException e) {
            // It is a stage that cannot be cancelled.
        }
    }
}
