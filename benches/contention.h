/*
 * What it costs when another processor keeps writing the very line that is written here: the same
 * work beside a thread that keeps writing a line of its own, and beside one that keeps writing this
 * one. So the difference is the shared line's alone.
 */

static struct {
    _Alignas(128) uint64_t mine;
    _Alignas(128) uint64_t yours;
} line;

/* The other thread: what it does, and whether to what is measured (or to something of its own). */
static struct {
    void (*act)(int same);
    int same;
    uint32_t on, over;
    clockid_t clock;
    double ran, since; /* by when the batch began */
} other;

/* Its own: made by itself, so that malloc puts them nowhere near what is measured. */
static asynchron_t *its_own;
static asynchron_report_t *its_report;

static void *keep_acting(void *arg)
{
    its_own = fresh();
    must((its_report = asynchron_report_create(NULL, 0)) != NULL, "report");
    __atomic_store_n(&other.on, 1, __ATOMIC_RELEASE);
    while (!__atomic_load_n(&other.over, __ATOMIC_ACQUIRE)) {
        for (int i = 0; i < 8; i++)
            other.act(other.same);
        if (cpus[0] == cpus[1])
            sched_yield();
    }
    asynchron_release(its_own);
    asynchron_report_release(its_report);
    return arg;
}

/* `measure`, beside the other thread on the second processor. */
static void beside(const char *name, int same, void (*act)(int), double (*measure)(void))
{
    other.act = act;
    other.same = same;
    other.on = other.over = 0;
    pthread_t thread = start(1, keep_acting, NULL);
    while (!__atomic_load_n(&other.on, __ATOMIC_ACQUIRE))
        sched_yield();
    must(pthread_getcpuclockid(thread, &other.clock) == 0, "its clock");
    result(name, measure());
    __atomic_store_n(&other.over, 1, __ATOMIC_RELEASE);
    pthread_join(thread, NULL);
}

static void begin_batch(void)
{
    other.ran = clock_of(other.clock);
    other.since = now();
}

/* It counts if the other ran all the while; anything counts on one processor, or after a second. */
static void end_batch(struct batches *b, double time)
{
    double ends = now();
    if (clock_of(other.clock) - other.ran > 0.9 * (ends - other.since) || cpus[0] == cpus[1] ||
        ends > b->until + 1e9)
        batch(b, time);
}

/* ---- a line of memory: what an atomic addition costs, and what handing the line over costs ---- */

static void add_other(int same)
{
    __atomic_fetch_add(same ? &line.mine : &line.yours, 1, __ATOMIC_ACQ_REL);
}

static double adding(void)
{
    struct batches b = {.n = 0};
    while (more(&b)) {
        begin_batch();
        for (int i = 0; i < 10000; i++)
            __atomic_fetch_add(&line.mine, 1, __ATOMIC_ACQ_REL);
        end_batch(&b, (now() - other.since) / 10000);
    }
    return median(&b);
}

static struct {
    _Alignas(128) uint64_t turn;
    double ns[2];
    uint32_t next, here;
} ball;

static void *player(void *arg)
{
    uint32_t me = __atomic_fetch_add(&ball.next, 1, __ATOMIC_RELAXED);
    uint64_t turns = share(2000);
    meet(&ball.here, 2);
    double begun = now();
    for (uint64_t i = me; i < turns; i += 2) {
        while (__atomic_load_n(&ball.turn, __ATOMIC_ACQUIRE) != i) {
            if (cpus[0] == cpus[1])
                sched_yield();
        }
        __atomic_store_n(&ball.turn, i + 1, __ATOMIC_RELEASE);
    }
    ball.ns[me] = (now() - begun) / (double)turns;
    return arg;
}

static double handing_over(void)
{
    struct batches b = {.n = 0};
    while (more(&b)) {
        ball.turn = ball.next = ball.here = 0;
        both(player, player, NULL);
        batch(&b, ball.ns[0]);
    }
    return median(&b);
}

/* ---- an asynchron that another keeps retaining and releasing ---- */

static asynchron_t *target, *held; /* what the other is to hold; what it says it holds */
static asynchron_t *resting;

static void hold_other(int same)
{
    asynchron_t *a = __atomic_load_n(&target, __ATOMIC_ACQUIRE);
    if (a != held)
        __atomic_store_n(&held, a, __ATOMIC_RELEASE);
    if (!same)
        a = its_own;
    for (int i = 0; i < 4; i++)
        asynchron_release(asynchron_retain(a));
}

