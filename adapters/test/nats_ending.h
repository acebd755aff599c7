/* nats_ending.h: what ends a request before its answer: the caller, the worker's death, the server's, the connection's
   end. */
#ifndef NATS_ENDING_H
#define NATS_ENDING_H

#include "nats_world.h"

static void count_drop(void *seen)
{
    raise_flag(&((seen_t *)seen)->dropped);
}

/* A worker that sees why it is cancelled. */
static asynchron_nats_server_t *serving_and_seeing(natsConnection *nc, const char *subject, seen_t *seen)
{
    asynchron_nats_server_t *serves = NULL;

    memset(seen, 0, sizeof *seen);
    seen->cancelled = asynchron_create(NULL);
    CHECK(seen->cancelled != NULL);
    CHECK(asynchron_nats_serve_with(nc, subject, "workers", work, seen, count_drop, NULL, &serves) == ASYNCHRON_OK);
    CHECK(natsConnection_FlushTimeout(nc, 60000) == NATS_OK);
    return serves;
}

/* Ends it, and waits until no function of it runs any more. */
static void no_longer_seeing(asynchron_nats_server_t *serves, seen_t *seen)
{
    asynchron_nats_release(serves);
    COMES_TRUE(flag_of(&seen->dropped) == 1);
    asynchron_release(seen->cancelled);
}

static int was_seen_cancelled(seen_t *seen, const char *reason)
{
    asynchron_value_t value;
    int is_it;

    CHECK(asynchron_get(seen->cancelled, &value) == ASYNCHRON_OK);
    is_it = strcmp((const char *)value.data, reason) == 0;
    asynchron_release(seen->cancelled);
    seen->cancelled = asynchron_create(NULL);
    return is_it;
}

static void a_cancel_by_the_caller_reaches_the_worker_as_does_every_other_end(void)
{
    natsConnection *nc = connected(), *other = connected();
    seen_t seen;
    asynchron_nats_server_t *serves = serving_and_seeing(other, "ending", &seen);
    asynchron_t *a = asked(nc, "ending", "wait");

    COMES_TRUE(flag_of(&seen.begun) == 1);
    CHECK(asynchron_cancel(a) == ASYNCHRON_OK); /* so early that the worker is not known */
    CHECK(was_seen_cancelled(&seen, "unwanted"));
    asynchron_release(a);

    a = asked(nc, "ending", "wait");
    usleep(300000); /* perhaps it is known by now */
    CHECK(asynchron_cancel_with(a, "no more") == ASYNCHRON_OK && was_cancelled(a, "no more"));
    CHECK(was_seen_cancelled(&seen, "unwanted"));
    asynchron_release(a);

    a = asynchron_nats_request_with(nc, "ending", "wait", 4, TENTH, LONG);
    CHECK(has_failed(a, "asynchron", ASYNCHRON_TIMEOUT, NULL) && was_seen_cancelled(&seen, "unwanted"));
    asynchron_release(a);

    a = asked(nc, "ending", "wait");
    COMES_TRUE(flag_of(&seen.begun) == 4);
    asynchron_release(a); /* nobody wants it any more */
    CHECK(was_seen_cancelled(&seen, "unwanted"));

    a = asked(nc, "ending", "wait");
    CHECK(asynchron_set_bytes(a, "own", 3) == ASYNCHRON_OK && has_value(a, "own"));
    COMES_TRUE(flag_of(&seen.begun) == 5);
    CHECK(was_seen_cancelled(&seen, "unwanted"));
    asynchron_release(a);

    a = asynchron_nats_request_with(nc, "ending", "wait", 4, 0, LONG); /* over before it is sent */
    CHECK(has_failed(a, "asynchron", ASYNCHRON_TIMEOUT, NULL));
    asynchron_release(a);
    no_longer_seeing(serves, &seen);
    natsConnection_Destroy(nc);
    natsConnection_Destroy(other);
}

