/* letting_go.h: detaching and releasing in any order, the end, wakes, and that idling is free. */

/* What is watched and silent wakes the loop for its timer alone. Some loops turn once more to arm it. */
enum { FEW_TURNS = 8 };

static void released_while_it_is_attached_it_costs_no_turns_and_still_serves(void)
{
    static recorder_t recorder;
    asynchron_report_t *report = new_report();
    asynchron_t *a = added(report, tag_of(0));
    shim_t shim;
    run_t run;

    open_loop(&shim, &run);
    attach(&shim, &recorder, report);
    asynchron_report_release(report);
    CHECK(turn_for(&shim, 100) <= FEW_TURNS);
    CHECK(recorder.items == 0);
    complete(a, 0);
    CHECK(turn_for(&shim, 100) <= FEW_TURNS);
    check_each_came_once(&recorder, 1);
    CHECK(recorder.ends == 0);
    detach(&recorder);
    shim_close(&shim);
}

static void release_own_report(recorder_t *recorder)
{
    asynchron_report_release(recorder->report);
    recorder->report = NULL;
    recorder->also = NULL;
}

static void released_inside_the_callback_the_rest_still_comes(void)
{
    static recorder_t recorder;
    asynchron_report_t *report = new_report();
    shim_t shim;
    run_t run;

    open_loop(&shim, &run);
    add_complete(report, 0, 10);
    attach(&shim, &recorder, report);
    recorder.also = release_own_report;
    recorder.stop_at = 10;
    turn_until_stopped(&shim);
    check_each_came_once(&recorder, 10);
    detach(&recorder);
    shim_close(&shim);
}

static void detach_at_the_third(recorder_t *recorder)
{
    if (recorder->items == 3)
        detach(recorder);
}

static void detached_inside_the_callback_nothing_comes_any_more_and_the_rest_stays(void)
{
    static recorder_t recorder;
    asynchron_report_t *report = new_report();
    shim_t shim;
    run_t run;

    open_loop(&shim, &run);
    add_complete(report, 0, 10);
    attach(&shim, &recorder, report);
    recorder.also = detach_at_the_third;
    CHECK(turn_for(&shim, 50) <= FEW_TURNS);
    CHECK(recorder.items == 3 && asynchron_report_pending(report) == 7);
    attach(&shim, &recorder, report);
    recorder.stop_at = 7;
    turn_until_stopped(&shim);
    CHECK(recorder.items == 7 && recorder.seen[3] == 1 && recorder.seen[9] == 1);
    detach(&recorder);
    asynchron_report_release(report);
    shim_close(&shim);
}

static void attach_anew(recorder_t *recorder)
{
    detach(recorder);
    CHECK(shim_attach(recorder->shim, recorder->report, record, recorder, &recorder->handle) == ASYNCHRON_OK);
}

static void detached_and_attached_again_inside_the_callback_nothing_is_lost(void)
{
    static recorder_t recorder;
    asynchron_report_t *report = new_report();
    shim_t shim;
    run_t run;

    open_loop(&shim, &run);
    add_complete(report, 0, 200);
    attach(&shim, &recorder, report);
    recorder.also = attach_anew;
    recorder.stop_at = 200;
    turn_until_stopped(&shim);
    check_each_came_once(&recorder, 200);
    detach(&recorder);
    asynchron_report_release(report);
    shim_close(&shim);
}

static void detach_and_release_the_other(recorder_t *recorder)
{
    if (recorder->other->handle != NULL) {
        detach(recorder->other);
        asynchron_report_release(recorder->other->report);
        recorder->other->report = NULL;
    }
}

/* Both have items in the same turn; whichever is served first takes the other away. */
static void detached_inside_the_callback_of_another_it_is_not_served_in_that_turn(void)
{
    static recorder_t recorders[2];
    shim_t shim;
    run_t run;
    int k;

    open_loop(&shim, &run);
    for (k = 0; k < 2; k++) {
        asynchron_report_t *report = new_report();

        add_complete(report, 0, 5);
        attach(&shim, &recorders[k], report);
        recorders[k].also = detach_and_release_the_other;
        recorders[k].other = &recorders[1 - k];
    }
    turn_for(&shim, 50);
    for (k = 0; k < 2; k++) {
        CHECK(recorders[k].items == (recorders[k].handle != NULL ? 5 : 0));
        if (recorders[k].handle != NULL) {
            detach(&recorders[k]);
            asynchron_report_release(recorders[k].report);
        }
    }
    CHECK(recorders[0].items + recorders[1].items == 5);
    shim_close(&shim);
}

static recorder_t successor;

/* The other has items in the same turn. Its report goes, and a new one gets the number of its descriptor. */
static void replace_the_other(recorder_t *recorder)
{
    recorder_t *other = recorder->other;
    const int fd = asynchron_report_fd(other->report);
    asynchron_report_t *report;

    if (successor.handle != NULL)
        return;
    detach(other);
    asynchron_report_release(other->report);
    report = new_report();
    CHECK(asynchron_report_fd(report) == fd);
    attach(recorder->shim, &successor, report);
    add_complete(report, 7, 1);
    successor.stop_at = 1;
}

