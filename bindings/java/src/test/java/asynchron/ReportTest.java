// ReportTest.java: several in the order in which they complete.
package asynchron;

import static asynchron.Runner.check;
import static asynchron.Runner.equal;
import static asynchron.Runner.thrown;
import static asynchron.Runner.until;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;

class ReportTest {
    static void they_come_in_completion_order() throws Exception {
        Asynchron a = Asynchron.create(), b = Asynchron.create(), c = Asynchron.create();
        try (Report report = new Report(a, b, c)) {
            equal(report.pending(), 3);
            c.setEmpty();
            a.cancel();
            b.fail(1, null, null);
            List<Asynchron> order = report.stream().collect(Collectors.toList());
            check(order.get(0) == c && order.get(1) == a && order.get(2) == b && order.size() == 3);
            equal(report.next(), null);
        }
        a.close();
        b.close();
        c.close();
    }

    static void virtual_threads_share_ten_thousand() throws Exception {
        int count = 10_000;
        List<Asynchron> those = new ArrayList<>();
        for (int i = 0; i < count; i++)
            those.add(Asynchron.create());
        AtomicInteger taken = new AtomicInteger();
        try (Report report = new Report(those)) {
            List<Thread> threads = new ArrayList<>();
            for (int i = 0; i < 50; i++)
                threads.add(Thread.startVirtualThread(() -> {
                    for (Asynchron a : report) {
                        taken.incrementAndGet();
                        a.close();
                    }
                }));
            for (Asynchron a : those)
                a.setEmpty();
            for (Thread thread : threads)
                thread.join();
        }
        equal(taken.get(), count);
    }

    static void closing_ends_those_who_wait_and_leaves_nothing_behind() throws Exception {
        int before = Waits.size();
        try (Asynchron a = Asynchron.create()) {
            Report report = new Report(a);
            thrown(TimeoutException.class, () -> report.next(Duration.ofMillis(5)));
            Thread waiting = Thread.startVirtualThread(() -> check(!report.iterator().hasNext()));
            until(() -> waiting.getState() == Thread.State.WAITING);
            report.close();
            waiting.join();
            equal(Waits.size(), before);
            thrown(IllegalStateException.class, () -> {
                report.add(a);
                return null;
            });
            equal(a.status(), Status.PENDING);
        }
    }
}
