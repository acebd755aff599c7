/* In the child of a fork, an executor whose threads and tasks are the parent's goes with its last handle, and what it was
 * given with it. What lay there may be cancelled before that, and after. A child that hangs is ended by its alarm. */
#include <asynchron.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHECK(condition) \
    do { if (!(condition)) { fprintf(stderr, "%s, line %d: %s\n", now, __LINE__, #condition); _exit(1); } } while (0)

enum { LYING = 100 };

static const char *now = "";

/* One executor, in whatever situation it was at the fork. */
static struct {
    asynchron_executor_t *executor;
    atomic_int dropped; /* with the executor */
    asynchron_t *gate, *busy, *lying[LYING];
    atomic_int begun, contexts; /* dropped with what lay */
} it;

static void count(void *counter) { ++*(atomic_int *)counter; }
static int32_t nothing(asynchron_t *self, void *ctx) { (void)self, (void)ctx; return 0; }

static int32_t pass_the_gate(asynchron_t *self, void *ctx)
{
    (void)self, (void)ctx;
    it.begun = 1;
    while (asynchron_poll(it.gate) == ASYNCHRON_PENDING) /* a wait would make room for another task */
        usleep(1000);
    return 0;
}

static void call(asynchron_t *a, void *ctx) { (void)a, (void)ctx; }

static void make(void)
{
    asynchron_executor_options_t options = { .size = sizeof options, .threads = 1, .ctx = &it.dropped, .drop_ctx = count };

    memset(&it, 0, sizeof it);
    CHECK(asynchron_executor_create(&options, &it.executor) == ASYNCHRON_OK);
}

static void run_one(void)
{
    asynchron_t *a = asynchron_create(NULL);

    CHECK(asynchron_spawn_on(it.executor, a, nothing, NULL, NULL) == ASYNCHRON_OK);
    CHECK(asynchron_get(a, NULL) == ASYNCHRON_OK);
    asynchron_release(a);
}

static void unused(void) { make(); }
static void rests(void) { make(), run_one(); }

static void is_busy(void)
{
    make();
    CHECK((it.gate = asynchron_create(NULL)) && (it.busy = asynchron_create(NULL)));
    CHECK(asynchron_spawn_on(it.executor, it.busy, pass_the_gate, NULL, NULL) == ASYNCHRON_OK);
    while (!it.begun)
        usleep(100);
}

static void has_tasks(void)
{
    is_busy();
    for (int i = 0; i < LYING; i++) {
        CHECK((it.lying[i] = asynchron_create(NULL)));
        CHECK(asynchron_spawn_on(it.executor, it.lying[i], nothing, &it.contexts, count) == ASYNCHRON_OK);
    }
}

static void (*const situations[])(void) = { unused, rests, is_busy, has_tasks };

static void let_go(void) { asynchron_executor_release(it.executor); }

static void cancel(void)
{
    for (int i = 0; i < LYING && it.lying[i]; i++) {
        CHECK(asynchron_cancel(it.lying[i]) == ASYNCHRON_OK);
        CHECK(it.contexts == i + 1);
        asynchron_release(it.lying[i]);
    }
}

static void at_once(void) { let_go(); }
static void then_cancels(void) { let_go(), cancel(); }
static void cancels_first(void) { cancel(), let_go(); }

static void the_last_of_two(void)
{
    asynchron_executor_t *second = asynchron_executor_retain(it.executor);

    let_go();
    CHECK(it.dropped == 0);
    asynchron_executor_release(second);
}

static void with_a_callback(void)
{
    asynchron_notify_options_t options = { .size = sizeof options, .fn = call, .executor = it.executor };
    asynchron_t *a = asynchron_create(NULL);

    CHECK(asynchron_notify_with(a, &options, NULL) == ASYNCHRON_OK);
    let_go();
    CHECK(it.dropped == 0); /* it is kept by that */
    asynchron_release(a);
    while (it.dropped == 0) /* the callback of one that broke ran on a thread of the child's */
        usleep(1000);
}

/* Its thread here ends after a while, or soon. */
static void used(void)
{
    run_one();
    let_go();
    while (it.dropped == 0)
        usleep(1000);
}

static void shut_down(void)
{
    run_one();
    CHECK(asynchron_executor_shutdown(it.executor, 0, ASYNCHRON_FOREVER) == ASYNCHRON_OK);
    cancel();
    let_go();
    while (it.dropped == 0)
        usleep(1000);
}

static void in_its_child(void)
{
    int status;
    pid_t child = fork();

    CHECK(child >= 0);
    if (child == 0) {
        alarm(60);
        let_go();
        CHECK(it.dropped == 1);
        _exit(0);
    }
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    let_go();
}

static void (*const children[])(void) = {
    at_once, then_cancels, cancels_first, the_last_of_two, with_a_callback, used, shut_down, in_its_child
};

static void in_child(void (*body)(void))
{
    int status;
    pid_t child = fork();

    CHECK(child >= 0);
    if (child == 0) {
        alarm(60);
        body();
        CHECK(it.dropped == 1);
        _exit(0);
    }
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(status == 0);
}

/* The thread that forks is the executor's. */
static int32_t fork_and_let_go(asynchron_t *self, void *unused)
{
    (void)self, (void)unused;
    in_child(let_go);
    return 0;
}

static void end(void)
{
    asynchron_t *a = asynchron_create(NULL);

    if (it.gate)
        CHECK(asynchron_set_bytes(it.gate, NULL, 0) == ASYNCHRON_OK);
    CHECK(asynchron_spawn_on(it.executor, a, fork_and_let_go, NULL, NULL) == ASYNCHRON_OK);
    CHECK(asynchron_get(a, NULL) == ASYNCHRON_OK);
    asynchron_release(a);
    for (int i = 0; i < LYING && it.lying[i]; i++) {
        CHECK(asynchron_get(it.lying[i], NULL) == ASYNCHRON_OK);
        asynchron_release(it.lying[i]);
    }
    CHECK(asynchron_executor_shutdown(it.executor, 0, ASYNCHRON_FOREVER) == ASYNCHRON_OK);
    asynchron_release(it.gate);
    asynchron_release(it.busy);
    CHECK(it.dropped == 0);
    let_go();
    while (it.dropped == 0) /* here with its thread, which ends after a while */
        usleep(1000);
    CHECK(it.dropped == 1);
}

int main(void)
{
    static const char *const names[] = { "unused", "rests", "is busy", "has tasks" };

    alarm(150);
    for (int i = 0; i < 4; i++) {
        now = names[i];
        situations[i]();
        for (size_t child = 0; child < sizeof children / sizeof *children; child++)
            in_child(children[child]);
        end();
    }
    return 0;
}
