/* While a call asks for memory, or gives some back, it holds no lock of the library: another thread meanwhile goes
 * through calls on the same objects, and for that it is waited for. */
#include <asynchron.h>
#include <pthread.h>
#include <semaphore.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define CHECK(condition) \
    do { if (!(condition)) { fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); exit(1); } } while (0)

/* More than there is room for in the pool's first chunk, and in a report's. */
enum { MANY = 300 };

static asynchron_t *source;
static asynchron_report_t *report;
static sem_t asked, answered;
/* Only the thread that is watched lets the other one go through its calls. */
static _Thread_local int watched;
static long times;

static void let_the_other_go_through(void)
{
    if (!watched)
        return;
    watched = 0;
    times++;
    sem_post(&asked);
    while (sem_wait(&answered) != 0)
        ;
    watched = 1;
}

extern void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t), *__libc_realloc(void *, size_t);
extern void __libc_free(void *);

void *malloc(size_t n)
{
    let_the_other_go_through();
    return __libc_malloc(n);
}

void *calloc(size_t n, size_t each)
{
    let_the_other_go_through();
    return __libc_calloc(n, each);
}

void *realloc(void *p, size_t n)
{
    let_the_other_go_through();
    return __libc_realloc(p, n);
}

void free(void *p)
{
    let_the_other_go_through();
    __libc_free(p);
}

static int32_t nothing(asynchron_t *self, void *ctx)
{
    (void)self, (void)ctx;
    return 0;
}

static int32_t no_step(asynchron_t *self, asynchron_t *const *sources, size_t n, void *ctx)
{
    (void)self, (void)sources, (void)n, (void)ctx;
    return 0;
}

static void told(asynchron_t *a, void *ctx)
{
    (void)a, (void)ctx;
}

static uint64_t register_one(void)
{
    asynchron_notify_options_t options = {.size = sizeof options, .fn = told};
    uint64_t token;
    CHECK(asynchron_notify_with(source, &options, &token) == ASYNCHRON_OK);
    return token;
}

static void spawn_one(void)
{
    asynchron_t *a = asynchron_create("a name");
    CHECK(asynchron_spawn(a, nothing, NULL, NULL) == ASYNCHRON_OK);
    asynchron_release(a);
}

static void add_one(void)
{
    asynchron_t *a = asynchron_create(NULL);
    CHECK(asynchron_report_add(report, a, NULL) == ASYNCHRON_OK);
    asynchron_set_bytes(a, "x", 1);
    asynchron_release(a);
}

static void take_one(void)
{
    asynchron_item_t item;
    if (asynchron_report_next(report, 0, &item) == ASYNCHRON_OK)
        asynchron_release(item.asynchron);
}

static void *go_through(void *unused)
{
    for (;;) {
        while (sem_wait(&asked) != 0)
            ;
        spawn_one();
        asynchron_unnotify(source, register_one());
        add_one();
        take_one();
        sem_post(&answered);
    }
    return unused;
}

int main(void)
{
    static uint64_t tokens[MANY];
    pthread_t other;
    sem_init(&asked, 0, 0);
    sem_init(&answered, 0, 0);
    source = asynchron_create(NULL);
    report = asynchron_report_create(NULL, 0);
    CHECK(source != NULL && report != NULL && pthread_create(&other, NULL, go_through, NULL) == 0);
    watched = 1;
    for (int i = 0; i < MANY; i++)
        spawn_one();
    for (int i = 0; i < MANY; i++)
        tokens[i] = register_one();
    for (int i = 0; i < MANY; i += 2)
        asynchron_unnotify(source, tokens[i]);
    for (int i = 0; i < MANY; i++)
        add_one();
    CHECK(asynchron_report_remove(report, source) != ASYNCHRON_OK);
    for (int i = 0; i < MANY; i++) {
        asynchron_t *into = asynchron_then(source, NULL, no_step, NULL, NULL);
        if (i % 2 == 0)
            asynchron_cancel(into);
        asynchron_release(into);
    }
    for (int i = 0; i < MANY; i++)
        take_one();
    CHECK(asynchron_set_bytes(source, "x", 1) == ASYNCHRON_OK);
    watched = 0;
    CHECK(times > 5 * MANY);
    return 0;
}