static void a_descriptor_number_that_is_used_again_at_once_belongs_to_the_new_one(void)
{
    static recorder_t recorders[2];
    shim_t shim;
    run_t run;
    int round, k;

    for (round = 0; round < 20; round++) {
        open_loop(&shim, &run);
        for (k = 0; k < 2; k++) {
            asynchron_report_t *report = new_report();

            add_complete(report, 0, 1);
            attach(&shim, &recorders[k], report);
            recorders[k].also = replace_the_other;
            recorders[k].other = &recorders[1 - k];
        }
        turn_until_stopped(&shim);
        turn_for(&shim, 1);
        CHECK(recorders[0].items + recorders[1].items == 1);
        CHECK(successor.items == 1 && successor.seen[7] == 1);
        k = recorders[0].handle != NULL ? 0 : 1;
        detach(&recorders[k]);
        asynchron_report_release(recorders[k].report);
        detach(&successor);
        asynchron_report_release(successor.report);
        shim_close(&shim);
    }
}

static void *add_and_close(void *report)
{
    add_complete((asynchron_report_t *)report, 0, 200);
    CHECK(asynchron_report_close((asynchron_report_t *)report) == ASYNCHRON_OK);
    return NULL;
}

static void a_closed_report_ends_once_after_all_items_and_can_be_attached_again(void)
{
    static recorder_t recorder;
    asynchron_report_t *report = new_report();
    pthread_t thread;
    shim_t shim;
    run_t run;

    open_loop(&shim, &run);
    attach(&shim, &recorder, report);
    thread = start(add_and_close, report);
    turn_until_stopped(&shim);
    finish(thread);
    check_each_came_once(&recorder, 200);
    CHECK(recorder.ends == 1 && recorder.handle == NULL);
    CHECK(turn_for(&shim, 50) <= FEW_TURNS);
    attach(&shim, &recorder, report);
    turn_until_stopped(&shim);
    CHECK(recorder.items == 0 && recorder.ends == 1);
    asynchron_report_release(report);
    shim_close(&shim);
}

static void an_open_report_that_is_empty_does_not_end(void)
{
    static recorder_t recorder;
    asynchron_report_t *report = new_report();
    shim_t shim;
    run_t run;
    int i;

    open_loop(&shim, &run);
    attach(&shim, &recorder, report);
    for (i = 0; i < 5; i++) {
        add_complete(report, i, 1);
        CHECK(turn_for(&shim, 20) <= FEW_TURNS);
        check_each_came_once(&recorder, i + 1);
    }
    CHECK(recorder.ends == 0);
    detach(&recorder);
    asynchron_report_release(report);
    shim_close(&shim);
}

static void take_out_of_the_other(recorder_t *recorder)
{
    recorder_t *other = recorder->other;

    recorder->also = other->also = NULL;
    CHECK(asynchron_report_remove(other->report, other->only) == ASYNCHRON_OK);
}

/* The loop has seen that both have something. Where the other is served next, it has nothing any more. */
static void an_open_report_does_not_end_if_what_has_come_is_taken_out_in_the_same_turn(void)
{
    static recorder_t recorders[2];
    shim_t shim;
    run_t run;
    int k;

    open_loop(&shim, &run);
    for (k = 0; k < 2; k++) {
        asynchron_report_t *report = new_report();

        attach(&shim, &recorders[k], report);
        recorders[k].only = added(report, tag_of(0));
        recorders[k].also = take_out_of_the_other;
        recorders[k].other = &recorders[1 - k];
    }
    for (k = 0; k < 2; k++)
        complete(asynchron_retain(recorders[k].only), k);
    CHECK(turn_for(&shim, 20) <= FEW_TURNS);
    CHECK(recorders[0].items + recorders[1].items == 1);
    for (k = 0; k < 2; k++) {
        CHECK(recorders[k].ends == 0);
        asynchron_release(recorders[k].only);
        detach(&recorders[k]);
        asynchron_report_release(recorders[k].report);
    }
    shim_close(&shim);
}

static void *wake_three_times(void *report)
{
    int i;

    for (i = 0; i < 3; i++)
        CHECK(asynchron_report_wake((asynchron_report_t *)report) == ASYNCHRON_OK);
    CHECK(asynchron_report_close((asynchron_report_t *)report) == ASYNCHRON_OK);
    return NULL;
}

static void each_wake_comes(void)
{
    static recorder_t recorder;
    asynchron_report_t *report = new_report();
    pthread_t thread;
    shim_t shim;
    run_t run;

    open_loop(&shim, &run);
    attach(&shim, &recorder, report);
    thread = start(wake_three_times, report);
    turn_until_stopped(&shim);
    finish(thread);
    CHECK(recorder.wakes == 3 && recorder.items == 0 && recorder.ends == 1);
    asynchron_report_release(report);
    shim_close(&shim);
}

static void a_loop_that_idles_uses_no_processor_time(void)
{
    static recorder_t recorder;
    asynchron_report_t *report = new_report();
    asynchron_t *a = added(report, tag_of(0));
    uint64_t before;
    shim_t shim;
    run_t run;

    open_loop(&shim, &run);
    attach(&shim, &recorder, report);
    turn_for(&shim, 1); /* what happens once is over */
    before = used_ns();
    CHECK(turn_for(&shim, 200) <= FEW_TURNS);
    CHECK(used_ns() - before < 100 * 1000000); /* one that spins uses twice as much */
    CHECK(recorder.items == 0);
    detach(&recorder);
    asynchron_release(a);
    asynchron_report_release(report);
    shim_close(&shim);
}