/* Kills or stops a worker that has a request. Returns how many beats of the request passed until that has failed. */
static uint64_t beats_until_noticed(natsConnection *nc, int signal)
{
    const uint64_t beat = 5 * TENTH;
    const pid_t worker = new_process("worker", "dying");
    asynchron_t *a;
    uint64_t since;

    CHECK(answering(nc, "dying") == worker);
    a = asynchron_nats_request_with(nc, "dying", "wait", 4, ASYNCHRON_FOREVER, beat);
    CHECK(natsConnection_FlushTimeout(nc, 60000) == NATS_OK); /* the server has given it to that one */
    usleep(200000); /* it is at it, most likely; if not, it is noticed as well */
    CHECK(kill(worker, signal) == 0);
    since = now_ns();
    CHECK(has_failed(a, "nats", NATS_MISSED_HEARTBEAT, NULL));
    since = now_ns() - since;
    asynchron_release(a);
    ended(worker);
    return since / beat;
}

/* After 3 beats, says the documentation. A slow machine has more than 3 times as long, and three tries. */
static void a_worker_that_is_killed_or_stopped_is_noticed_in_a_few_beats_and_another_serves(void)
{
    natsConnection *nc = connected();
    const int signals[] = { SIGKILL, SIGSTOP };
    int i;

    for (i = 0; i < 2; i++) {
        int tries = 1;
        pid_t second;

        while (beats_until_noticed(nc, signals[i]) >= 10)
            CHECK(++tries <= 3);
        second = new_process("worker", "dying");
        CHECK(answering(nc, "dying") == second);
        ended(second);
    }
    natsConnection_Destroy(nc);
}

static void a_caller_that_is_killed_is_noticed_in_a_few_beats(void)
{
    natsConnection *nc = connected();
    seen_t seen;
    asynchron_nats_server_t *serves = serving_and_seeing(nc, "orphan", &seen);
    int tries = 0, in_time = 0;

    while (!in_time) {
        const pid_t caller = new_process("caller", "orphan");
        uint64_t since;

        CHECK(++tries <= 3);
        COMES_TRUE(flag_of(&seen.begun) == tries);
        since = now_ns();
        ended(caller);
        CHECK(was_seen_cancelled(&seen, "the caller was not heard for 3 beats"));
        in_time = now_ns() - since < 10 * CALLERS_BEAT;
    }
    no_longer_seeing(serves, &seen);
    natsConnection_Destroy(nc);
}

static void over_a_server_that_is_restarted_what_lasts_is_answered_and_what_is_asked_meanwhile(void)
{
    natsConnection *nc = connected(), *other = connected();
    seen_t seen;
    asynchron_nats_server_t *serves = serving_and_seeing(other, "lasting", &seen);
    asynchron_t *a = asked(nc, "lasting", "wait"), *lost, *meanwhile;

    lost = asynchron_nats_request_with(nc, "lasting", "wait", 4, ASYNCHRON_FOREVER, TENTH);
    COMES_TRUE(flag_of(&seen.begun) == 2);
    ended(server);
    CHECK(has_failed(lost, "nats", NATS_MISSED_HEARTBEAT, NULL)); /* though nobody has closed anything */
    COMES_TRUE(natsConnection_IsReconnecting(nc) && natsConnection_IsReconnecting(other));
    meanwhile = asked(nc, "lasting", "hello");
    start_server();
    COMES_TRUE(natsConnection_Status(other) == NATS_CONN_STATUS_CONNECTED);
    CHECK(asynchron_wait(meanwhile, ASYNCHRON_FOREVER) == ASYNCHRON_OK);
    CHECK(has_value(meanwhile, "hello") ||
          has_failed(meanwhile, "nats", NATS_NO_RESPONDERS, NULL)); /* if the caller is back first */
    CHECK(asynchron_poll(a) == ASYNCHRON_PENDING);
    CHECK(asynchron_cancel(a) == ASYNCHRON_OK); /* which both hear over the new server */
    asynchron_release(a);
    asynchron_release(lost);
    asynchron_release(meanwhile);
    no_longer_seeing(serves, &seen);
    natsConnection_Destroy(nc);
    natsConnection_Destroy(other);
}

