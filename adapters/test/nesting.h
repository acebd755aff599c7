/* nesting.h: a function that runs the loop once more is called inside itself, where the loop allows that. */

static int depth, deepest;

static void run_inside(recorder_t *recorder)
{
    depth++;
    if (depth > deepest)
        deepest = depth;
    if (recorder->items < recorder->stop_at)
        shim_inside(recorder->shim, recorder->report);
    depth--;
}

static void a_function_that_runs_the_loop_is_called_inside_itself_where_the_loop_allows_it(void)
{
    static recorder_t recorder;
    asynchron_report_t *report = new_report();
    shim_t shim;
    run_t run;

    depth = deepest = 0;
    open_loop(&shim, &run);
    attach(&shim, &recorder, report);
    recorder.also = run_inside;
    recorder.stop_at = 5;
    add_complete(report, 0, 5);
    CHECK(asynchron_report_close(report) == ASYNCHRON_OK);
    while (recorder.ends == 0)
        turn_until_stopped(&shim);
    check_each_came_once(&recorder, 5);
    CHECK(deepest == (SHIM_NESTS ? 5 : 1));
    asynchron_report_release(report);
    shim_close(&shim);
}
