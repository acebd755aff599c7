/*
 * The workloads over many futures, all of which complete. A contestant with HAS_WAIT_ALL says
 *
 *     static void wait_all(future **, size_t n);
 *
 * and one with HAS_ORDER, which yields them in completion order:
 *
 *     typedef ... queue;
 *     static queue *queue_create(void);
 *     static void queue_add(queue *, future *); gives it away
 *     static future *queue_next(queue *);       blocks; gives it back
 *     static void queue_release(queue *);
 */

/* ---- many, completed by another thread while this one waits ---- */

static struct race {
    future **all;
    size_t n;
    uint32_t met;  /* both threads, twice a round */
    uint32_t over;
} race;

/* Completes all of them, in their order: the k-th gets k. */
static void *completer(void *arg)
{
    for (uint32_t meeting = 2;; meeting += 2) {
        meet(&race.met, meeting);
        if (__atomic_load_n(&race.over, __ATOMIC_RELAXED))
            return arg;
        for (uint64_t i = 0; i < race.n; i++)
            set(race.all[i], &i, sizeof i);
    }
}

static void end_race(uint32_t meeting)
{
    __atomic_store_n(&race.over, 1, __ATOMIC_RELAXED);
    meet(&race.met, meeting);
}

/* ---- wait_all: a thousand, completed meanwhile; an item ---- */

#ifndef HAS_WAIT_ALL

/* One after the other. */
static void wait_all(future **all, size_t n)
{
    for (size_t i = 0; i < n; i++)
        get(all[i], NULL, 0);
}

#endif

static void *wait_all_rounds(void *arg)
{
    struct batches *b = (struct batches *)arg;
    uint32_t meeting = 0;
    race.n = 1000;
    while (more(b)) {
        double begun;
        race.all = many(race.n);
        meet(&race.met, meeting += 2);
        begun = now();
        wait_all(race.all, race.n);
        batch(b, (now() - begun) / (double)race.n);
        for (size_t i = 0; i < race.n; i++) {
            uint64_t got = 0;
            get(race.all[i], &got, sizeof got);
            must(got == i, "value");
            release(race.all[i]);
        }
        free(race.all);
    }
    end_race(meeting += 2);
    return NULL;
}

static void all_of_1000(void)
{
    static struct batches b;
    both(wait_all_rounds, completer, &b);
    result("wait_all/1000", median(&b));
}

/* ---- report: pending ones completed in shuffled order, taken in completion order; an item ---- */

#ifdef HAS_ORDER

static void shuffle(future **all, size_t n)
{
    uint64_t seed = 88172645463325252u;
    for (size_t i = n; i > 1; i--) {
        size_t j = below(&seed, i);
        future *swap = all[i - 1];
        all[i - 1] = all[j];
        all[j] = swap;
    }
}

struct report {
    size_t n;
    struct batches add, take;
};

static void *report_rounds(void *arg)
{
    struct report *r = (struct report *)arg;
    uint32_t meeting = 0;
    race.n = r->n;
    while (more(&r->take)) {
        double begun, added;
        queue *q;
        race.all = many(r->n);
        shuffle(race.all, r->n);
        begun = now();
        q = queue_create();
        for (size_t i = 0; i < r->n; i++)
            queue_add(q, race.all[i]);
        added = now() - begun;
        meet(&race.met, meeting += 2);
        begun = now();
        for (uint64_t i = 0; i < r->n; i++) {
            future *f = queue_next(q);
            uint64_t got = 0;
            get(f, &got, sizeof got);
            must(got == i, "completion order");
            release(f);
        }
        batch(&r->take, (now() - begun) / (double)r->n);
        batch(&r->add, added / (double)r->n);
        queue_release(q);
        free(race.all);
    }
    end_race(meeting += 2);
    return NULL;
}

static void report(size_t n, const char *take, const char *add)
{
    static struct report r;
    r.n = n;
    r.take.once = r.add.once = n >= MANY;
    both(report_rounds, completer, &r);
    result(take, median(&r.take));
    result(add, median(&r.add));
}

static void report_1000(void)
{
    report(1000, "report/1000", "report/1000 add");
}

static void report_100000(void)
{
    report(100000, "report/100000", "report/100000 add");
}

static void report_1000000(void)
{
    report(1000000, "report/1000000", "report/1000000 add");
}

/* ---- memory in a report: the one, the pointer to it, and what the report adds ---- */

static void memory_report(void)
{
    size_t n = share(MANY);
    double before = heap();
    future **all = many(n);
    queue *q = queue_create();
    for (size_t i = 0; i < n; i++)
        queue_add(q, all[i]);
    result("memory/report", (heap() - before) / (double)n);
    for (size_t i = 0; i < n; i++) {
        uint64_t got = 0, value = i;
        future *f;
        set(all[i], &value, sizeof value);
        f = queue_next(q);
        get(f, &got, sizeof got);
        must(got == i, "value");
        release(f);
    }
    queue_release(q);
    free(all);
}

#define WORKLOADS_OF_REPORTS \
    {"report/1000", 2, report_1000}, {"report/100000", 2, report_100000}, \
    {"report/1000000", 2, report_1000000}, {"memory/report", 1, memory_report}

#endif
