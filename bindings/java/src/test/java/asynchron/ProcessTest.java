// ProcessTest.java: a process ends when it is told to, whatever is open.
package asynchron;

import static asynchron.Runner.check;
import static asynchron.Runner.equal;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.file.Paths;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;

class ProcessTest {
    /** Another Java, which has said that it is ready. */
    private static Process begin(List<String> options, String what) throws Exception {
        List<String> command = new ArrayList<>();
        command.add(Paths.get(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(options);
        command.addAll(Arrays.asList("-XX:TieredStopAtLevel=1", "--enable-native-access=ALL-UNNAMED", "-cp",
            System.getProperty("java.class.path"), "asynchron.ProcessTest", what));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String line = new BufferedReader(new InputStreamReader(process.getInputStream())).readLine();
        equal(line, "ready");
        return process;
    }

    private static void ends(Process process, int status) throws Exception {
        try {
            check(process.waitFor(60, TimeUnit.SECONDS));
            equal(process.exitValue(), status);
        } finally {
            process.destroyForcibly();
        }
    }

    private static final List<String> USUAL = new ArrayList<>();

    static void control_C_ends_it_while_waits_are_open() throws Exception {
        Process process = begin(USUAL, "wait");
        check(new ProcessBuilder("kill", "-INT", Long.toString(process.pid())).start().waitFor() == 0);
        ends(process, 130);
    }

    static void exit_ends_it_while_waits_are_open() throws Exception {
        ends(begin(USUAL, "exit"), 3);
    }

    static void the_end_of_main_ends_it_while_virtual_threads_wait() throws Exception {
        ends(begin(USUAL, "return"), 0);
    }

    /** Threads of the library deliver and drop objects of Java while the machine goes down. */
    static void what_arrives_at_the_end_does_not_kill_it() throws Exception {
        for (int round = 0; round < (Runner.LONG ? 50 : 3); round++) {
            ends(begin(USUAL, "storm exit"), 3);
            ends(begin(USUAL, "storm return"), 0);
        }
    }

    /** With a single carrier, a wait that held it would stop all others. */
    static void one_carrier_is_enough() throws Exception {
        ends(begin(Arrays.asList("-Djdk.virtualThreadScheduler.parallelism=1",
            "-Djdk.virtualThreadScheduler.maxPoolSize=1"), "carrier"), 5);
    }

    private static void waitForNever(Asynchron a) {
        try {
            a.get();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** The other Java. */
    public static void main(String[] arguments) throws Exception {
        Asynchron never = Asynchron.create();
        String what = arguments[0];
        if (what.startsWith("storm")) {
            for (int i = 0; i < 3000; i++) {
                Asynchron timer = Asynchron.timer(Duration.ofNanos(i * 100_000L));
                Asynchron holder = Asynchron.create();
                holder.setObject(new Object());
                timer.then(value -> holder, Runnable::run);
                timer.toCompletableFuture().thenRun(holder::close);
            }
        } else if (what.equals("carrier")) {
            carrier(never);
            return;
        } else {
            Waits.size(); // the thread that serves is begun by this one, which is no daemon
            for (int i = 0; i < 1000; i++)
                Thread.startVirtualThread(() -> waitForNever(never));
            if (!what.equals("return"))
                Thread.ofPlatform().start(() -> waitForNever(never));
            Runner.until(() -> Waits.size() == 1);
        }
        System.out.println("ready");
        if (what.endsWith("exit"))
            System.exit(3);
        if (what.equals("wait"))
            waitForNever(never);
    }

    private static void carrier(Asynchron never) throws Exception {
        System.out.println("ready");
        for (int i = 0; i < 1000; i++)
            Thread.startVirtualThread(() -> waitForNever(never));
        Asynchron there = Asynchron.create(), back = Asynchron.create();
        Thread.startVirtualThread(() -> {
            waitForNever(there);
            back.setEmpty();
        });
        Thread.startVirtualThread(() -> {
            there.setEmpty();
            waitForNever(back);
            System.exit(5);
        });
        waitForNever(never);
    }
}
