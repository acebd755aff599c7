/* A host that leaves a wait by siglongjmp(), argv[1] times: what is delivered later must not write to the stack that
 * was left, which has other uses by then. */
#define _GNU_SOURCE
#include <asynchron.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CHECK(condition) \
    do { if (!(condition)) { fprintf(stderr, "line %d: %s\n", __LINE__, #condition); _exit(1); } } while (0)

enum { MOST = 40, FUTEX_WAIT_BITSET_PRIVATE = 137 };

static atomic_bool armed, running, finish;
static sigjmp_buf outside;
static pthread_t waiter;
static pid_t waiter_id;
static asynchron_t *all[MOST];

/* Whether the waiting thread sleeps in a wait of the library: it holds no lock then. */
static bool sleeps(void)
{
    char path[64];
    long call;
    unsigned long word, operation;
    FILE *file;
    bool found;

    snprintf(path, sizeof path, "/proc/self/task/%d/syscall", (int)waiter_id);
    file = fopen(path, "r");
    CHECK(file != NULL);
    found = fscanf(file, "%ld %lx %lx", &call, &word, &operation) == 3 && call == SYS_futex
        && operation == FUTEX_WAIT_BITSET_PRIVATE;
    fclose(file);
    return found;
}

static void *ring(void *unused)
{
    for (;;) {
        while (!armed)
            usleep(50);
        while (!sleeps())
            usleep(50);
        armed = false;
        pthread_kill(waiter, SIGALRM);
    }
    return unused;
}

static void leave(int signal) { (void)signal; siglongjmp(outside, 1); }

/* What lay on the stack below is written over, with what points nowhere. */
static __attribute__((noinline)) void use_the_stack(void)
{
    volatile unsigned char bytes[16384];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = 0x5a;
}

/* And nobody has written to it, when those that were left are told. */
static __attribute__((noinline)) void on_a_used_stack(void (*tell)(void))
{
    volatile unsigned char bytes[16384];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = 0x5a;
    tell();
    for (size_t i = 0; i < sizeof bytes; i++)
        CHECK(bytes[i] == 0x5a);
}

static void deliver_all(void)
{
    for (int i = 0; i < MOST; i++)
        CHECK(asynchron_set_bytes(all[i], "x", 1) == ASYNCHRON_OK);
}

static void leave_wait_any(size_t n)
{
    for (int i = 0; i < MOST; i++)
        CHECK((all[i] = asynchron_create(NULL)) != NULL);
    if (sigsetjmp(outside, 1) == 0) {
        armed = true; /* It does not return. */
        CHECK(asynchron_wait_any(all, n, ASYNCHRON_FOREVER, NULL) == ASYNCHRON_PENDING);
    }
    use_the_stack();
    /* Others wait as ever. */
    CHECK(asynchron_wait_any(all, n, 1000, NULL) == ASYNCHRON_TIMEOUT);
    on_a_used_stack(deliver_all);
    CHECK(asynchron_wait_any(all, n, ASYNCHRON_FOREVER, NULL) == ASYNCHRON_OK);
    for (int i = 0; i < MOST; i++)
        asynchron_release(all[i]);
}

static asynchron_report_t *report;

static void *take_one(void *unused)
{
    asynchron_item_t item;
    CHECK(asynchron_report_next(report, ASYNCHRON_FOREVER, &item) == ASYNCHRON_OK);
    asynchron_release(item.asynchron);
    return unused;
}

static void deliver_two(void)
{
    for (int i = 0; i < 2; i++)
        CHECK(asynchron_set_bytes(all[i], "x", 1) == ASYNCHRON_OK);
}

static void leave_next(void)
{
    asynchron_item_t item;
    pthread_t others[2];

    for (int i = 0; i < 2; i++)
        CHECK((all[i] = asynchron_create(NULL)) != NULL);
    CHECK((report = asynchron_report_create(all, 2)) != NULL);
    if (sigsetjmp(outside, 1) == 0) {
        armed = true; /* It does not return. */
        CHECK(asynchron_report_next(report, ASYNCHRON_FOREVER, &item) == ASYNCHRON_PENDING);
    }
    use_the_stack();
    /* The one that vanished takes no item from those that wait. */
    for (int i = 0; i < 2; i++)
        CHECK(pthread_create(&others[i], NULL, take_one, NULL) == 0);
    on_a_used_stack(deliver_two);
    for (int i = 0; i < 2; i++) {
        pthread_join(others[i], NULL);
        asynchron_release(all[i]);
    }
    CHECK(asynchron_report_next(report, ASYNCHRON_FOREVER, &item) == ASYNCHRON_END);
    asynchron_report_release(report);
}

static void run_until_told(asynchron_t *a, void *ctx)
{
    (void)a, (void)ctx;
    running = true;
    while (!finish)
        usleep(50);
}

static void *deliver_first(void *a)
{
    CHECK(asynchron_set_bytes(a, NULL, 0) == ASYNCHRON_OK);
    return NULL;
}

static pthread_t deliverer;

static void let_it_finish(void)
{
    finish = true;
    pthread_join(deliverer, NULL);
}

static void leave_unnotify(void)
{
    asynchron_t *a = asynchron_create(NULL);
    asynchron_notify_options_t options = { .size = sizeof options, .fn = run_until_told };
    uint64_t token;

    CHECK(a != NULL);
    CHECK(asynchron_notify_with(a, &options, &token) == ASYNCHRON_OK);
    running = finish = false;
    CHECK(pthread_create(&deliverer, NULL, deliver_first, a) == 0);
    while (!running)
        usleep(50);
    if (sigsetjmp(outside, 1) == 0) {
        armed = true; /* It does not return. */
        CHECK(asynchron_unnotify(a, token) == ASYNCHRON_PENDING);
    }
    use_the_stack();
    on_a_used_stack(let_it_finish);
    asynchron_release(a);
}

int main(int argc, char **argv)
{
    struct sigaction action;
    pthread_t ringer;
    int rounds = argc > 1 ? atoi(argv[1]) : 1000;

    memset(&action, 0, sizeof action);
    action.sa_handler = leave;
    CHECK(sigaction(SIGALRM, &action, NULL) == 0);
    waiter = pthread_self();
    waiter_id = (pid_t)syscall(SYS_gettid);
    CHECK(pthread_create(&ringer, NULL, ring, NULL) == 0);
    for (int i = 0; i < rounds; i++) {
        leave_wait_any(i % 2 == 0 ? 2 : MOST);
        leave_next();
        leave_unnotify();
    }
    _exit(0);
}
