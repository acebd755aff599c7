// Runner.java: runs every test, each within a time limit. JUnit is not wanted: so nothing has to be fetched.
package asynchron;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.Arrays;
import java.util.Comparator;
import java.util.concurrent.Callable;

class Runner {
    static final boolean LONG = System.getenv("ASYNCHRON_LONG") != null;
    private static final Class<?>[] TESTS = { ValueTest.class, ErrorTest.class, WaitTest.class, StageTest.class,
        ComputeTest.class, GroupTest.class, ReportTest.class, LifeTest.class, ProcessTest.class };
    private static final long LIMIT = 180_000;

    /** Every method of a test that can be called from here is one. The argument: only those with that in the name. */
    public static void main(String[] arguments) throws Exception {
        int run = 0, failed = 0;
        for (Class<?> tests : TESTS) {
            Method[] methods = tests.getDeclaredMethods();
            Arrays.sort(methods, Comparator.comparing(Method::getName));
            for (Method method : methods) {
                if (Modifier.isPrivate(method.getModifiers()) || method.isSynthetic()
                    || method.getParameterCount() != 0)
                    continue;
                String name = tests.getSimpleName() + "." + method.getName();
                if (arguments.length > 0 && !name.contains(arguments[0]))
                    continue;
                long begin = System.nanoTime();
                Throwable e = run(method);
                System.out.printf("%s %s (%d ms)%n", e == null ? "ok  " : "FAIL", name,
                    (System.nanoTime() - begin) / 1_000_000);
                run++;
                if (e != null) {
                    failed++;
                    e.printStackTrace(System.out);
                }
            }
        }
        System.out.printf("%d tests, %d failed%n", run, failed);
        System.exit(failed == 0 && run > 0 ? 0 : 1);
    }

    private static Throwable run(Method method) throws InterruptedException {
        Throwable[] thrown = new Throwable[1];
        Thread thread = Thread.ofPlatform().daemon().name(method.getName()).start(() -> {
            try {
                method.invoke(null);
                until(Runner::nothingIsLeft);
            } catch (InvocationTargetException e) {
                thrown[0] = e.getCause();
            } catch (Throwable e) {
                thrown[0] = e;
            }
        });
        thread.join(LIMIT);
        if (!thread.isAlive())
            return thrown[0];
        AssertionError late = new AssertionError("it hangs");
        late.setStackTrace(thread.getStackTrace());
        return late;
    }

    /** A test leaves nothing behind: no wait, and no object in the table. */
    private static boolean nothingIsLeft() {
        if (Waits.size() == 0 && Kept.size() == 0)
            return true;
        System.gc();
        return false;
    }

    static void check(boolean holds) {
        if (!holds)
            throw new AssertionError("it does not hold");
    }

    static void equal(Object is, Object wanted) {
        if (wanted == null ? is != null : !wanted.equals(is))
            throw new AssertionError("it is " + is + ", and not " + wanted);
    }

    /** What it throws, which is of this class. */
    static <E extends Throwable> E thrown(Class<E> type, Callable<?> body) {
        try {
            body.call();
        } catch (Throwable e) {
            if (type.isInstance(e))
                return type.cast(e);
            throw new AssertionError("another exception", e);
        }
        throw new AssertionError("nothing was thrown");
    }

    /** Until it holds: what another thread does after it delivered. */
    static void until(Callable<Boolean> holds) throws Exception {
        for (int i = 0; !holds.call(); i++) {
            if (i > 30_000)
                throw new AssertionError("it never holds");
            Thread.sleep(1);
        }
    }
}
