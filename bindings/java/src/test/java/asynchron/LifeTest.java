// LifeTest.java: memory stays flat, and the garbage collector finds what nobody closed.
package asynchron;

import static asynchron.Runner.check;
import static asynchron.Runner.until;

import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.util.concurrent.CountDownLatch;

class LifeTest {
    /** Bytes of this process in memory. */
    private static long resident() throws Exception {
        return Long.parseLong(Files.readAllLines(Paths.get("/proc/self/statm")).get(0).split(" ")[1]) * 4096;
    }

    private static void lives(int count) throws Exception {
        for (int i = 0; i < count; i++) {
            try (Asynchron a = Asynchron.create()) {
                if (i % 8 == 0)
                    a.setObject(a);
                else
                    a.set((long) i);
                Value value = a.get();
                check(i % 8 == 0 ? value.object() == a : value.asLong() == i);
            }
        }
    }

    static void a_million_lives_leave_memory_flat() throws Exception {
        int before = Kept.size(), round = Runner.LONG ? 1_000_000 : 250_000;
        lives(round);
        until(() -> Kept.size() == before);
        System.gc();
        long first = resident();
        for (int i = 0; i < 3; i++)
            lives(round);
        until(() -> Kept.size() == before);
        System.gc();
        long grown = resident() - first;
        if (grown > 64 << 20)
            throw new AssertionError("grown by " + grown + " bytes");
    }

    static void what_nobody_closes_the_garbage_collector_releases() throws Exception {
        int before = Kept.size();
        for (int i = 0; i < 1000; i++)
            Asynchron.create().setObject("forgotten");
        until(() -> {
            System.gc();
            return Kept.size() == before;
        });
    }

    /** Calls of one thread and the close of another: the handle lives as long as a call. */
    static void a_close_races_with_calls() throws Exception {
        for (int round = 0; round < 2000; round++) {
            Asynchron a = Asynchron.create();
            CountDownLatch begin = new CountDownLatch(1);
            Thread other = Thread.startVirtualThread(() -> {
                try {
                    begin.await();
                    for (int i = 0; i < 100; i++)
                        a.status();
                } catch (IllegalStateException e) {
                    // It is closed.
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
            });
            begin.countDown();
            a.set("value");
            a.close();
            other.join();
        }
    }

    static void a_reference_crosses_to_C_and_back() throws Exception {
        try (Asynchron a = Asynchron.create("crossing")) {
            MemorySegment pointer = a.pointer();
            Native.retain(pointer.address());
            try (Asynchron b = Asynchron.adopt(pointer)) {
                check(b.name().equals("crossing"));
                a.set("there");
                check(b.get().string().equals("there"));
            }
        }
    }
}
