/*
 * The workloads over one future at a time, over what a contestant says of itself before:
 *
 *     typedef ... future;
 *     static future *create(size_t room);                   room for so many bytes
 *     static void set(future *, const void *, size_t);      overtaken by a waiter that releases it
 *     static void get(future *, void *, size_t);            blocks
 *     static void release(future *);
 *     static void notify(future *, callback, void *ctx);    with HAS_NOTIFY
 *     static void memory(void);                             with MEMORY_OF_ITS_OWN
 *     static future *create_reserved(size_t room);          with HAS_RESERVE: the room is in what is created
 */
#include "harness.h"

/* ---- lifecycle: create, set, get, release ---- */

static void lifecycle_ops(size_t ops)
{
    for (size_t i = 0; i < ops; i++) {
        uint64_t got = 0, value = i;
        future *f = create(sizeof value);
        SEEN(f);
        set(f, &value, sizeof value);
        SEEN(f);
        get(f, &got, sizeof got);
        must(got == i, "value");
        release(f);
    }
}

/* Inlined, as if written twice. */
__attribute__((always_inline)) static inline void lives64(size_t ops, future *(*make)(size_t))
{
    uint64_t value[8] = {0}, got[8] = {0};
    for (size_t i = 0; i < ops; i++) {
        future *f = make(sizeof value);
        value[0] = value[7] = i;
        SEEN(f);
        set(f, value, sizeof value);
        SEEN(f);
        get(f, got, sizeof got);
        must(got[0] == i && got[7] == i, "values");
        release(f);
    }
}

static void lifecycle64_ops(size_t ops)
{
    lives64(ops, create);
}

/* The same with memory for the value in what is created, by those that can. */
static void reserve64_ops(size_t ops)
{
#ifdef HAS_RESERVE
    lives64(ops, create_reserved);
#else
    lives64(ops, create);
#endif
}

static void lifecycle(void)
{
    result("lifecycle", timed(lifecycle_ops, 10000));
}

static void lifecycle64(void)
{
    result("lifecycle64", timed(lifecycle64_ops, 10000));
}

static void reserve64(void)
{
    result("reserve64", timed(reserve64_ops, 10000));
}

/* Exactly EFFORT times: the runner counts the instructions of two such runs. */
static void counted(void)
{
    lifecycle_ops((size_t)effort);
    result("counted", effort);
}

/* ---- contended: lifecycle in two threads at once ---- */

struct contended {
    uint32_t here;
    uint32_t turn;
    double ns[2];
};

static void *contender(void *arg)
{
    struct contended *c = (struct contended *)arg;
    uint32_t me = __atomic_fetch_add(&c->turn, 1, __ATOMIC_RELAXED);
    meet(&c->here, 2);
    c->ns[me] = timed(lifecycle_ops, 10000);
    return NULL;
}

static void contended(void)
{
    static struct contended c;
    both(contender, contender, &c);
    result("contended", (c.ns[0] + c.ns[1]) / 2);
}

/* ---- handoff: two threads, each hop by a fresh one, both block ---- */

struct mail {
    uint64_t n;
    future *next; /* by which the other side answers; NULL ends */
};

#define HOPS 1000
#define REST 1000 /* microseconds: by then a thread that waits is asleep, unless it never sleeps */

struct handoff {
    future *first;
    double work; /* nanoseconds, before each answer */
    int cold;    /* whether the far side is to fall asleep before each batch */
    pthread_t far;
    uint32_t here;
    double first_batch;             /* the first hops of the two threads, of which nothing is known before */
    struct batches time, processor; /* of the others; the latter of both threads together */
};

static void *near_side(void *arg)
{
    struct handoff *h = (struct handoff *)arg;
    struct mail out = {0, NULL}, in = {0, h->first};
    meet(&h->here, 2);
    while (more(&h->time)) {
        double begun, used;
        if (h->cold)
            usleep(REST);
        used = processor_time(pthread_self()) + processor_time(h->far);
        begun = now();
        for (int hop = 0; hop < HOPS; hop += 2) {
            future *mine = out.next = create(sizeof in);
            work_for(h->work);
            set(in.next, &out, sizeof out);
            get(mine, &in, sizeof in);
            must(in.n == out.n + 1, "answer");
            release(mine);
            out.n += 2;
        }
        begun = (now() - begun) / HOPS;
        if (!h->time.warm)
            h->first_batch = begun;
        batch(&h->time, begun);
        used = processor_time(pthread_self()) + processor_time(h->far) - used;
        batch(&h->processor, used / HOPS);
    }
    out.next = NULL;
    set(in.next, &out, sizeof out);
    return NULL;
}

static void *far_side(void *arg)
{
    struct handoff *h = (struct handoff *)arg;
    future *mine = h->first;
    h->far = pthread_self();
    meet(&h->here, 2);
    for (uint64_t n = 0;; n += 2) {
        struct mail in, out = {n + 1, NULL};
        get(mine, &in, sizeof in);
        must(in.n == n, "question");
        release(mine);
        if (in.next == NULL)
            return NULL;
        mine = out.next = create(sizeof in);
        work_for(h->work);
        set(in.next, &out, sizeof out);
    }
}

