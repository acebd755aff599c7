/*
 * How the library's work grows with threads, as far as two processors can show it: what is written
 * by one thread alone stays as it is, and what is shared costs the transfer of a cache line. Where a
 * name ends in a number of threads, they lie on both processors in turn. Results are nanoseconds;
 * "processor time" is that of the threads meant, not counting when they wait or stand in line.
 */
#include "harness.h"

#include "asynchron.h"

#define MOST 64
#define POWERS(n) (size_t n = 1; n <= MOST; n *= 2)

static double clock_of(clockid_t which)
{
    struct timespec t;
    clock_gettime(which, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* Processor time of this thread. */
static double busy(void)
{
    return clock_of(CLOCK_THREAD_CPUTIME_ID);
}

static void tell(const char *what, size_t n, const char *of, double value)
{
    char name[64];
    snprintf(name, sizeof name, of[0] ? "scaling/%s/%zu/%s" : "scaling/%s/%zu", what, n, of);
    result(name, value);
}

static asynchron_t *fresh(void)
{
    asynchron_t *a = asynchron_create(NULL);
    must(a != NULL, "memory");
    return a;
}

static inline void set(asynchron_t *a, uint64_t value)
{
    must(asynchron_set_bytes(a, &value, sizeof value) == ASYNCHRON_OK, "set");
}

static inline void check(asynchron_t *a, uint64_t expected)
{
    asynchron_value_t value;
    must(asynchron_get(a, &value) == ASYNCHRON_OK && value.len == sizeof expected &&
         *(const uint64_t *)value.data == expected, "value");
}

/* ---- n threads that do the same: processor time an operation ---- */

static struct team {
    void (*work)(size_t me, size_t ops);
    size_t n, ops, next;
    uint32_t here;
    double ns[MOST], began, all; /* of each; when they began; processor time of the process */
    pthread_barrier_t begin;
} team;

static void *member(void *arg)
{
    size_t me = __atomic_fetch_add(&team.next, 1, __ATOMIC_RELAXED);
    pthread_barrier_wait(&team.begin);
    if (team.n <= 2)
        meet(&team.here, (uint32_t)team.n); /* each has its processor: then to the point */
    double begun = busy();
    team.work(me, team.ops);
    team.ns[me] = busy() - begun;
    return arg;
}

/* Each of n threads does so many; the mean of their processor times. This one does `meanwhile`. */
static double gather(size_t n, size_t ops, void (*work)(size_t, size_t), void (*meanwhile)(void))
{
    pthread_t threads[MOST];
    double sum = 0;
    team.work = work;
    team.n = n;
    team.ops = ops;
    team.next = team.here = 0;
    pthread_barrier_init(&team.begin, NULL, (unsigned)n + 1);
    for (size_t i = 0; i < n; i++)
        threads[i] = start((i + 1) % 2, member, NULL);
    while (__atomic_load_n(&team.next, __ATOMIC_RELAXED) < n)
        usleep(20);
    team.all = -clock_of(CLOCK_PROCESS_CPUTIME_ID);
    team.began = now();
    pthread_barrier_wait(&team.begin);
    if (meanwhile != NULL)
        meanwhile();
    for (size_t i = 0; i < n; i++) {
        pthread_join(threads[i], NULL);
        sum += team.ns[i];
    }
    pthread_barrier_destroy(&team.begin);
    team.all += clock_of(CLOCK_PROCESS_CPUTIME_ID);
    return sum / (double)n;
}

static void grow(const char *what, size_t ops, void (*work)(size_t, size_t))
{
    for POWERS(n) {
        struct batches b = {.n = 0};
        while (more(&b))
            batch(&b, gather(n, ops, work, NULL) / (double)ops);
        tell(what, n, "", median(&b));
    }
}

static void live(size_t me, size_t ops)
{
    for (uint64_t i = 0; i < ops; i++) {
        asynchron_t *a = fresh();
        set(a, i + me);
        check(a, i + me);
        asynchron_release(a);
    }
}

/* What is measured alone stays on the first processor; and processors want to get into step. */
static void settle(void)
{
    cpu_set_t use;
    CPU_ZERO(&use);
    CPU_SET(cpus[0], &use);
    must(sched_setaffinity(0, sizeof use, &use) == 0, "affinity");
    gather(2, share(1000000), live, NULL);
}

static asynchron_t *shared;

static void read_it(size_t me, size_t ops)
{
    for ((void)me; ops > 0; ops--)
        check(shared, 7);
}

static void retain_it(size_t me, size_t ops)
{
    for ((void)me; ops > 0; ops--) {
        asynchron_t *mine = asynchron_retain(shared);
        check(mine, 7);
        asynchron_release(mine);
    }
}

static void unrelated(void)
{
    settle();
    grow("unrelated", share(100000), live);
}

static void one_read(void)
{
    settle();
    shared = fresh();
    set(shared, 7);
    grow("read", share(300000), read_it);
    grow("retain", share(20000), retain_it);
    asynchron_release(shared);
}

/* ---- n threads that spawn and collect: processor time of all threads, the pool's too, a task ---- */

static int32_t task(asynchron_t *self, void *ctx)
{
    set(self, (uint64_t)(uintptr_t)ctx);
    return 0;
}

static void spawn_some(size_t me, size_t ops)
{
    asynchron_t *some[100];
    for (size_t done = 0; done < ops; done += 100) {
        for (size_t i = 0; i < 100; i++) {
            some[i] = fresh();
            must(asynchron_spawn(some[i], task, (void *)(uintptr_t)(me + i), NULL) ==
                 ASYNCHRON_OK, "spawn");
        }
        for (size_t i = 0; i < 100; i++) {
            check(some[i], me + i);
            asynchron_release(some[i]);
        }
    }
}

static void spawned(void)
{
    settle();
    size_t ops = share(4000) / 100 * 100 + 100;
    for POWERS(n) {
        struct batches b = {.n = 0};
        while (more(&b)) {
            gather(n, ops, spawn_some, NULL);
            batch(&b, team.all / (double)(n * ops));
        }
        tell("spawn", n, "", median(&b));
    }
}

#include "producers.h"
#include "contention.h"

int main(int argc, char **argv)
{
    static const struct workload all[] = {
        {"unrelated", 2, unrelated}, {"read", 2, one_read},  {"spawn", 2, spawned},
        {"report", 2, report},       {"waiters", 2, waiters}, {"contention", 2, contention},
    };
    return bench(all, sizeof all / sizeof *all, argc, argv);
}