static void have_held(asynchron_t *a)
{
    __atomic_store_n(&target, a, __ATOMIC_RELEASE);
    while (__atomic_load_n(&held, __ATOMIC_ACQUIRE) != a) {
        if (cpus[0] == cpus[1])
            sched_yield();
    }
}

/* Each time on a fresh one: to set it; and to set, get, retain and release it. */
static double on_held(int all)
{
    struct batches b = {.n = 0};
    size_t n = share(1000);
    while (more(&b)) {
        double sum = 0;
        begin_batch();
        for (uint64_t i = 0; i < n; i++) {
            asynchron_t *a = fresh();
            have_held(a);
            double idle = now(), begun = now();
            set(a, i);
            if (all) {
                check(a, i);
                asynchron_release(asynchron_retain(a));
            }
            sum += (now() - begun) - (begun - idle); /* without what a look at the clock costs */
            have_held(resting);
            check(a, i);
            asynchron_release(a);
        }
        end_batch(&b, sum / (double)n);
    }
    return median(&b);
}

static double setting(void)
{
    return on_held(0);
}

static double living(void)
{
    return on_held(1);
}

/* ---- arrivals at a report that another keeps asking, and keeps adding to ---- */

static asynchron_report_t *asked;

static void ask_other(int same)
{
    must(asynchron_report_pending(same ? asked : its_report) <= ITEMS, "pending");
}

static void add_other_one(int same)
{
    asynchron_report_t *r = same ? asked : its_report;
    must(asynchron_report_add(r, its_own, NULL) == ASYNCHRON_OK, "add");
    must(asynchron_report_remove(r, its_own) == ASYNCHRON_OK, "remove");
}

static double arriving(void)
{
    struct batches b = {.n = 0};
    while (more(&b)) {
        for (uint64_t i = 0; i < 1000; i++) {
            crowd.all[i] = fresh();
            must(asynchron_report_add(asked, crowd.all[i], NULL) == ASYNCHRON_OK, "add");
            asynchron_release(crowd.all[i]);
        }
        begin_batch();
        for (uint64_t i = 0; i < 1000; i++)
            set(crowd.all[i], i);
        end_batch(&b, (now() - other.since) / 1000);
        for (uint64_t i = 0; i < 1000; i++) {
            asynchron_item_t item;
            must(asynchron_report_next(asked, ASYNCHRON_FOREVER, &item) == ASYNCHRON_OK, "next");
            must(item.asynchron == crowd.all[i], "order");
            check(item.asynchron, i);
            asynchron_release(item.asynchron);
        }
    }
    return median(&b);
}

/* ---- blocks that malloc has put side by side: two threads set a half each, or every other one ---- */

static void set_half(size_t me, size_t n)
{
    for (size_t i = n * me / 2; i < n * (me + 1) / 2; i++)
        set(crowd.all[i], i);
}

static void set_alternate(size_t me, size_t n)
{
    for (size_t i = me; i < n; i += 2)
        set(crowd.all[i], i);
}

static double setting_many(void (*work)(size_t, size_t))
{
    struct batches b = {.n = 0};
    size_t n = share(ITEMS);
    while (more(&b)) {
        for (size_t i = 0; i < n; i++)
            crowd.all[i] = fresh();
        batch(&b, gather(2, n, work, NULL) * 2 / (double)n);
        for (size_t i = 0; i < n; i++) {
            check(crowd.all[i], i);
            asynchron_release(crowd.all[i]);
        }
    }
    return median(&b);
}

static void contention(void)
{
    settle();
    beside("scaling/line/own", 0, add_other, adding);
    beside("scaling/line/shared", 1, add_other, adding);
    result("scaling/line/handover", handing_over());

    target = held = resting = fresh();
    beside("scaling/set/own", 0, hold_other, setting);
    beside("scaling/set/shared", 1, hold_other, setting);
    beside("scaling/life/own", 0, hold_other, living);
    beside("scaling/life/shared", 1, hold_other, living);
    asynchron_release(resting);

    must((asked = asynchron_report_create(NULL, 0)) != NULL, "report");
    beside("scaling/arrive-asked/own", 0, ask_other, arriving);
    beside("scaling/arrive-asked/shared", 1, ask_other, arriving);
    beside("scaling/arrive-added/own", 0, add_other_one, arriving);
    beside("scaling/arrive-added/shared", 1, add_other_one, arriving);
    asynchron_report_release(asked);

    result("scaling/arrive/own", arrive(2, 2));
    result("scaling/arrive/shared", arrive(2, 1));
    result("scaling/neighbours/own", setting_many(set_half));
    result("scaling/neighbours/shared", setting_many(set_alternate));
}
