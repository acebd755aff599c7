/* delivery.h: everything comes, once, on the loop's thread, a batch at a time, and timers come in between. */

enum { PRODUCERS = 4 };

typedef struct {
    asynchron_t **all;
    int first, n;
} share_t;

static void *complete_a_share(void *ctx)
{
    share_t *share = (share_t *)ctx;
    int i;

    for (i = share->first; i < share->first + share->n; i++) {
        if (i % 3 == 0)
            CHECK(asynchron_fail(share->all[i], i, NULL) == ASYNCHRON_OK);
        else if (i % 3 == 1)
            CHECK(asynchron_cancel(share->all[i]) == ASYNCHRON_OK);
        else
            CHECK(asynchron_set_bytes(share->all[i], &i, sizeof i) == ASYNCHRON_OK);
        asynchron_release(share->all[i]);
    }
    return NULL;
}

static pthread_t loop_thread;

static void is_on_the_loops_thread(recorder_t *recorder)
{
    (void)recorder;
    CHECK(pthread_equal(pthread_self(), loop_thread));
}

static void of_10000_that_4_threads_complete_none_is_lost_and_none_comes_twice(void)
{
    static recorder_t recorder;
    asynchron_t **all = (asynchron_t **)malloc(MOST * sizeof *all);
    asynchron_report_t *report = new_report();
    share_t shares[PRODUCERS];
    pthread_t threads[PRODUCERS];
    shim_t shim;
    run_t run;
    int i;

    CHECK(all != NULL);
    loop_thread = pthread_self();
    open_loop(&shim, &run);
    attach(&shim, &recorder, report);
    recorder.also = is_on_the_loops_thread;
    for (i = 0; i < MOST; i++)
        all[i] = added(report, tag_of(i));
    CHECK(asynchron_report_close(report) == ASYNCHRON_OK);
    for (i = 0; i < PRODUCERS; i++) {
        shares[i].all = all;
        shares[i].first = i * (MOST / PRODUCERS);
        shares[i].n = MOST / PRODUCERS;
        threads[i] = start(complete_a_share, &shares[i]);
    }
    turn_until_stopped(&shim);
    check_each_came_once(&recorder, MOST);
    CHECK(recorder.ends == 1 && recorder.wakes == 0);
    for (i = 0; i < PRODUCERS; i++)
        finish(threads[i]);
    asynchron_report_release(report);
    shim_close(&shim);
    free(all);
}

static void *loop_of_its_own(void *ctx)
{
    recorder_t *recorder = (recorder_t *)ctx;
    shim_t shim;
    run_t run;

    open_loop(&shim, &run);
    attach(&shim, recorder, recorder->report);
    turn_until_stopped(&shim);
    shim_close(&shim);
    return NULL;
}

static void two_loops_in_two_threads_do_not_mix(void)
{
    static recorder_t recorders[2];
    static asynchron_t *all[2][MOST];
    pthread_t loops[2], producers[2];
    share_t shares[2];
    int i, k;

    for (k = 0; k < 2; k++) {
        asynchron_report_t *report = new_report();

        for (i = 0; i < MOST; i++)
            all[k][i] = added(report, tag_of(i));
        CHECK(asynchron_report_close(report) == ASYNCHRON_OK);
        recorders[k].report = report;
        loops[k] = start(loop_of_its_own, &recorders[k]);
    }
    for (k = 0; k < 2; k++) {
        shares[k].all = all[k];
        shares[k].first = 0;
        shares[k].n = MOST;
        producers[k] = start(complete_a_share, &shares[k]);
    }
    for (k = 0; k < 2; k++) {
        finish(producers[k]);
        finish(loops[k]);
        check_each_came_once(&recorders[k], MOST);
        asynchron_report_release(recorders[k].report);
    }
}

/* As the documentation has it, and not as the header may have it. */
enum { TURN = 64 };

static void a_turn_serves_64_at_most_and_the_rest_comes_in_the_next(void)
{
    static recorder_t recorder;
    asynchron_report_t *report = new_report();
    shim_t shim;
    run_t run;

    open_loop(&shim, &run);
    attach(&shim, &recorder, report);
    add_complete(report, 0, 1000);
    while (recorder.items < 1000) {
        const int before = recorder.items;

        shim_turn(&shim);
        CHECK(recorder.items - before <= TURN);
    }
    check_each_came_once(&recorder, 1000);
    detach(&recorder);
    asynchron_report_release(report);
    shim_close(&shim);
}

static asynchron_t *of_the_other;

/* Of the report with many items: at the first one, the other report gets its only one. */
static void completes_that_of_the_other(recorder_t *many)
{
    if (many->items == 1)
        complete(of_the_other, 0);
}

/* Of the other one: so many items of the first have come by then. */
static void says_how_many_have_come(recorder_t *one)
{
    one->came_before = one->other->items;
}

