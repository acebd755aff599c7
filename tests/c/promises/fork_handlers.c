/* Handlers of the program's own (pthread_atfork) that use the library, in all three positions, while other threads use
 * it, too. Not linked to the library: loads it from the path given.
 *
 *     fork_handlers LIBRARY WHEN
 *
 * WHEN the handlers are registered: before the library is "loaded", before it is "used", or "after" that. Whoever hangs is
 * ended by its alarm.
 */
#define _GNU_SOURCE
#include <asynchron.h>
#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHECK(condition) \
    do { if (!(condition)) { fprintf(stderr, "%s, line %d: %s\n", where, __LINE__, #condition); _exit(1); } } while (0)

#define MS UINT64_C(1000000)

enum { FORKS = 40, BUSY = 3 };

#define FUNCTIONS(X) \
    X(create) X(release) X(set_bytes) X(get) X(wait) X(poll) X(notify) X(spawn) X(expire_after) X(timer) \
    X(executor_create) X(executor_release) X(executor_shutdown) X(spawn_on) X(call)

#define DECLARE(name) static __typeof__(asynchron_##name) *p_##name;
FUNCTIONS(DECLARE)

static _Thread_local const char *where = "the program";
static int early; /* the library's handlers are within those of the program's */
static int round_number;
static atomic_int stop;
static asynchron_executor_t *of_parent;
static asynchron_t *expires; /* armed just before the fork */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER; /* of the handlers, as programs have them */

static void count(asynchron_t *a, void *ctx) { (void)a, ++*(int *)ctx; }
static int32_t seven(asynchron_t *self, void *ctx) { (void)ctx; return p_set_bytes(self, "seven", 5); }

static void *run(asynchron_executor_t *on)
{
    asynchron_t *a = p_create(NULL);
    asynchron_value_t value;

    CHECK(a != NULL);
    if (on != NULL)
        CHECK(p_spawn_on(on, a, seven, NULL, NULL) == ASYNCHRON_OK);
    else
        CHECK(p_spawn(a, seven, NULL, NULL) == ASYNCHRON_OK);
    CHECK(p_get(a, &value) == ASYNCHRON_OK && value.len == 5);
    p_release(a);
    return NULL;
}

/* All that needs no time to pass. */
static void use(void)
{
    asynchron_executor_options_t options = { .size = sizeof options, .threads = 2 };
    asynchron_executor_t *own;
    asynchron_t *a = p_create("a name"), *b = p_create(NULL);
    int called = 0;

    CHECK(a != NULL && b != NULL);
    CHECK(p_expire_after(a, 60000 * MS) == ASYNCHRON_OK);
    CHECK(p_expire_after(a, 90000 * MS) == ASYNCHRON_OK);
    CHECK(p_notify(a, count, &called) == ASYNCHRON_OK);
    CHECK(p_set_bytes(a, "value", 5) == ASYNCHRON_OK && called == 1);
    CHECK(p_get(a, NULL) == ASYNCHRON_OK);
    CHECK(p_expire_after(b, 60000 * MS) == ASYNCHRON_OK);
    CHECK(p_expire_after(b, ASYNCHRON_FOREVER) == ASYNCHRON_OK);
    CHECK(p_call(b, seven, NULL) == ASYNCHRON_OK && p_get(b, NULL) == ASYNCHRON_OK);
    p_release(a);
    p_release(b);
    run(NULL);
    run(of_parent);
    CHECK(p_executor_create(&options, &own) == ASYNCHRON_OK);
    run(own);
    CHECK(p_executor_shutdown(own, 0, ASYNCHRON_FOREVER) == ASYNCHRON_OK);
    p_executor_release(own);
}

static void let_time_pass(void)
{
    asynchron_t *timer = p_timer(2 * MS), *a = p_create(NULL), *never = p_create(NULL);

    CHECK(timer != NULL && a != NULL && never != NULL);
    CHECK(p_expire_after(a, MS) == ASYNCHRON_OK);
    CHECK(p_wait(never, MS) == ASYNCHRON_TIMEOUT);
    CHECK(p_get(timer, NULL) == ASYNCHRON_OK);
    CHECK(p_get(a, NULL) == ASYNCHRON_FAILED);
    p_release(timer);
    p_release(a);
    p_release(never);
}

static void before(void)
{
    where = "before the fork";
    pthread_mutex_lock(&mutex);
    use();
    if (!early)
        let_time_pass();
    CHECK(p_expire_after(expires, 20 * MS) == ASYNCHRON_OK);
}

static void in_parent(void)
{
    where = "in the parent";
    use();
    if (!early)
        let_time_pass();
    pthread_mutex_unlock(&mutex);
    where = "the program";
}

static void in_child(void)
{
    where = "in the child";
    alarm(60);
    stop = 1;
    /* What comes first differs. */
    if (round_number % 3 == 0)
        CHECK(p_get(expires, NULL) == ASYNCHRON_FAILED);
    if (round_number % 3 == 1)
        while (p_poll(expires) == ASYNCHRON_PENDING)
            usleep(100);
    use();
    let_time_pass();
    CHECK(p_get(expires, NULL) == ASYNCHRON_FAILED);
    pthread_mutex_unlock(&mutex);
    where = "the child";
}

/* Sometimes under the lock that the handlers take; not if they are early: then the thread that forks has the clock and
 * waits for that lock. */
static void *busy(void *unused)
{
    where = "a thread";
    while (!stop) {
        asynchron_t *a = p_create(NULL);

        if (!early) {
            pthread_mutex_lock(&mutex);
            CHECK(p_expire_after(a, 5000 * MS) == ASYNCHRON_OK);
            CHECK(p_expire_after(a, ASYNCHRON_FOREVER) == ASYNCHRON_OK);
            pthread_mutex_unlock(&mutex);
        }
        CHECK(p_expire_after(a, 5000 * MS) == ASYNCHRON_OK);
        p_release(a);
        run(NULL);
        run(of_parent);
    }
    return unused;
}

static void fork_once(void)
{
    int status;
    pid_t child;

    CHECK((expires = p_create(NULL)) != NULL);
    child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        use();
        let_time_pass();
        CHECK(p_get(expires, NULL) == ASYNCHRON_FAILED);
        if (round_number % 8 == 0) {
            round_number++;
            fork_once();
        }
        _exit(0);
    }
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(status == 0);
    CHECK(p_get(expires, NULL) == ASYNCHRON_FAILED);
    p_release(expires);
}

static void load(const char *path)
{
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);

    CHECK(library != NULL);
#define FIND(name) *(void **)&p_##name = dlsym(library, "asynchron_" #name); CHECK(p_##name != NULL);
    FUNCTIONS(FIND)
}

int main(int argc, char **argv)
{
    asynchron_executor_options_t options = { .size = sizeof options, .threads = 2 };
    pthread_t threads[BUSY];
    const char *when = argc == 3 ? argv[2] : "";

    alarm(100);
    early = strcmp(when, "loaded") == 0;
    if (early)
        CHECK(pthread_atfork(before, in_parent, in_child) == 0);
    load(argv[1]);
    if (strcmp(when, "used") == 0)
        CHECK(pthread_atfork(before, in_parent, in_child) == 0);
    CHECK(p_executor_create(&options, &of_parent) == ASYNCHRON_OK);
    if (strcmp(when, "after") == 0) {
        use();
        let_time_pass();
        CHECK(pthread_atfork(before, in_parent, in_child) == 0);
    }
    /* The first of all calls that need a clock or a thread may be those in a handler. */
    for (round_number = 0; round_number < 6; round_number++)
        fork_once();
    for (int i = 0; i < BUSY; i++)
        CHECK(pthread_create(&threads[i], NULL, busy, NULL) == 0);
    for (; round_number < FORKS; round_number++)
        fork_once();
    stop = 1;
    for (int i = 0; i < BUSY; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    p_executor_release(of_parent);
    return 0;
}
