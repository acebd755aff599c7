/* A program that reads its signals from a descriptor, having blocked them first: none is taken by a background thread
 * instead. Those that it does not block but handles come to its own thread, unless a runtime might use them. */
#define _GNU_SOURCE
#include <asynchron.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define CHECK(condition) \
    do { if (!(condition)) { fprintf(stderr, "line %d: %s\n", __LINE__, #condition); _exit(1); } } while (0)

static pthread_t first;
static volatile sig_atomic_t here, elsewhere;

static void count(int number)
{
    (void)number;
    if (pthread_equal(pthread_self(), first))
        here++;
    else
        elsewhere++;
}

static int32_t hold(asynchron_t *self, void *until)
{
    (void)self;
    return asynchron_wait(until, ASYNCHRON_FOREVER);
}

int main(void)
{
    const int read_ones[] = { SIGUSR1, SIGUSR2, SIGPWR, SIGXCPU, SIGURG, SIGRTMIN, SIGRTMAX, SIGCHLD };
    const int handled[] = { SIGTERM, SIGINT, SIGHUP, SIGALRM, SIGIO };
    enum { TASKS = 4 };
    asynchron_t *tasks[TASKS], *end = asynchron_create(NULL);
    struct sigaction action = { .sa_handler = count };
    struct signalfd_siginfo info;
    sigset_t set;
    int fd;

    first = pthread_self();
    sigemptyset(&set);
    for (size_t i = 0; i < sizeof read_ones / sizeof *read_ones; i++)
        sigaddset(&set, read_ones[i]);
    CHECK(pthread_sigmask(SIG_BLOCK, &set, NULL) == 0);
    CHECK((fd = signalfd(-1, &set, SFD_CLOEXEC)) >= 0);
    for (size_t i = 0; i < sizeof handled / sizeof *handled; i++)
        CHECK(sigaction(handled[i], &action, NULL) == 0);
    for (int i = 0; i < TASKS; i++) {
        tasks[i] = asynchron_create(NULL);
        CHECK(asynchron_spawn(tasks[i], hold, end, NULL) == ASYNCHRON_OK);
    }
    while (asynchron_state(tasks[TASKS - 1]) != ASYNCHRON_STATE_RUNNING)
        usleep(1000);
    for (int round = 0; round < 200; round++) {
        for (size_t i = 0; i < sizeof read_ones / sizeof *read_ones; i++) {
            CHECK(kill(getpid(), read_ones[i]) == 0);
            CHECK(read(fd, &info, sizeof info) == sizeof info);
            CHECK(info.ssi_signo == (unsigned)read_ones[i]);
        }
        for (size_t i = 0; i < sizeof handled / sizeof *handled; i++)
            CHECK(kill(getpid(), handled[i]) == 0);
    }
    CHECK(elsewhere == 0 && here > 0);
    CHECK(asynchron_set_bytes(end, NULL, 0) == ASYNCHRON_OK);
    CHECK(asynchron_wait_all(tasks, TASKS, ASYNCHRON_FOREVER) == ASYNCHRON_OK);
    for (int i = 0; i < TASKS; i++)
        asynchron_release(tasks[i]);
    asynchron_release(end);
    return 0;
}
