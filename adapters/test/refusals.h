/* refusals.h: what is no loop, report or function, what is attached already, and a system that has nothing left. */

static void what_is_null_is_refused_and_changes_nothing(void)
{
    static recorder_t recorder;
    asynchron_report_t *report = new_report();
    handle_t *handle = NULL;
    shim_t shim;
    run_t run;

    open_loop(&shim, &run);
    CHECK(shim_attach(NULL, report, record, NULL, &handle) == ASYNCHRON_E_INVALID);
    CHECK(shim_attach(&shim, NULL, record, NULL, &handle) == ASYNCHRON_E_INVALID);
    CHECK(shim_attach(&shim, report, NULL, NULL, &handle) == ASYNCHRON_E_INVALID);
    CHECK(shim_attach(&shim, report, record, NULL, NULL) == ASYNCHRON_E_INVALID);
    CHECK(handle == NULL);
    shim_detach(&shim, NULL);
    attach(&shim, &recorder, report); /* it is not taken for attached */
    detach(&recorder);
    asynchron_report_release(report);
    shim_close(&shim);
}

static void a_report_that_is_attached_is_refused_by_every_loop_until_it_is_detached(void)
{
    static recorder_t recorder;
    asynchron_report_t *report = new_report();
    handle_t *handle = NULL;
    shim_t one, two;
    run_t runs[2];

    open_loop(&one, &runs[0]);
    open_loop(&two, &runs[1]);
    attach(&one, &recorder, report);
    CHECK(shim_attach(&one, report, record, NULL, &handle) == ASYNCHRON_ALREADY);
    CHECK(shim_attach(&two, report, record, NULL, &handle) == ASYNCHRON_ALREADY);
    CHECK(handle == NULL);
    add_complete(report, 0, 1);
    recorder.stop_at = 1;
    turn_until_stopped(&one);
    detach(&recorder);
    attach(&two, &recorder, report);
    add_complete(report, 0, 1);
    recorder.stop_at = 1;
    turn_until_stopped(&two);
    detach(&recorder);
    asynchron_report_release(report);
    shim_close(&one);
    shim_close(&two);
}

static void without_memory_attaching_fails_and_changes_nothing(void)
{
    static recorder_t recorder;
    asynchron_report_t *report = new_report();
    handle_t *handle = NULL;
    asynchron_status_t status;
    shim_t shim;
    run_t run;

    open_loop(&shim, &run);
    no_memory = 1;
    status = shim_attach(&shim, report, record, NULL, &handle);
    no_memory = 0;
    CHECK(status == ASYNCHRON_E_NOMEM && handle == NULL);
    attach(&shim, &recorder, report); /* it is not taken for attached */
    detach(&recorder);
    asynchron_report_release(report);
    shim_close(&shim);
}

/* Lets the process have no more descriptors than it has now. */
static void without_descriptors_attaching_fails_and_changes_nothing(void)
{
    static recorder_t recorder;
    asynchron_report_t *report = new_report();
    handle_t *handle = NULL;
    struct rlimit before, none;
    shim_t shim;
    run_t run;
    int lowest;

    open_loop(&shim, &run);
    lowest = dup(0);
    CHECK(lowest >= 0 && close(lowest) == 0 && getrlimit(RLIMIT_NOFILE, &before) == 0);
    none = before;
    none.rlim_cur = (rlim_t)lowest;
    CHECK(setrlimit(RLIMIT_NOFILE, &none) == 0);
    CHECK(shim_attach(&shim, report, record, NULL, &handle) == ASYNCHRON_E_SYSTEM);
    CHECK(setrlimit(RLIMIT_NOFILE, &before) == 0);
    CHECK(handle == NULL);
    attach(&shim, &recorder, report);
    detach(&recorder);
    asynchron_report_release(report);
    shim_close(&shim);
}

static void what_the_host_refuses_is_said_and_changes_nothing(void)
{
    static recorder_t recorder;
    asynchron_report_t *report = new_report();
    shim_t shim;
    run_t run;

    shim_refusals(report, record);
    open_loop(&shim, &run);
    attach(&shim, &recorder, report); /* it is not taken for attached */
    detach(&recorder);
    asynchron_report_release(report);
    shim_close(&shim);
}
