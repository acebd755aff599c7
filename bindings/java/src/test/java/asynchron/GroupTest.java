// GroupTest.java: several as one.
package asynchron;

import static asynchron.Runner.check;
import static asynchron.Runner.equal;
import static asynchron.Runner.thrown;
import static asynchron.Runner.until;

import java.time.Duration;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

class GroupTest {
    static void all_any_and_race() throws Exception {
        try (Asynchron a = Asynchron.create(); Asynchron b = Asynchron.create(); Asynchron c = Asynchron.create()) {
            List<Asynchron> those = Arrays.asList(a, b, c);
            try (Asynchron all = Asynchron.all(those, false); Asynchron any = Asynchron.any(those, false);
                Asynchron race = Asynchron.race(those, false)) {
                b.fail(7, "mine", "no luck");
                equal(thrown(AsynchronException.class, all::get).code(), 7);
                equal(thrown(AsynchronException.class, race::get).code(), 7);
                equal(any.status(), Status.PENDING);
                c.set("c");
                equal(any.get().string(), "c");
                equal(a.status(), Status.PENDING);
            }
        }
        try (Asynchron none = Asynchron.all(Collections.emptyList(), false)) {
            check(none.get().isEmpty());
        }
        thrown(IllegalArgumentException.class, () -> Asynchron.race(Collections.emptyList(), false));
    }

    static void those_not_needed_are_cancelled() throws Exception {
        try (Asynchron a = Asynchron.create(); Asynchron timer = Asynchron.timer(Duration.ofMillis(10));
            Asynchron race = Asynchron.race(Arrays.asList(a, timer), true)) {
            check(race.get().isEmpty());
            until(() -> a.status() == Status.CANCELLED); // after those who wait have learned of the race
        }
    }

    static void one_that_is_closed_is_refused_and_the_others_stay() throws Exception {
        Asynchron a = Asynchron.create(), closed = Asynchron.create();
        closed.close();
        thrown(IllegalStateException.class, () -> Asynchron.all(Arrays.asList(a, closed), true));
        check(a.set("still open"));
        a.close();
        thrown(IllegalStateException.class, a::get); // no call was left inside
    }
}
