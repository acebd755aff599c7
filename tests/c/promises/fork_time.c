/* What was armed before a fork holds in the child, whatever the child calls first: a wait, a look at the state, or a
   deadline of its own. While threads of the parent arm and disarm as fast as they can, again and again. A child that
   hangs is ended by its alarm. */
#include <asynchron.h>
#include <dirent.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CHECK(condition) \
    do { if (!(condition)) { fprintf(stderr, "line %d: %s\n", __LINE__, #condition); _exit(1); } } while (0)

#define MS UINT64_C(1000000)

enum { ARMERS = 4, FORKS = 60 };

static atomic_int stop;

static void *arm_and_disarm(void *unused)
{
    asynchron_t *mine = asynchron_create(NULL);

    while (!stop) {
        CHECK(asynchron_expire_after(mine, 5000 * MS) == ASYNCHRON_OK);
        CHECK(asynchron_expire_after(mine, ASYNCHRON_FOREVER) == ASYNCHRON_OK);
    }
    asynchron_release(mine);
    return unused;
}

static void nap(void)
{
    struct timespec moment = { 0, 1000000 };

    nanosleep(&moment, NULL);
}

static void look(int how, asynchron_t *a, asynchron_t *timer)
{
    asynchron_t *all[] = { a, timer }, *own;
    size_t index;

    switch (how) {
    case 0:
        CHECK(asynchron_wait(a, ASYNCHRON_FOREVER) == ASYNCHRON_OK);
        break;
    case 1:
        while (asynchron_poll(a) == ASYNCHRON_PENDING)
            nap();
        break;
    case 2:
        while (asynchron_state(timer) == ASYNCHRON_STATE_PENDING)
            nap();
        break;
    case 3:
        CHECK(asynchron_wait_any(all, 2, ASYNCHRON_FOREVER, &index) == ASYNCHRON_OK);
        break;
    default:
        own = asynchron_create(NULL);
        CHECK(asynchron_expire_after(own, 60000 * MS) == ASYNCHRON_OK);
        asynchron_release(own);
        break;
    }
    CHECK(asynchron_wait(a, ASYNCHRON_FOREVER) == ASYNCHRON_OK);
    CHECK(asynchron_poll(a) == ASYNCHRON_FAILED);
    CHECK(asynchron_get(timer, NULL) == ASYNCHRON_OK);
}

/* Also in a child's child. */
static void in_child(int how, int depth)
{
    asynchron_t *a = asynchron_create(NULL), *timer = asynchron_timer(20 * MS);
    int status;
    pid_t child;

    CHECK(asynchron_expire_after(a, 15 * MS) == ASYNCHRON_OK);
    child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        alarm(60);
        if (depth > 1)
            in_child(how, depth - 1);
        look(how, a, timer);
        _exit(0);
    }
    look(how, a, timer);
    asynchron_release(a);
    asynchron_release(timer);
    CHECK(waitpid(child, &status, 0) == child && status == 0);
}

static int threads(void)
{
    DIR *tasks = opendir("/proc/self/task");
    struct dirent *task;
    int count = 0;

    CHECK(tasks);
    while ((task = readdir(tasks)))
        count += task->d_name[0] != '.';
    closedir(tasks);
    return count;
}

/* A child that looks at nothing has no other thread. */
static void one_thread(void)
{
    asynchron_t *a = asynchron_create(NULL);
    int status;
    pid_t child;

    CHECK(asynchron_expire_after(a, MS) == ASYNCHRON_OK);
    child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        for (int i = 0; i < 20; i++)
            nap();
        CHECK(threads() == 1);
        _exit(0);
    }
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    CHECK(asynchron_wait(a, ASYNCHRON_FOREVER) == ASYNCHRON_OK);
    asynchron_release(a);
}

int main(void)
{
    pthread_t armers[ARMERS];

    one_thread();
    for (int i = 0; i < ARMERS; i++)
        CHECK(pthread_create(&armers[i], NULL, arm_and_disarm, NULL) == 0);
    for (int i = 0; i < FORKS; i++)
        in_child(i % 5, i % 12 == 0 ? 3 : 1);
    stop = 1;
    for (int i = 0; i < ARMERS; i++)
        CHECK(pthread_join(armers[i], NULL) == 0);
    return 0;
}
