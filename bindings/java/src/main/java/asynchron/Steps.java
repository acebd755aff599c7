// Steps.java: functions of Java that compute, on executors of Java.
package asynchron;

import java.util.concurrent.Callable;
import java.util.concurrent.Executor;
import java.util.function.Function;
import java.util.function.Predicate;

final class Steps {
    private Steps() {
    }

    /** Delivers what a function returned; what cannot be delivered is a failure. */
    static void deliver(Asynchron a, Object value) {
        try {
            a.deliver(value);
        } catch (Throwable e) {
            a.fail(e);
        }
    }

    /** Runs it, unless somebody has completed {@code a} or computes it. */
    private static void run(Asynchron a, Callable<?> function) {
        if (Native.start(a.enter()) == Native.OK) {
            try {
                deliver(a, function.call());
            } catch (Throwable e) {
                a.fail(e);
                if (e instanceof InterruptedException)
                    Thread.currentThread().interrupt();
            }
        }
        a.exit();
    }

    static void compute(Asynchron a, Callable<?> function, Executor executor) {
        Asynchron mine = a.share();
        // If the executor loses the task, the garbage collector finds this, and nobody waits for ever.
        Promise promise = mine.promise();
        try {
            executor.execute(() -> {
                try {
                    run(mine, function);
                } finally {
                    whenDone(mine, promise, mine);
                }
            });
        } catch (Throwable e) {
            mine.fail(e);
            whenDone(mine, promise, mine);
        }
    }

    /** Closes them once {@code a} is complete: at once, unless it follows another. */
    private static void whenDone(Asynchron a, AutoCloseable... those) {
        Runnable close = () -> {
            for (AutoCloseable each : those) {
                try {
                    each.close();
                } catch (Exception e) {
                    throw new IllegalStateException(e); // not those of this package
                }
            }
        };
        if (a.isDone())
            close.run();
        else
            a.listen(close);
    }

    /** One that a function computes once {@code source} is complete, if it ended so; else it ends as that did. */
    static Asynchron step(Asynchron source, Predicate<Status> wanted, Function<Asynchron, ?> function,
        Executor executor) {
        Asynchron from = source.share(), into = Asynchron.create(), mine = into.share();
        Promise promise = mine.promise();
        Runnable task = () -> {
            try {
                if (wanted.test(from.status()))
                    run(mine, () -> function.apply(from));
                else
                    mine.follow(from);
            } finally {
                whenDone(mine, promise, mine, from);
            }
        };
        from.listen(() -> {
            try {
                executor.execute(task);
            } catch (Throwable e) {
                mine.fail(e);
                whenDone(mine, promise, mine, from);
            }
        });
        return into;
    }

    /** Of one that has failed. */
    static AsynchronException failure(Asynchron a) {
        long address = a.enter();
        try {
            return AsynchronException.of(address);
        } finally {
            a.exit();
        }
    }
}