static void when_the_connection_is_closed_destroyed_or_drained_what_is_pending_fails(void)
{
    int i, k;

    for (i = 0; i < 3; i++) {
        natsConnection *nc = connected(), *other = connected();
        seen_t seen;
        asynchron_nats_server_t *serves = serving_and_seeing(other, "closing", &seen);
        asynchron_t *as[20], *late;

        for (k = 0; k < 20; k++)
            as[k] = asked(nc, "closing", "wait");
        COMES_TRUE(flag_of(&seen.begun) > 0);
        if (i == 0)
            natsConnection_Close(nc);
        else if (i == 1)
            CHECK(natsConnection_Drain(nc) == NATS_OK);
        else
            natsConnection_Destroy(nc);
        for (k = 0; k < 20; k++) {
            CHECK(has_failed(as[k], "nats", NATS_CONNECTION_CLOSED, NULL));
            asynchron_release(as[k]);
        }
        if (i < 2) {
            late = asked(nc, "closing", "wait");
            CHECK(has_failed(late, "nats", NATS_CONNECTION_CLOSED, NULL) ||
                  has_failed(late, "nats", NATS_DRAINING, NULL));
            asynchron_release(late);
            natsConnection_Destroy(nc);
        }
        no_longer_seeing(serves, &seen);
        natsConnection_Destroy(other);
    }
}

static void when_the_workers_connection_is_closed_what_it_computes_is_cancelled(void)
{
    natsConnection *nc = connected(), *other = connected();
    seen_t seen;
    asynchron_nats_server_t *serves = serving_and_seeing(other, "leaving", &seen);
    asynchron_t *a = asynchron_nats_request_with(nc, "leaving", "wait", 4, ASYNCHRON_FOREVER, TENTH);

    COMES_TRUE(flag_of(&seen.begun) == 1);
    natsConnection_Destroy(other);
    CHECK(was_seen_cancelled(&seen, "the connection is closed"));
    CHECK(has_failed(a, "nats", NATS_MISSED_HEARTBEAT, NULL));
    asynchron_release(a);
    no_longer_seeing(serves, &seen);
    natsConnection_Destroy(nc);
}

static void stopped_a_worker_answers_what_it_has_and_released_it_fails_that(void)
{
    natsConnection *nc = connected(), *other = connected();
    asynchron_nats_server_t *serves = serving(other, "stopping", NULL);
    asynchron_t *a;
    seen_t seen;

    a = asked(nc, "stopping", "later");
    CHECK(natsConnection_FlushTimeout(nc, 60000) == NATS_OK); /* the server has it */
    CHECK(asynchron_nats_stop(serves, ASYNCHRON_FOREVER) == ASYNCHRON_OK && has_value(a, ""));
    asynchron_release(a);
    a = asked(nc, "stopping", "hello");
    CHECK(has_failed(a, "nats", NATS_NO_RESPONDERS, NULL));
    asynchron_release(a);
    asynchron_nats_release(serves);

    memset(&seen, 0, sizeof seen);
    CHECK(asynchron_nats_serve_with(other, "stopping", NULL, work, &seen, count_drop, NULL, &serves) == ASYNCHRON_OK);
    CHECK(natsConnection_FlushTimeout(other, 60000) == NATS_OK);
    a = asked(nc, "stopping", "wait");
    COMES_TRUE(flag_of(&seen.begun) == 1);
    CHECK(asynchron_nats_stop(serves, 0) == ASYNCHRON_TIMEOUT && !flag_of(&seen.dropped));
    asynchron_nats_release(serves);
    CHECK(has_failed(a, "nats", NATS_DRAINING, "the worker has ended"));
    COMES_TRUE(flag_of(&seen.dropped) == 1);
    asynchron_release(a);
    natsConnection_Destroy(nc);
    natsConnection_Destroy(other);
}

static void on_an_executor_that_is_shut_down_requests_fail(void)
{
    natsConnection *nc = connected();
    asynchron_executor_options_t options;
    asynchron_executor_t *executor = NULL;
    asynchron_nats_server_t *serves = NULL;
    asynchron_t *a;

    memset(&options, 0, sizeof options);
    options.size = sizeof options;
    options.threads = 1;
    CHECK(asynchron_executor_create(&options, &executor) == ASYNCHRON_OK);
    CHECK(asynchron_nats_serve_with(nc, "executor", NULL, work, NULL, NULL, executor, &serves) == ASYNCHRON_OK);
    a = asked(nc, "executor", "hello");
    CHECK(has_value(a, "hello"));
    asynchron_release(a);
    CHECK(asynchron_executor_shutdown(executor, 0, ASYNCHRON_FOREVER) == ASYNCHRON_OK);
    a = asked(nc, "executor", "hello");
    CHECK(has_failed(a, "nats", NATS_DRAINING, NULL));
    asynchron_release(a);
    no_longer_serving(serves);
    asynchron_executor_release(executor);
    natsConnection_Destroy(nc);
}

#endif
