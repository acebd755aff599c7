// jna.java: Java's JNA: each question that docs/languages.md answers for it.
import com.sun.jna.Callback;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import com.sun.jna.Structure;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

class Jna {
    static final long FOREVER = -1L, LONG = 5_000_000_000L;
    static final int OK = 0;

    public interface Function extends Callback {
        int run(Pointer a, Pointer ctx);
    }

    public interface Notify extends Callback {
        void told(Pointer a, Pointer ctx);
    }

    public static class Why extends Structure {
        public int code;
        public String domain, message;
        public Pointer payload;

        @Override
        protected List<String> getFieldOrder() {
            return Arrays.asList("code", "domain", "message", "payload");
        }
    }

    public interface Library extends com.sun.jna.Library {
        long asynchron_forever();
        Pointer asynchron_create(String name);
        Pointer asynchron_timer(long ns);
        int asynchron_wait(Pointer a, long ns);
        int asynchron_cancel(Pointer a);
        int asynchron_fail(Pointer a, int code, String message);
        int asynchron_poll(Pointer a);
        int asynchron_error(Pointer a, Why why);
        int asynchron_call(Pointer a, Function fn, Pointer ctx);
        int asynchron_notify(Pointer a, Notify fn, Pointer ctx);
    }

    public interface Given extends com.sun.jna.Library {
        int given_forever(long n);
    }

    static final Library library = Native.load("libasynchron.so.0", Library.class);
    static final Given given = Native.load("given", Given.class);

    static Pointer create() {
        return library.asynchron_create(null);
    }

    static Pointer timer(long milliseconds) {
        return library.asynchron_timer(milliseconds * 1_000_000);
    }

    static String outcome(Function fn) {
        Pointer a = create();
        library.asynchron_call(a, fn, null);
        if (library.asynchron_poll(a) == OK)
            return "success";
        Why why = new Why();
        library.asynchron_error(a, why);
        return "failure: " + why.message;
    }

    static int throwing(Pointer a, Pointer ctx) {
        throw new IllegalStateException("no luck");
    }

    static int catching(Pointer a, Pointer ctx) {
        try {
            return throwing(a, ctx);
        } catch (Exception e) {
            return library.asynchron_fail(a, 1, e.getMessage());
        }
    }

    static void daemon(Runnable body) {
        Thread thread = new Thread(body);
        thread.setDaemon(true);
        thread.start();
    }

    static void sleep(long milliseconds) {
        try {
            Thread.sleep(milliseconds);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    // Whether another thread comes to end the wait.
    static String blocking() {
        Pointer a = create();
        daemon(() -> {
            sleep(100);
            library.asynchron_cancel(a);
        });
        return library.asynchron_wait(a, LONG) == OK ? "the thread" : "all";
    }

    static String interrupt() {
        System.out.println("waiting");
        library.asynchron_wait(create(), LONG);
        return "went on";
    }

    static final CountDownLatch done = new CountDownLatch(1);
    static final Notify told = (a, ctx) -> done.countDown(); // lives as long as the program

    static String callback() throws InterruptedException {
        library.asynchron_notify(timer(100), told, null);
        return done.await(10, TimeUnit.SECONDS) ? "works" : "lost";
    }

    static String leave() {
        Pointer a = create();
        daemon(() -> library.asynchron_wait(a, FOREVER));
        sleep(300);
        return "ending";
    }

    static String arrives() {
        boolean arrives = given.given_forever(FOREVER) == 1 && library.asynchron_wait(timer(50), FOREVER) == OK;
        return arrives ? "arrives" : "lost";
    }

    static String answer(String question) throws InterruptedException {
        switch (question) {
        case "version": return "JNA " + Native.VERSION + ", Java " + Runtime.version().feature();
        case "forever": return arrives();
        case "max": return String.valueOf(library.asynchron_forever());
        case "blocking": return blocking();
        case "interrupt": return interrupt();
        case "callback": return callback();
        case "exit": return leave();
        case "exception": return outcome(Jna::throwing);
        case "caught": return outcome(Jna::catching);
        default: return "unknown";
        }
    }

    public static void main(String[] arguments) throws InterruptedException {
        System.out.println(answer(arguments[0]));
    }
}
