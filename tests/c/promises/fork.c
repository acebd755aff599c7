/* Forks in every situation of argv[1]. A child that hangs is ended by its alarm, which the parent sees. */
#include <asynchron.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHECK(condition) \
    do { if (!(condition)) { fprintf(stderr, "line %d: %s\n", __LINE__, #condition); _exit(1); } } while (0)

static const uint64_t LIMIT = UINT64_C(60000000000);
static atomic_int called, stop;

static void count(asynchron_t *a, void *ctx) { (void)a, (void)ctx; called++; }
static int32_t seven(asynchron_t *self, void *ctx) { (void)ctx; return asynchron_set_bytes(self, "seven", 5); }
static int32_t join(asynchron_t *into, asynchron_t *const *sources, size_t n, void *ctx)
{
    (void)into, (void)sources, (void)ctx;
    return n == 2 ? 0 : 1;
}
static int32_t wait_for(asynchron_t *self, void *other)
{
    (void)self;
    return asynchron_wait(other, LIMIT);
}

/* All that a child may do: create, deliver, wait, and spawn, tasks that wait for tasks, too. */
static void everything(void)
{
    asynchron_t *both[2], *third;
    asynchron_report_t *report;
    asynchron_item_t item;

    called = 0;
    both[0] = asynchron_create("a name");
    both[1] = asynchron_create(NULL);
    third = asynchron_after(both, 2, NULL, join, NULL, NULL);
    report = asynchron_report_create(both, 2);
    CHECK(both[0] && both[1] && third && report && asynchron_name(both[1]));
    CHECK(asynchron_report_fd(report) >= 0);
    CHECK(asynchron_notify(both[0], count, NULL) == ASYNCHRON_OK);
    CHECK(asynchron_wait_any(both, 2, 1000000, NULL) == ASYNCHRON_TIMEOUT);
    CHECK(asynchron_spawn(both[0], wait_for, both[1], NULL) == ASYNCHRON_OK);
    CHECK(asynchron_spawn(both[1], seven, NULL, NULL) == ASYNCHRON_OK);
    CHECK(asynchron_wait_all(both, 2, LIMIT) == ASYNCHRON_OK);
    CHECK(asynchron_get_timeout(third, LIMIT, NULL) == ASYNCHRON_OK);
    for (int i = 0; i < 2; i++) {
        CHECK(asynchron_report_next(report, LIMIT, &item) == ASYNCHRON_OK);
        asynchron_release(item.asynchron);
    }
    CHECK(asynchron_report_next(report, LIMIT, &item) == ASYNCHRON_END);
    asynchron_report_release(report);
    asynchron_release(both[0]);
    asynchron_release(both[1]);
    asynchron_release(third);
    third = asynchron_create(NULL);
    CHECK(asynchron_call(third, seven, NULL) == ASYNCHRON_OK && asynchron_poll(third) == ASYNCHRON_OK);
    CHECK(asynchron_cancel(third) == ASYNCHRON_ALREADY);
    asynchron_release(third);
}

/* Runs body in a child, and expects it to end well and in time. */
static void in_child(void (*body)(void))
{
    int status;
    pid_t child = fork();

    CHECK(child >= 0);
    if (child == 0) {
        alarm(60);
        body();
        _exit(0);
    }
    CHECK(waitpid(child, &status, 0) == child);
    if (status != 0) {
        fprintf(stderr, "a child ended with %s %d\n", WIFSIGNALED(status) ? "signal" : "status",
                WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
        _exit(1);
    }
}

static asynchron_t *shared[8];
static asynchron_report_t *shared_report;

/* Keeps every lock of the library busy. */
static void *busy(void *unused)
{
    while (!stop) {
        asynchron_t *a = asynchron_create(NULL), *b = asynchron_create(NULL);
        asynchron_item_t item;
        asynchron_name(a);
        CHECK(asynchron_notify(a, count, NULL) == ASYNCHRON_OK);
        CHECK(asynchron_report_add(shared_report, a, NULL) == ASYNCHRON_OK);
        CHECK(asynchron_spawn(a, seven, NULL, NULL) == ASYNCHRON_OK);
        CHECK(asynchron_spawn(b, wait_for, a, NULL) == ASYNCHRON_OK);
        asynchron_wait_any(shared, 8, 1000, NULL);
        asynchron_wait(b, ASYNCHRON_FOREVER);
        if (asynchron_report_next(shared_report, LIMIT, &item) == ASYNCHRON_OK)
            asynchron_release(item.asynchron);
        asynchron_release(a);
        asynchron_release(b);
    }
    return unused;
}

/* Does it over and over while other threads are busy. */
static void while_busy(void (*body)(void), int times)
{
    pthread_t threads[3];

    for (int i = 0; i < 8; i++)
        shared[i] = asynchron_create(NULL);
    shared_report = asynchron_report_create(NULL, 0);
    asynchron_report_fd(shared_report);
    for (int i = 0; i < 3; i++)
        CHECK(pthread_create(&threads[i], NULL, busy, NULL) == 0);
    for (int i = 0; i < times; i++)
        body();
    stop = 1;
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
}

static void fork_everything(void) { in_child(everything); }

static asynchron_t *task, *begun, *go;

static int32_t wait_for_go(asynchron_t *self, void *ctx)
{
    (void)self, (void)ctx;
    asynchron_set_bytes(begun, NULL, 0);
    return asynchron_wait(go, LIMIT);
}

static void see_it_never_complete(void)
{
    CHECK(asynchron_state(task) == ASYNCHRON_STATE_RUNNING);
    /* What it waits for comes here; but who would go on with it? */
    CHECK(asynchron_set_bytes(go, NULL, 0) == ASYNCHRON_OK);
    CHECK(asynchron_get_timeout(task, 50000000, NULL) == ASYNCHRON_TIMEOUT);
    everything();
    CHECK(asynchron_poll(task) == ASYNCHRON_PENDING);
}

static void fork_while_running(void)
{
    for (int i = 0; i < 10; i++) {
        task = asynchron_create(NULL);
        begun = asynchron_create(NULL);
        go = asynchron_create(NULL);
        CHECK(asynchron_spawn(task, wait_for_go, NULL, NULL) == ASYNCHRON_OK);
        asynchron_wait(begun, LIMIT);
        in_child(see_it_never_complete);
        CHECK(asynchron_poll(task) == ASYNCHRON_PENDING);
        asynchron_set_bytes(go, NULL, 0);
        CHECK(asynchron_get_timeout(task, LIMIT, NULL) == ASYNCHRON_OK);
    }
}

static int32_t fork_here(asynchron_t *self, void *ctx)
{
    (void)self, (void)ctx;
    in_child(everything);
    return 0;
}

static void spawn_a_fork(void)
{
    asynchron_t *all[4];
    for (int i = 0; i < 4; i++) {
        all[i] = asynchron_create(NULL);
        CHECK(asynchron_spawn(all[i], fork_here, NULL, NULL) == ASYNCHRON_OK);
    }
    CHECK(asynchron_wait_all(all, 4, LIMIT) == ASYNCHRON_OK);
    for (int i = 0; i < 4; i++) {
        CHECK(asynchron_get(all[i], NULL) == ASYNCHRON_OK);
        asynchron_release(all[i]);
    }
}

static atomic_int ran, all_spawned;

static int32_t run_for_a_while(asynchron_t *self, void *ctx)
{
    (void)self, (void)ctx;
    ran++;
    usleep(2000);
    return 0;
}

static void see_nothing_run(void)
{
    asynchron_t *first = asynchron_create(NULL), *never = asynchron_create(NULL);
    int before = ran;
    CHECK(asynchron_spawn(first, seven, NULL, NULL) == ASYNCHRON_OK);
    while (asynchron_poll(first) == ASYNCHRON_PENDING)
        usleep(100);
    /* When a thread of the library waits, a task that lies gets its place: not one of the parent's. */
    CHECK(asynchron_wait(never, 10000000) == ASYNCHRON_TIMEOUT);
    CHECK(ran == before);
    everything();
    CHECK(ran == before);
}

static int32_t fork_and_see(asynchron_t *self, void *ctx)
{
    (void)self, (void)ctx;
    while (!all_spawned)
        usleep(100);
    in_child(see_nothing_run);
    return 0;
}

/* Tasks that lie in the parent's queue are the parent's to run, whichever thread forks. */
static void fork_while_tasks_lie(void)
{
    for (int round = 0; round < 10; round++) {
        asynchron_t *all[64];
        all_spawned = 0;
        for (int i = 0; i < 64; i++) {
            all[i] = asynchron_create(NULL);
            CHECK(asynchron_spawn(all[i], i ? run_for_a_while : fork_and_see, NULL, NULL) == ASYNCHRON_OK);
        }
        all_spawned = 1;
        in_child(see_nothing_run);
        CHECK(asynchron_wait_all(all, 64, LIMIT) == ASYNCHRON_OK);
        CHECK(ran == 63 * (round + 1));
        for (int i = 0; i < 64; i++)
            asynchron_release(all[i]);
    }
}

static void fork_in_callback(asynchron_t *a, void *ctx) { (void)a, (void)ctx; in_child(everything); }
static void grandchild(void) { everything(); in_child(everything); spawn_a_fork(); everything(); }

static void fork_nested(void)
{
    asynchron_t *a = asynchron_create(NULL), *b = asynchron_create(NULL);
    in_child(grandchild);
    everything();
    in_child(grandchild);
    CHECK(asynchron_notify(a, fork_in_callback, NULL) == ASYNCHRON_OK);
    asynchron_set_bytes(a, NULL, 0);
    CHECK(asynchron_call(b, fork_here, NULL) == ASYNCHRON_OK && asynchron_poll(b) == ASYNCHRON_OK);
    everything();
}

int main(int argc, char **argv)
{
    const char *way = argc > 1 ? argv[1] : "";
    if (strcmp(way, "busy") == 0)
        while_busy(fork_everything, 150);
    else if (strcmp(way, "running") == 0)
        fork_while_running();
    else if (strcmp(way, "spawned") == 0)
        while_busy(spawn_a_fork, 40);
    else if (strcmp(way, "queued") == 0)
        fork_while_tasks_lie();
    else if (strcmp(way, "nested") == 0)
        fork_nested();
    else
        return 2;
    everything();
    return 0;
}
