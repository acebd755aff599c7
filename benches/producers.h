/*
 * Many threads at one report, and at one asynchron: those that deliver what one takes in completion
 * order, and those that are blocked.
 */

/* ---- n producers, each of its own share of what is in a report; one takes them ---- */

#define ITEMS 16384

static struct {
    asynchron_t *all[ITEMS];
    uint8_t seen[ITEMS];
    size_t n, producers, reports;
    asynchron_report_t *report[2];
    double took, wall;
} crowd;

static void produce(size_t me, size_t n)
{
    for (size_t i = n * me / crowd.producers; i < n * (me + 1) / crowd.producers; i++)
        set(crowd.all[i], i);
}

static void fill(size_t producers, size_t reports)
{
    crowd.n = share(ITEMS);
    crowd.producers = producers;
    crowd.reports = reports;
    memset(crowd.seen, 0, sizeof crowd.seen);
    for (size_t i = 0, made = 0; i < crowd.n; i++) {
        size_t r = i * reports / crowd.n;
        asynchron_t *a = crowd.all[i] = fresh();
        if (r == made)
            must((crowd.report[made++] = asynchron_report_create(NULL, 0)) != NULL, "report");
        must(asynchron_report_add(crowd.report[r], a, &crowd.all[i]) == ASYNCHRON_OK, "add");
        asynchron_release(a);
    }
}

static void consume(void)
{
    double worked = busy();
    asynchron_item_t item;
    for (size_t i = 0; i < crowd.n; i++) {
        must(asynchron_report_next(crowd.report[i * crowd.reports / crowd.n], ASYNCHRON_FOREVER,
                                   &item) == ASYNCHRON_OK, "next");
        size_t which = (size_t)((asynchron_t **)item.tag - crowd.all);
        must(item.asynchron == crowd.all[which] && !crowd.seen[which], "item");
        crowd.seen[which] = 1;
        check(item.asynchron, which);
        asynchron_release(item.asynchron);
    }
    crowd.took = busy() - worked;
    crowd.wall = now() - team.began;
    for (size_t r = 0; r < crowd.reports; r++) {
        must(asynchron_report_next(crowd.report[r], 0, &item) == ASYNCHRON_END, "end");
        asynchron_report_release(crowd.report[r]);
    }
}

/* Nobody takes them before all are there. */
static double arrive(size_t producers, size_t reports)
{
    struct batches b = {.n = 0};
    while (more(&b)) {
        fill(producers, reports);
        batch(&b, gather(producers, crowd.n, produce, NULL) * (double)producers / (double)crowd.n);
        consume();
    }
    return median(&b);
}

static void report(void)
{
    settle();
    for POWERS(n) {
        tell("arrive", n, "", arrive(n, 1));
        struct batches made = {.n = 0}, took = {.n = 0}, wall = {.n = 0};
        while (more(&wall)) {
            fill(n, 1);
            double each = (double)crowd.n;
            batch(&made, gather(n, crowd.n, produce, consume) * (double)n / each);
            batch(&took, crowd.took / each);
            batch(&wall, crowd.wall / each);
        }
        tell("report", n, "producer", median(&made));
        tell("report", n, "consumer", median(&took));
        tell("report", n, "wall", median(&wall));
    }
}

/* ---- one with n blocked waiters: processor time of set, and until the last has it; a waiter ---- */

static struct {
    asynchron_t *one;
    pthread_barrier_t begin, end;
    double at[1000];
    size_t next, asleep, over;
} hall;

static void *waiter(void *arg)
{
    size_t me = __atomic_fetch_add(&hall.next, 1, __ATOMIC_RELAXED);
    for (uint64_t i = 0;; i++) {
        pthread_barrier_wait(&hall.begin);
        if (hall.over)
            return arg;
        __atomic_fetch_add(&hall.asleep, 1, __ATOMIC_RELAXED);
        check(hall.one, i);
        hall.at[me] = now();
        pthread_barrier_wait(&hall.end);
    }
}

static void blocked(size_t n)
{
    static pthread_t threads[1000];
    struct batches sets = {.n = 0}, lasts = {.n = 0};
    pthread_barrier_init(&hall.begin, NULL, (unsigned)n + 1);
    pthread_barrier_init(&hall.end, NULL, (unsigned)n + 1);
    hall.next = hall.over = 0;
    for (size_t i = 0; i < n; i++)
        threads[i] = start((i + 1) % 2, waiter, NULL);
    for (uint64_t i = 0; more(&lasts); i++) {
        hall.one = fresh();
        hall.asleep = 0;
        pthread_barrier_wait(&hall.begin);
        while (__atomic_load_n(&hall.asleep, __ATOMIC_RELAXED) < n)
            usleep(100);
        usleep(2000); /* by then the last of them is asleep, too */
        double begun = now(), worked = busy(), last = 0;
        set(hall.one, i);
        worked = busy() - worked;
        pthread_barrier_wait(&hall.end);
        for (size_t w = 0; w < n; w++)
            last = hall.at[w] > last ? hall.at[w] : last;
        batch(&sets, worked / (double)n);
        batch(&lasts, (last - begun) / (double)n);
        asynchron_release(hall.one);
    }
    hall.over = 1;
    pthread_barrier_wait(&hall.begin);
    for (size_t i = 0; i < n; i++)
        pthread_join(threads[i], NULL);
    tell("waiters", n, "set", median(&sets));
    tell("waiters", n, "last", median(&lasts));
}

static void waiters(void)
{
    settle();
    size_t most = effort < 0.1 ? 100 : 1000;
    for (size_t n = 1; n <= most; n *= 10)
        blocked(n);
}
