/*
 * What a call waits for where 100,000 callbacks are registered on one asynchron, and two threads take back the oldest
 * of theirs and register others all the time: beside a pthread_mutex around the same list, from which one is taken in
 * constant time.
 *
 *     fair [EFFORT]    so many tenths of the rounds; 10 unless given. With 0 it only tries.
 *
 * Most of such a call's time is spent waiting for the lock, or for a processor: one call in ten takes twenty times as
 * long as the others, and they make most of the mean. So it wants many rounds. The goals: in the mean at most twice as
 * long as with the mutex, in the same run, and never over 10 ms.
 */
#include "harness.h"

#include "asynchron.h"

#define CHURNERS 2
#define ROUNDS 400
#define CALLS 50
#define MOST_NS 10e6

static void nothing(asynchron_t *a, void *ctx)
{
    (void)a, (void)ctx;
}

/* ---- the two ---- */

typedef uint64_t token;

struct contestant {
    const char *name;
    void *(*create)(void);
    int (*add)(void *, token *); /* false: complete already */
    void (*take_back)(void *, token);
    void (*set)(void *);
    void (*release)(void *);
};

static void *a_create(void)
{
    return asynchron_create(NULL);
}

static int a_add(void *a, token *t)
{
    asynchron_notify_options_t options = {
        .size = sizeof options, .fn = nothing, .flags = ASYNCHRON_NOTIFY_IF_PENDING};
    asynchron_status_t status = asynchron_notify_with((asynchron_t *)a, &options, t);
    must(status == ASYNCHRON_OK || status == ASYNCHRON_ALREADY, "notify_with");
    return status == ASYNCHRON_OK;
}

static void a_take_back(void *a, token t)
{
    asynchron_status_t status = asynchron_unnotify((asynchron_t *)a, t);
    must(status == ASYNCHRON_OK || status == ASYNCHRON_ALREADY, "unnotify");
}

static void a_set(void *a)
{
    must(asynchron_set_bytes((asynchron_t *)a, "x", 1) == ASYNCHRON_OK, "set_bytes");
}

static void a_release(void *a)
{
    asynchron_release((asynchron_t *)a);
}

struct node {
    struct node *prev, *next;
    void (*fn)(asynchron_t *, void *);
    void *ctx;
};

struct locked {
    pthread_mutex_t lock;
    int complete;
    struct node all; /* a ring */
};

static void *m_create(void)
{
    struct locked *m = malloc(sizeof *m);
    must(m != NULL, "memory");
    pthread_mutex_init(&m->lock, NULL);
    m->complete = 0;
    m->all.prev = m->all.next = &m->all;
    return m;
}

static int m_add(void *of, token *t)
{
    struct locked *m = of;
    struct node *node = malloc(sizeof *node);
    must(node != NULL, "memory");
    node->fn = nothing;
    node->ctx = NULL;
    pthread_mutex_lock(&m->lock);
    int complete = m->complete;
    if (!complete) {
        node->prev = m->all.prev;
        node->next = &m->all;
        node->prev->next = node->next->prev = node;
    }
    pthread_mutex_unlock(&m->lock);
    if (complete)
        free(node);
    else
        *t = (token)(uintptr_t)node;
    return !complete;
}

static void m_take_back(void *of, token t)
{
    struct locked *m = of;
    struct node *node = (struct node *)(uintptr_t)t;
    pthread_mutex_lock(&m->lock);
    int complete = m->complete;
    if (!complete) {
        node->prev->next = node->next;
        node->next->prev = node->prev;
    }
    pthread_mutex_unlock(&m->lock);
    if (!complete)
        free(node);
}

static void m_set(void *of)
{
    struct locked *m = of;
    pthread_mutex_lock(&m->lock);
    m->complete = 1;
    pthread_mutex_unlock(&m->lock);
    for (struct node *node = m->all.next; node != &m->all;) {
        struct node *next = node->next;
        node->fn(NULL, node->ctx);
        free(node);
        node = next;
    }
}

static void m_release(void *of)
{
    struct locked *m = of;
    pthread_mutex_destroy(&m->lock);
    free(m);
}

static const struct contestant contestants[2] = {
    {"asynchron", a_create, a_add, a_take_back, a_set, a_release},
    {"mutex", m_create, m_add, m_take_back, m_set, m_release},
};

