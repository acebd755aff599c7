/* ending.h: a report that is attached while the loop ends, for the hosts that have loops to end. */
#ifdef SHIM_RUNS_AGAIN

static recorder_t another;

static void ends_the_loop(recorder_t *recorder)
{
    shim_tell_to_end(recorder->shim);
}

static void ends_the_loop_and_attaches_another(recorder_t *recorder)
{
    shim_tell_to_end(recorder->shim);
    attach(recorder->shim, &another, recorder->other->report);
    another.also = ends_the_loop;
}

static void attached_while_its_loop_ends_it_is_served_if_that_runs_again(void)
{
    static recorder_t first;
    asynchron_report_t *reports[3];
    recorder_t late;
    shim_t shim;
    run_t run;
    int i;

    for (i = 0; i < 3; i++) {
        reports[i] = new_report();
        add_complete(reports[i], 0, 1);
    }
    open_loop(&shim, &run);
    attach(&shim, &first, reports[0]);
    another.report = reports[1];
    first.other = &another;
    first.also = ends_the_loop_and_attaches_another;
    shim_run(&shim);
    CHECK(first.items == 1 && another.handle != NULL);
    detach(&first);
    memset(&late, 0, sizeof late);
    if (SHIM_RUNS_AGAIN) {
        if (another.items == 0) /* the host may still have served it */
            shim_run(&shim);
        CHECK(another.items == 1);
        attach(&shim, &late, reports[2]); /* when it has ended */
        late.also = ends_the_loop;
        shim_run(&shim);
        CHECK(late.items == 1);
        detach(&late);
    } else {
        CHECK(another.items == 0);
        CHECK(shim_attach(&shim, reports[2], record, &late, &late.handle) == ASYNCHRON_E_CLOSED);
        CHECK(late.handle == NULL);
    }
    detach(&another);
    for (i = 0; i < 3; i++)
        asynchron_report_release(reports[i]);
    shim_close(&shim);
}

#endif