/* What is left of the turn in which it came, and a turn that may be before its own. One more for what the host has
   collected already. */
static void between_two_turns_of_a_full_report_another_gets_its_own(void)
{
    static recorder_t many, one;
    asynchron_report_t *full = new_report(), *single = new_report();
    shim_t shim;
    run_t run;

    open_loop(&shim, &run);
    attach(&shim, &many, full);
    attach(&shim, &one, single);
    of_the_other = added(single, tag_of(0));
    add_complete(full, 0, 1000);
    many.also = completes_that_of_the_other;
    one.also = says_how_many_have_come;
    one.other = &many;
    while (many.items < 1000 || one.items < 1)
        shim_turn(&shim);
    CHECK(one.items == 1 && one.came_before >= 1 && one.came_before <= 3 * TURN);
    check_each_came_once(&many, 1000);
    detach(&many);
    detach(&one);
    asynchron_report_release(full);
    asynchron_report_release(single);
    shim_close(&shim);
}

/* Two producers that complete as fast as they can, up to a memory that is not endless. */
enum { ENOUGH = 200000, BEATS = 100 };

typedef struct {
    asynchron_report_t *report;
    pthread_mutex_t lock;
    int over;
    uint64_t due, late[BEATS];
    uint64_t went_before[BEATS]; /* so many items came when the timer was due */
    int beats;
} hurry_t;

static hurry_t hurry;

static int is_over(void)
{
    int over;

    CHECK(pthread_mutex_lock(&hurry.lock) == 0);
    over = hurry.over;
    CHECK(pthread_mutex_unlock(&hurry.lock) == 0);
    return over;
}

static void *produce(void *ctx)
{
    int i;

    (void)ctx;
    while (!is_over()) {
        for (i = 0; i < 100; i++)
            complete(added(hurry.report, tag_of(i)), i);
        while (asynchron_report_pending(hurry.report) > ENOUGH && !is_over())
            usleep(100);
    }
    return NULL;
}

static void count_when_due(asynchron_status_t what, asynchron_item_t item, void *ctx)
{
    (void)ctx;
    CHECK(what == ASYNCHRON_OK && item.asynchron != NULL);
    if (hurry.beats < BEATS && now_ns() > hurry.due)
        hurry.went_before[hurry.beats]++;
}

static void next_beat(shim_t *shim)
{
    shim_timer(shim, 10);
    hurry.due = now_ns() + 10 * 1000000;
}

static void beat(shim_t *shim)
{
    const uint64_t now = now_ns();

    hurry.late[hurry.beats] = now > hurry.due ? now - hurry.due : 0;
    if (++hurry.beats == BEATS)
        stop(shim);
    else
        next_beat(shim);
}

static int by_size(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

/* How late a beat is depends on the machine, so that is told. How many items go before one hardly does: some turns' at most,
   where the kernel tells of the time, as with io_uring, or the processor is taken away just then. Were all there is served in
   a turn, no beat would come as long as the producers are faster. */
static void a_timer_comes_between_the_items_of_producers_that_never_pause(void)
{
    pthread_t producers[2];
    handle_t *handle;
    shim_t shim;
    run_t run;

    memset(&hurry, 0, sizeof hurry);
    CHECK(pthread_mutex_init(&hurry.lock, NULL) == 0);
    hurry.report = new_report();
    open_loop(&shim, &run);
    shim.beat = beat;
    CHECK(shim_attach(&shim, hurry.report, count_when_due, NULL, &handle) == ASYNCHRON_OK);
    producers[0] = start(produce, NULL);
    producers[1] = start(produce, NULL);
    next_beat(&shim);
    turn_until_stopped(&shim);
    CHECK(pthread_mutex_lock(&hurry.lock) == 0);
    hurry.over = 1;
    CHECK(pthread_mutex_unlock(&hurry.lock) == 0);
    finish(producers[0]);
    finish(producers[1]);
    shim_detach(&shim, handle);
    asynchron_report_release(hurry.report);
    shim_close(&shim);
    CHECK(pthread_mutex_destroy(&hurry.lock) == 0);

    qsort(hurry.late, BEATS, sizeof hurry.late[0], by_size);
    qsort(hurry.went_before, BEATS, sizeof hurry.went_before[0], by_size);
    printf("  %d beats of 10 ms came late by: median %.2f ms, 99th percentile %.2f ms; before one went: median %u items, at "
           "most %u\n",
           BEATS, (double)hurry.late[BEATS / 2] / 1e6, (double)hurry.late[BEATS - 2] / 1e6,
           (unsigned)hurry.went_before[BEATS / 2], (unsigned)hurry.went_before[BEATS - 1]);
    CHECK(hurry.went_before[BEATS / 2] <= 100 * TURN);
}