/* ---- a round ---- */

static struct {
    const struct contestant *c;
    void *of;
    size_t held; /* by each that churns */
    uint32_t churning;
} now_on;

/* Registers its share, then one more and takes its oldest back, until it is complete; says when it first saw that. */
static void *churn(void *seen)
{
    const struct contestant *c = now_on.c;
    size_t n = 0, most = now_on.held;
    token *held = malloc(most * sizeof *held);
    must(held != NULL, "memory");
    while (c->add(now_on.of, &held[n % most])) {
        n++;
        if (n == most)
            __atomic_fetch_add(&now_on.churning, 1, __ATOMIC_RELEASE);
        if (n >= most)
            c->take_back(now_on.of, held[n % most]);
    }
    *(double *)seen = now();
    free(held);
    return NULL;
}

enum { NOTIFY, UNNOTIFY, SET, KINDS };
static const char *const kinds[KINDS] = {"notify_with", "unnotify", "set_bytes, until it is seen"};

static struct figures {
    double *all, sum;
    size_t n, room;
} figures[2][KINDS];

static void note(int which, int kind, double ns)
{
    struct figures *f = &figures[which][kind];
    if (f->n == f->room) {
        f->room = f->room ? f->room * 2 : 1000;
        f->all = realloc(f->all, f->room * sizeof *f->all);
        must(f->all != NULL, "memory");
    }
    f->all[f->n++] = ns;
    f->sum += ns;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void play(int which, size_t registered, size_t calls)
{
    const struct contestant *c = &contestants[which];
    pthread_t threads[CHURNERS];
    double seen[CHURNERS], first, begun;
    token t;

    now_on.c = c;
    now_on.of = c->create();
    now_on.held = registered / CHURNERS;
    now_on.churning = 0;
    for (int i = 0; i < CHURNERS; i++)
        threads[i] = start(i % 2, churn, &seen[i]);
    while (__atomic_load_n(&now_on.churning, __ATOMIC_ACQUIRE) < CHURNERS)
        usleep(100);
    for (size_t i = 0; i < calls; i++) {
        usleep(50);
        double before = now();
        must(c->add(now_on.of, &t), "add");
        double between = now();
        c->take_back(now_on.of, t);
        double after = now();
        note(which, NOTIFY, between - before);
        note(which, UNNOTIFY, after - between);
    }
    usleep(50);
    begun = now();
    c->set(now_on.of);
    for (int i = 0; i < CHURNERS; i++)
        pthread_join(threads[i], NULL);
    first = seen[0];
    for (int i = 1; i < CHURNERS; i++)
        first = seen[i] < first ? seen[i] : first;
    note(which, SET, first - begun);
    c->release(now_on.of);
}

int main(int argc, char **argv)
{
    int met = 1;
    effort = argc > 1 ? atof(argv[1]) / 10 : 1;
    place(2);
    for (size_t round = 0; round < share(ROUNDS) + 1; round++)
        for (size_t i = 0; i < 2; i++)
            play((int)((round + i) % 2), share(100000), share(CALLS) + 1);
    printf("%zu callbacks registered, %d threads that register and take back; nanoseconds\n", share(100000), CHURNERS);
    printf("%-28s %-10s %10s %10s %12s\n", "", "", "mean", "middle", "worst");
    for (int kind = 0; kind < KINDS; kind++) {
        double mean[2], worst[2];
        for (int which = 0; which < 2; which++) {
            const struct figures *f = &figures[which][kind];
            qsort(f->all, f->n, sizeof *f->all, by_size);
            mean[which] = f->sum / (double)f->n;
            worst[which] = f->all[f->n - 1];
            printf("%-28s %-10s %10.0f %10.0f %12.0f\n", kinds[kind], contestants[which].name, mean[which],
                   f->all[f->n / 2], worst[which]);
            free(f->all);
        }
        printf("%-28s %-10s %10.2f\n", "", "ratio", mean[0] / mean[1]);
        met = met && mean[0] <= 2 * mean[1] && worst[0] <= MOST_NS;
    }
    printf("at most twice as long in the mean, and never over 10 ms: %s\n", met ? "met" : "missed");
    return 0;
}
