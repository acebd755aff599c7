/*
 * The workloads over many futures, one of which completes. A contestant says
 *
 *     static int is_done(future *);                         or, with HAS_ANY, one call over several:
 *     static size_t any(future **, size_t n, int block);    index of a complete one; n: none yet
 *
 * and has a queue as for many.h, not necessarily in completion order; or says NO_QUEUE.
 */

#ifndef NO_QUEUE

/* ---- any: another thread completes one of n at random, which is taken and replaced; a round ---- */

static struct {
    future **all;
    queue *q;
    size_t n;
    uint64_t random;
    future *go; /* the first that tells the other thread to complete one */
    struct batches b;
} ring;

static void ring_of(size_t n)
{
    ring.n = n;
    ring.random = 2463534242u;
    ring.all = many(n);
    ring.q = queue_create();
    for (size_t i = 0; i < n; i++)
        queue_add(ring.q, ring.all[i]);
}

/* Completes one, with `value` and its place. */
static void complete_one(uint64_t value)
{
    size_t at = below(&ring.random, ring.n);
    value = value * ring.n + at;
    set(ring.all[at], &value, sizeof value);
}

static void take_and_replace(uint64_t value)
{
    uint64_t got = 0;
    future *f = queue_next(ring.q);
    size_t at;
    get(f, &got, sizeof got);
    at = (size_t)(got % ring.n);
    must(f == ring.all[at] && got / ring.n == value, "the one that completed");
    release(f);
    ring.all[at] = create(sizeof got);
    queue_add(ring.q, ring.all[at]);
}

static void *ring_completer(void *arg)
{
    struct mail in = {0, ring.go};
    while (in.next != NULL) {
        future *go = in.next;
        get(go, &in, sizeof in);
        release(go);
        if (in.next != NULL)
            complete_one(in.n);
    }
    return arg;
}

static void *ring_taker(void *arg)
{
    future *go = ring.go;
    struct mail out = {0, NULL};
    while (more(&ring.b)) {
        double begun = now();
        for (int i = 0; i < HOPS; i++) {
            out.next = create(sizeof out);
            set(go, &out, sizeof out);
            go = out.next;
            take_and_replace(out.n++);
        }
        batch(&ring.b, (now() - begun) / HOPS);
    }
    out.next = NULL;
    set(go, &out, sizeof out);
    return arg;
}

static void any_of(size_t n, const char *name)
{
    ring_of(n);
    ring.go = create(sizeof(struct mail));
    both(ring_taker, ring_completer, NULL);
    result(name, median(&ring.b));
}

static void any_64(void)
{
    any_of(64, "any/64");
}

static void any_1024(void)
{
    any_of(1024, "any/1024");
}

/* The same by one thread alone, which waits for nothing: what the report itself costs. */
static void alone_ops(size_t ops)
{
    for (uint64_t i = 0; i < ops; i++) {
        complete_one(i);
        take_and_replace(i);
    }
}

static void alone_64(void)
{
    ring_of(64);
    result("any/64/alone", timed(alone_ops, 1000));
}

static void alone_1024(void)
{
    ring_of(1024);
    result("any/1024/alone", timed(alone_ops, 1000));
}

#define WORKLOADS_OVER_QUEUES \
    {"any/64", 1, any_64}, {"any/1024", 1, any_1024}, \
    {"any/64/alone", 1, alone_64}, {"any/1024/alone", 1, alone_1024}

#endif

/* ---- wait_any: one call over 64, which finds one or times out at once; a handle ---- */

#define ANY 64

#ifndef HAS_ANY

/* By a look at each. Nobody who lets it block calls it with none complete. */
OWN size_t any(future **all, size_t n, int block)
{
    (void)block;
    for (size_t i = 0; i < n; i++)
        if (is_done(all[i]))
            return i;
    return n;
}

#endif

static future **scanned;
static size_t found_at;

static void scan_ops(size_t ops)
{
    for (size_t i = 0; i < ops; i += ANY)
        must(any(scanned, ANY, found_at < ANY) == found_at, "the complete one");
}

/* The complete one is the last, so that all are looked at. */
static void any_found(void)
{
    uint64_t one = 1;
    scanned = many(ANY);
    found_at = ANY - 1;
    set(scanned[found_at], &one, sizeof one);
    result("wait_any/found", timed(scan_ops, ANY * 100));
}

static void any_timeout(void)
{
    scanned = many(ANY);
    found_at = ANY;
    result("wait_any/timeout", timed(scan_ops, ANY * 100));
}

#define WORKLOADS_OVER_ANY {"wait_any/found", 1, any_found}, {"wait_any/timeout", 1, any_timeout}
