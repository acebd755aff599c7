// ErrorTest.java: failures and cancels arrive as exceptions of Java.
package asynchron;

import static asynchron.Runner.check;
import static asynchron.Runner.equal;
import static asynchron.Runner.thrown;
import static asynchron.Runner.until;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeoutException;

class ErrorTest {
    static void a_failure_has_code_domain_and_message() {
        try (Asynchron a = Asynchron.create()) {
            check(a.fail(Integer.MIN_VALUE, "dömain", "mässage"));
            check(!a.fail(1, null, null));
            AsynchronException e = thrown(AsynchronException.class, a::get);
            equal(e.code(), Integer.MIN_VALUE);
            equal(e.domain(), "dömain");
            equal(e.getMessage(), "mässage");
            equal(e.getCause(), null);
            equal(a.status(), Status.FAILED);
            thrown(IllegalStateException.class, () -> a.read(bytes -> null));
        }
    }

    static void an_exception_is_the_cause_in_this_process() throws Exception {
        int before = Kept.size();
        IOException thrown = new IOException("no luck");
        Asynchron a = Asynchron.create(), b = Asynchron.create();
        check(b.follow(a));
        check(a.fail(new CompletionException(thrown)));
        a.close();
        AsynchronException e = thrown(AsynchronException.class, b::get);
        check(e.getCause() == thrown);
        equal(e.getMessage(), "no luck");
        equal(e.domain(), AsynchronException.JAVA);
        equal(e.code(), 1);
        b.close();
        until(() -> Kept.size() == before);
        try (Asynchron c = Asynchron.create()) {
            check(c.fail(new AsynchronException(7, "mine", "again", null)));
            AsynchronException again = thrown(AsynchronException.class, c::get);
            equal(again.code(), 7);
            equal(again.domain(), "mine");
        }
    }

    static void a_cancel_is_a_CancellationException() {
        try (Asynchron a = Asynchron.create(); Asynchron b = Asynchron.create()) {
            check(a.cancel("not needed"));
            check(!a.cancel());
            equal(thrown(CancellationException.class, a::get).getMessage(), "not needed");
            check(b.fail(new CancellationException("of Java")));
            equal(b.status(), Status.CANCELLED);
            equal(thrown(CancellationException.class, b::getNow).getMessage(), "of Java");
        }
    }

    static void a_deadline_and_a_broken_promise_fail() {
        try (Asynchron a = Asynchron.create(); Asynchron b = Asynchron.create("b")) {
            check(a.expireAfter(Duration.ofMillis(5)));
            AsynchronException e = thrown(AsynchronException.class, a::get);
            check(e.isTimeout() && e.getCause() instanceof TimeoutException);
            check(!a.expireAfter(Duration.ZERO));
            Promise promise = b.promise(), other = b.promise();
            promise.close();
            promise.close();
            equal(b.status(), Status.PENDING);
            other.close();
            check(thrown(AsynchronException.class, b::get).isBroken());
        }
    }

    static void what_is_closed_or_null_is_refused() {
        Asynchron a = Asynchron.create();
        a.close();
        a.close();
        equal(a.toString(), "closed asynchron");
        thrown(IllegalStateException.class, a::get);
        thrown(IllegalStateException.class, () -> a.set("late"));
        thrown(IllegalStateException.class, () -> a.setObject("late"));
        thrown(IllegalStateException.class, a::toCompletableFuture);
        thrown(NullPointerException.class, () -> Asynchron.adopt(MemorySegment.NULL));
        try (Asynchron b = Asynchron.create()) {
            thrown(NullPointerException.class, () -> b.set((String) null));
            thrown(NullPointerException.class, () -> b.fail(null));
            thrown(AsynchronException.class, () -> b.follow(b));
            thrown(IllegalStateException.class, b::getNow);
            equal(b.status(), Status.PENDING);
        }
    }
}
