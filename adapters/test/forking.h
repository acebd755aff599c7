/* forking.h: in the child of a fork, what the parent attached serves nothing and does not spin. */
#include <sys/wait.h>

/* Runs `in_child` there, and holds it to having returned. */
static void fork_and_wait(void (*in_child)(shim_t *, recorder_t *), shim_t *shim, recorder_t *recorder)
{
    pid_t child = fork();
    int status = 0;

    CHECK(child >= 0);
    if (child == 0) {
        in_child(shim, recorder);
        fflush(stdout);
        _exit(EXIT_SUCCESS);
    }
    while (waitpid(child, &status, 0) < 0)
        CHECK(errno == EINTR);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS);
}

static void serves_nothing(shim_t *shim, recorder_t *recorder)
{
    uint64_t before;

    shim_fork(shim);
    (void)turn_for(shim, 20); /* what happens once is over */
    before = used_ns();
    CHECK(turn_for(shim, 200) <= FEW_TURNS);
    CHECK(used_ns() - before < 100 * 1000000); /* one that spins uses twice as much */
    shim_inherited(recorder->handle);
    CHECK(recorder->items == 0 && recorder->wakes == 0 && recorder->ends == 0);
    detach(recorder);
    CHECK(turn_for(shim, 20) <= FEW_TURNS);
}

/* Its descriptor is readable, and stays so: nobody in the child can change that. */
static void in_a_child_an_attached_report_serves_nothing_and_does_not_spin(void)
{
    static recorder_t recorder;
    asynchron_report_t *report = new_report();
    shim_t shim;
    run_t run;

    open_loop(&shim, &run);
    attach(&shim, &recorder, report);
    CHECK(turn_for(&shim, 20) <= FEW_TURNS); /* a host may have put it off until now */
    add_complete(report, 0, 3);
    fork_and_wait(serves_nothing, &shim, &recorder);
    recorder.stop_at = 3;
    turn_until_stopped(&shim);
    add_complete(report, 3, 2); /* it is still watched here */
    recorder.stop_at = 5;
    turn_until_stopped(&shim);
    check_each_came_once(&recorder, 5);
    detach(&recorder);
    asynchron_report_release(report);
    shim_close(&shim);
}

static void attaches_anew(shim_t *shim, recorder_t *inherited)
{
    static recorder_t own;
    asynchron_report_t *report = inherited->report;
    handle_t *third = NULL;

    shim_fork(shim);
    attach(shim, &own, report);
    detach(inherited);
    CHECK(shim_attach(shim, report, record, NULL, &third) == ASYNCHRON_ALREADY && third == NULL);
    add_complete(report, 3, 2);
    own.stop_at = 5; /* the child has a copy of what the report held */
    turn_until_stopped(shim);
    check_each_came_once(&own, 5);
    CHECK(inherited->items == 0);
    detach(&own);
    CHECK(turn_for(shim, 20) <= FEW_TURNS);
}

static void a_child_may_attach_anew_and_detaching_the_parents_leaves_that_its_claim(void)
{
    static recorder_t recorder;
    asynchron_report_t *report = new_report();
    shim_t shim;
    run_t run;

    open_loop(&shim, &run);
    attach(&shim, &recorder, report);
    CHECK(turn_for(&shim, 20) <= FEW_TURNS);
    add_complete(report, 0, 3);
    fork_and_wait(attaches_anew, &shim, &recorder);
    recorder.stop_at = 3;
    turn_until_stopped(&shim);
    check_each_came_once(&recorder, 3);
    detach(&recorder);
    asynchron_report_release(report);
    shim_close(&shim);
}
