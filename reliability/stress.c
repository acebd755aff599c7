/* stress [SECONDS] [SEED] [THREADS]: many threads do everything to shared asynchrons, at random.
 *
 * At the end an account balances: every delivery was won once, every callback ran once or was taken back, every drop
 * ran once, every waiter returned, nothing is left. Exit status 0: it does; 1: it does not, or a promise was seen
 * broken, with a line for each; 3: a thread made no progress for 30 seconds. The seed gives each thread its sequence
 * of calls; how they fall together is the machine's. */
#define _POSIX_C_SOURCE 200809L
#include "stress/act.h"
#include "stress/balance.h"
#include <unistd.h>

enum { MOST_THREADS = 256, WATCHDOG_SECONDS = 30 };

static struct worker workers[MOST_THREADS], first_thread;
static unsigned thread_count = 6;
static double seconds = 10;
static atomic_bool finished;
static unsigned long rounds;

static void *run(void *p)
{
    unsigned i;
    me = p;
    while (!atomic_load_explicit(&stopping, memory_order_relaxed)) {
        asynchron_t *a = grab();
        doing("calls at random");
        if (one_in(200))
            replace_board(make_board(one_in(2)));
        else if (one_in(8))
            use_ticket(a);
        else
            anything(a);
        let_go(a);
    }
    doing("takes back its callbacks");
    for (i = 0; i < TOKENS; i++)
        while (tickets[i].a != NULL && !take_back(&tickets[i], true))
            sleep_ns(1000);
    atomic_store_explicit(&me->over, true, memory_order_relaxed);
    return NULL;
}

struct watched {
    struct worker *worker;
    unsigned long steps;
    unsigned still; /* half seconds without a step */
};

/* Counts its own naps, not the clock: a machine that was asleep is no fault. */
static void *watch(void *p)
{
    static struct watched all[MOST_THREADS + RUNNERS + 3];
    unsigned n = 0, i;
    (void)p;
    for (i = 0; i < thread_count; i++)
        all[n++].worker = &workers[i];
    all[n++].worker = &finisher.worker;
    all[n++].worker = &courier.worker;
    for (i = 0; i < RUNNERS; i++)
        all[n++].worker = &runners[i].worker;
    all[n++].worker = &first_thread;
    while (!atomic_load_explicit(&finished, memory_order_relaxed)) {
        sleep_ns(500000000);
        for (i = 0; i < n; i++) {
            struct watched *one = &all[i];
            unsigned long steps = atomic_load_explicit(&one->worker->steps, memory_order_relaxed);
            bool over = atomic_load_explicit(&one->worker->over, memory_order_relaxed);
            one->still = over || steps != one->steps ? 0 : one->still + 1;
            one->steps = steps;
            if (one->still > 2 * WATCHDOG_SECONDS) {
                const char *what = atomic_load_explicit(&one->worker->doing, memory_order_relaxed);
                fprintf(stderr, "stress: no progress for %d s: thread %u of %u %s; seed %llu\n", WATCHDOG_SECONDS,
                        i + 1, n, what, (unsigned long long)seed);
                _exit(3);
            }
        }
    }
    return NULL;
}

/* What background threads still have to do ends by itself. Waits for it as long as anything moves. */
static void settle(bool (*done)(void))
{
    long before = -1, now;
    unsigned still = 0;
    for (; still < 10 * 20 && !done(); still++) {
        now = total(HANDLES_GONE) + total(CONTEXTS_GONE) + total(BOXES_GONE) + total(WAITS_OVER) + total(EXECUTORS_GONE);
        if (now != before)
            still = 0;
        before = now;
        doing("waits for the background threads");
        sleep_ns(100000000);
    }
}

static bool tasks_are_over(void)
{
    return total(SPAWNED) == total(SPAWNED_GONE);
}

static bool all_is_balanced(void)
{
    return unbalanced(false) == 0;
}

static void fill_up(void)
{
    unsigned i;
    for (i = 0; i < SLOTS; i++)
        shared.slots[i] = make(GUARDED);
    for (i = 0; i < BOARDS; i++)
        shared.boards[i] = make_board(i % 2 == 0);
    for (i = 0; i < PLACES; i++)
        shared.places[i] = make_place();
}

/* Leaves nothing behind; what completes here still calls back. */
static void clear_up(void)
{
    unsigned i;
    settle(tasks_are_over);
    close_server(&finisher);
    close_server(&courier);
    settle(tasks_are_over);
    if (offered.a != NULL && !take_back(&offered, false))
        fault("a callback runs that no thread is left to run");
    for (i = 0; i < PROMISES; i++)
        give_up(shared.promises[i]);
    for (i = 0; i < PLACES; i++) {
        shut(shared.places[i]);
        leave_place(shared.places[i]);
    }
    for (i = 0; i < BOARDS; i++)
        leave_board(shared.boards[i]);
    for (i = 0; i < SLOTS; i++)
        let_go(shared.slots[i]);
    settle(all_is_balanced);
    close_runners();
}

static void start(pthread_t *thread, void *(*body)(void *), void *argument)
{
    if (pthread_create(thread, NULL, body, argument) != 0) {
        perror("stress: pthread_create");
        exit(2);
    }
}

int main(int argc, char **argv)
{
    static pthread_t threads[MOST_THREADS];
    pthread_t watchdog;
    uint64_t begun;
    unsigned i;

    if (argc > 1)
        seconds = atof(argv[1]);
    seed = argc > 2 ? strtoull(argv[2], NULL, 0) : now_ns() ^ (uint64_t)getpid() << 32;
    if (argc > 3)
        thread_count = (unsigned)strtoul(argv[3], NULL, 10);
    if (seconds <= 0 || thread_count < 1 || thread_count > MOST_THREADS) {
        fprintf(stderr, "usage: stress [SECONDS] [SEED] [THREADS]\n");
        return 2;
    }
    printf("stress: %g s, seed %llu, %u threads\n", seconds, (unsigned long long)seed, thread_count);
    fflush(stdout);

    me = &first_thread;
    begun = now_ns();
    open_server(&finisher);
    open_server(&courier);
    open_runners();
    fill_up();
    for (i = 0; i < thread_count; i++)
        start(&threads[i], run, &workers[i]);
    start(&watchdog, watch, NULL);
    while ((double)(now_ns() - begun) < seconds * 1e9) {
        doing("lets the others run");
        sleep_ns(50000000);
    }
    atomic_store(&stopping, true);
    for (i = 0; i < thread_count; i++) {
        while (!atomic_load(&workers[i].over)) { /* the watchdog has an eye on that one */
            doing("waits for the others to end");
            sleep_ns(1000000);
        }
        pthread_join(threads[i], NULL);
    }
    clear_up();
    atomic_store(&finished, true);
    pthread_join(watchdog, NULL);

    for (i = 0; i < thread_count; i++)
        rounds += atomic_load(&workers[i].steps);
    printf("stress: %lu rounds in %.1f s\n", rounds, (double)(now_ns() - begun) / 1e9);
    print_ledger();
    i = unbalanced(true);
    puts(i == 0 ? "stress: the account balances" : "stress: FAILED");
    return i == 0 ? 0 : 1;
}