static void handoff(const char *name, double work, int cold)
{
    static struct handoff h;
    char more[32];
    h.first = create(sizeof(struct mail));
    h.work = work;
    h.cold = cold;
    both(near_side, far_side, &h);
    result(name, median(&h.time));
    if (cold) {
        snprintf(more, sizeof more, "%s processor", name);
        result(more, median(&h.processor));
        snprintf(more, sizeof more, "%s first", name);
        result(more, h.first_batch);
    }
}

static void handoff_1(void)
{
    handoff("handoff@1", 0, 0);
}

static void handoff_0us(void)
{
    handoff("handoff@2/0", 0, 1);
}

static void handoff_1us(void)
{
    handoff("handoff@2/1", 1000, 1);
}

static void handoff_5us(void)
{
    handoff("handoff@2/5", 5000, 1);
}

static void handoff_20us(void)
{
    handoff("handoff@2/20", 20000, 1);
}

/* ---- broadcast: eight threads blocked on one; from set until the last has it ---- */

#define WAITERS 8

static struct broadcast {
    future *f;
    pthread_barrier_t begin, end;
    double at[WAITERS];
    int next, over;
    struct batches b;
} cast;

static void *broadcast_waiter(void *arg)
{
    int me = __atomic_fetch_add(&cast.next, 1, __ATOMIC_RELAXED);
    for (uint64_t i = 0;; i++) {
        uint64_t got = 0;
        pthread_barrier_wait(&cast.begin);
        if (cast.over)
            return arg;
        get(cast.f, &got, sizeof got);
        cast.at[me] = now();
        must(got == i, "value");
        pthread_barrier_wait(&cast.end);
    }
}

static void *broadcast_setter(void *arg)
{
    for (uint64_t i = 0; more(&cast.b); i++) {
        double begun, last = 0;
        cast.f = create(sizeof i);
        pthread_barrier_wait(&cast.begin);
        usleep(300); /* by then all are blocked, and none spins any more */
        begun = now();
        set(cast.f, &i, sizeof i);
        pthread_barrier_wait(&cast.end);
        for (int w = 0; w < WAITERS; w++)
            last = cast.at[w] > last ? cast.at[w] : last;
        batch(&cast.b, last - begun);
        release(cast.f);
    }
    cast.over = 1;
    pthread_barrier_wait(&cast.begin);
    return arg;
}

static void broadcast(void)
{
    pthread_t waiters[WAITERS], setter;
    pthread_barrier_init(&cast.begin, NULL, WAITERS + 1);
    pthread_barrier_init(&cast.end, NULL, WAITERS + 1);
    for (int w = 0; w < WAITERS; w++)
        waiters[w] = start(w % 2, broadcast_waiter, NULL);
    setter = start(0, broadcast_setter, NULL);
    for (int w = 0; w < WAITERS; w++)
        pthread_join(waiters[w], NULL);
    pthread_join(setter, NULL);
    result("broadcast", median(&cast.b));
}

/* ---- notify: create, register a callback, set, release ---- */

#ifdef HAS_NOTIFY

struct told {
    uint64_t expected, times;
};

static void told(future *f, void *ctx)
{
    struct told *t = (struct told *)ctx;
    uint64_t got = 0;
    get(f, &got, sizeof got);
    must(got == t->expected, "value in a callback");
    t->times++;
}

static void notify_ops(size_t ops)
{
    struct told t = {0, 0};
    for (uint64_t i = 0; i < ops; i++) {
        future *f = create(sizeof i);
        SEEN(f);
        t.expected = i;
        notify(f, told, &t);
        SEEN(f);
        set(f, &i, sizeof i);
        release(f);
    }
    must(t.times == ops, "as many callbacks");
}

static void notified(void)
{
    result("notify", timed(notify_ops, 10000));
}

#endif

/* ---- memory: bytes of the heap for a pending one, and for the pointer to it ---- */

#define MANY 1000000

static future **many(size_t n)
{
    future **all = (future **)malloc(n * sizeof *all);
    must(all != NULL, "memory");
    for (size_t i = 0; i < n; i++)
        all[i] = create(sizeof(uint64_t));
    return all;
}

#ifndef MEMORY_OF_ITS_OWN

static void memory(void)
{
    size_t n = share(MANY);
    double before = heap();
    future **all = many(n);
    result("memory", (heap() - before) / (double)n);
    for (size_t i = 0; i < n; i++) {
        uint64_t got = 0, value = i;
        set(all[i], &value, sizeof value);
        get(all[i], &got, sizeof got);
        must(got == i, "value");
        release(all[i]);
    }
    free(all);
}

#endif

#define WORKLOADS_OVER_ONE \
    {"lifecycle", 1, lifecycle}, {"lifecycle64", 1, lifecycle64}, {"reserve64", 1, reserve64}, {"counted", 1, counted}, \
    {"contended", 2, contended}, {"handoff@1", 1, handoff_1}, {"handoff@2/0", 2, handoff_0us}, \
    {"handoff@2/1", 2, handoff_1us}, {"handoff@2/5", 2, handoff_5us}, {"handoff@2/20", 2, handoff_20us}, \
    {"broadcast", 2, broadcast}, {"memory", 1, memory}
