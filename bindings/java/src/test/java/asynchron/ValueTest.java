// ValueTest.java: every kind of value arrives as it was.
package asynchron;

import static asynchron.Runner.check;
import static asynchron.Runner.equal;
import static asynchron.Runner.thrown;
import static asynchron.Runner.until;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.math.BigInteger;
import java.util.Arrays;

class ValueTest {
    private static Value of(Object value) throws Exception {
        try (Asynchron a = Asynchron.create()) {
            check(a.deliver(value));
            check(!a.deliver("too late"));
            return a.get();
        }
    }

    static void bytes_and_text_arrive() throws Exception {
        byte[] bytes = new byte[100_000];
        for (int i = 0; i < bytes.length; i++)
            bytes[i] = (byte) i;
        check(Arrays.equals(of(bytes).bytes(), bytes));
        check(Arrays.equals(of(MemorySegment.ofArray(new int[] { 1, 2 })).bytes(),
            MemorySegment.ofArray(new int[] { 1, 2 }).toArray(ValueLayout.JAVA_BYTE)));
        try (Arena arena = Arena.ofConfined()) {
            equal(of(arena.allocateFrom("native")).string(), "native\0");
        }
        equal(of("grüße, \0 and \ud83d\ude00").string(), "grüße, \0 and \ud83d\ude00");
        check(of("").isEmpty());
        check(of(null).isEmpty());
        check(of(new byte[0]).isEmpty());
    }

    static void every_64_bits_arrive_and_leave_exactly() throws Exception {
        for (long n : new long[] { 0, 1, -1, Long.MIN_VALUE, Long.MAX_VALUE, (1L << 53) + 1 })
            equal(of(n).asLong(), n);
        equal(of(-1L).asUnsigned(), BigInteger.ONE.shiftLeft(64).subtract(BigInteger.ONE));
        equal(of(7).asLong(), 7L);
        for (double d : new double[] { 0.1, -0.0, Double.MIN_VALUE, Double.POSITIVE_INFINITY, Double.NaN })
            equal(of(d).asDouble(), d);
        equal(of(0.5f).asDouble(), 0.5);
        thrown(IllegalStateException.class, () -> of("three").asLong());
        try (Asynchron a = Asynchron.create()) {
            a.set(-1L);
            equal(a.read(bytes -> bytes.get(ValueLayout.JAVA_LONG, 0)), -1L);
        }
    }

    static void progress_has_64_bits() {
        try (Asynchron a = Asynchron.create()) {
            equal(a.progress().isPresent(), false);
            check(a.setProgress(-1L, -2L));
            equal(a.progress().get().done(), -1L);
            equal(a.progress().get().total(), -2L);
            a.cancel();
            check(!a.setProgress(1, 1));
        }
    }

    static void an_object_arrives_as_itself_until_C_drops_it() throws Exception {
        int before = Kept.size();
        Object object = new Object();
        Asynchron a = Asynchron.create(), b = Asynchron.create();
        check(a.setObject(object));
        check(b.follow(a));
        check(!b.setObject(new Object())); // keeps nothing
        a.close();
        Value value = b.get();
        check(value.object() == object);
        check(!value.isEmpty());
        equal(value.bytes().length, 0);
        equal(Kept.size() >= before + 1, true);
        b.close();
        until(() -> Kept.size() == before);
    }

    static void a_name_survives_and_a_NUL_is_refused() {
        try (Asynchron a = Asynchron.create("näme ☃"); Asynchron b = Asynchron.create()) {
            equal(a.name(), "näme ☃");
            check(b.name().startsWith("asynchron-"));
            check(a.toString().equals("näme ☃: PENDING"));
            thrown(IllegalArgumentException.class, () -> Asynchron.create("a\0b"));
            thrown(IllegalArgumentException.class, () -> a.cancel("a\0b"));
            thrown(IllegalArgumentException.class, () -> a.fail(1, "a\0b", ""));
            thrown(IllegalArgumentException.class, () -> a.fail(1, "", "a\0b"));
            equal(a.status(), Status.PENDING);
            check(a.fail(new Exception("a\0b"))); // an exception is not refused
            equal(thrown(AsynchronException.class, a::get).getMessage(), "a\ufffdb");
        }
    }
}
