/* nats_lasting.h: what lasts: work of many beats, threads that are shared, and what is left when nothing is under
   way. */
#ifndef NATS_LASTING_H
#define NATS_LASTING_H

#include "nats_ending.h"

static void work_of_more_than_three_beats_is_waited_for(void)
{
    natsConnection *nc = connected(), *other = connected();
    asynchron_nats_server_t *serves = serving(other, "lasting", NULL);
    asynchron_t *a = asynchron_nats_request_with(nc, "lasting", "sleep 6000", 10, ASYNCHRON_FOREVER, 15 * TENTH);

    CHECK(has_value(a, "")); /* the beats of both sides were heard */
    asynchron_release(a);
    no_longer_serving(serves);
    natsConnection_Destroy(nc);
    natsConnection_Destroy(other);
}

static void a_plain_responder_that_takes_longer_is_given_up_unless_there_are_no_beats(void)
{
    natsConnection *nc = connected();
    natsSubscription *silent = NULL;
    natsMsg *request = NULL;
    asynchron_t *a;

    CHECK(natsConnection_SubscribeSync(&silent, nc, "silent") == NATS_OK);
    a = asynchron_nats_request_with(nc, "silent", NULL, 0, ASYNCHRON_FOREVER, TENTH);
    CHECK(has_failed(a, "nats", NATS_MISSED_HEARTBEAT, NULL));
    asynchron_release(a);
    CHECK(natsSubscription_NextMsg(&request, silent, 60000) == NATS_OK);
    natsMsg_Destroy(request);
    a = asynchron_nats_request_with(nc, "silent", NULL, 0, ASYNCHRON_FOREVER, ASYNCHRON_FOREVER);
    CHECK(natsSubscription_NextMsg(&request, silent, 60000) == NATS_OK);
    CHECK(asynchron_wait(a, 5 * TENTH) == ASYNCHRON_TIMEOUT);
    CHECK(natsConnection_PublishString(nc, natsMsg_GetReply(request), "late") == NATS_OK && has_value(a, "late"));
    natsMsg_Destroy(request);
    asynchron_release(a);
    natsSubscription_Destroy(silent);
    natsConnection_Destroy(nc);
}

static void on_threads_that_connections_share_it_is_the_same(void)
{
    natsConnection *nc = connected_with(true), *other = connected_with(true);
    seen_t seen;
    asynchron_nats_server_t *serves = serving_and_seeing(other, "shared", &seen);
    asynchron_t *a = asked(nc, "shared", "hello"), *b;

    CHECK(has_value(a, "hello"));
    asynchron_release(a);
    a = asked(nc, "shared", "wait");
    b = asked(nc, "shared", "wait");
    COMES_TRUE(flag_of(&seen.begun) == 3);
    CHECK(asynchron_cancel(a) == ASYNCHRON_OK && was_seen_cancelled(&seen, "unwanted"));
    natsConnection_Destroy(nc);
    CHECK(has_failed(b, "nats", NATS_CONNECTION_CLOSED, NULL));
    asynchron_release(a);
    asynchron_release(b);
    no_longer_seeing(serves, &seen);
    natsConnection_Destroy(other);
}

static void a_worker_can_be_stopped_while_the_server_is_away(void)
{
    natsConnection *nc = connected(), *other = connected();
    asynchron_nats_server_t *serves = serving(nc, "away", NULL), *helps = serving(other, "away", NULL);

    ended(server);
    COMES_TRUE(natsConnection_IsReconnecting(nc) && natsConnection_IsReconnecting(other));
    no_longer_serving(serves);
    asynchron_nats_release(helps);
    natsConnection_Destroy(nc);
    start_server();
    natsConnection_Destroy(other);
}

/* Whether the looks at beats go on, of the caller's side. */
static int is_ticking(natsConnection *nc)
{
    asynchron_nats_line_t *line = NULL;
    int is_it;

    CHECK(asynchron_nats_line_of(nc, &line) == NATS_OK);
    (void)pthread_mutex_lock(&line->side.lock);
    is_it = line->side.is_ticking;
    asynchron_nats_unlock_and_unref(&line->side);
    return is_it;
}

static void without_requests_nobody_looks_at_beats(void)
{
    natsConnection *nc = connected();
    asynchron_nats_server_t *serves = serving(nc, "idle", NULL);
    asynchron_t *a = asked(nc, "idle", "wait");

    CHECK(is_ticking(nc));
    (void)asynchron_cancel(a);
    asynchron_release(a);
    COMES_TRUE(!is_ticking(nc));
    no_longer_serving(serves);
    CHECK(natsConnection_FlushTimeout(nc, 60000) == NATS_OK);
    natsConnection_Destroy(nc);
}

static void *release_it(void *a)
{
    asynchron_release((asynchron_t *)a);
    return NULL;
}

/* The caller's end and the answer at the same time, of which either may win. */
static void a_cancel_and_the_answer_at_the_same_time_are_one_of_both(void)
{
    natsConnection *nc = connected();
    asynchron_nats_server_t *serves = serving(nc, "race", NULL);
    int round;

    for (round = 0; round < 300; round++) {
        asynchron_t *a = asked(nc, "race", "hello"), *b = asked(nc, "race", "hello");
        pthread_t thread = start(release_it, b);

        usleep((useconds_t)(round % 30) * 20);
        if (asynchron_cancel(a) == ASYNCHRON_OK)
            CHECK(was_cancelled(a, ""));
        else
            CHECK(has_value(a, "hello"));
        asynchron_release(a);
        finish(thread);
    }
    no_longer_serving(serves);
    natsConnection_Destroy(nc);
}

static void has_connected(natsConnection *nc, void *flag)
{
    (void)nc;
    raise_flag((int *)flag);
}

/* Of a server that is not there yet, cnats does not know whether it has headers, which beats need. */
static void over_a_connection_that_was_never_made_it_fails_at_once_and_without_beats_it_is_kept(void)
{
    const int its_port = free_port();
    int is_connected = 0;
    natsOptions *options = NULL;
    natsConnection *nc = NULL;
    asynchron_nats_server_t *serves = NULL;
    asynchron_t *kept, *a;
    char its_url[40];
    pid_t late;

    snprintf(its_url, sizeof its_url, "nats://127.0.0.1:%d", its_port);
    CHECK(natsOptions_Create(&options) == NATS_OK && natsOptions_SetURL(options, its_url) == NATS_OK);
    CHECK(natsOptions_SetReconnectWait(options, 50) == NATS_OK);
    CHECK(natsOptions_SetMaxReconnect(options, 10000) == NATS_OK);
    CHECK(natsOptions_SetRetryOnFailedConnect(options, true, has_connected, &is_connected) == NATS_OK);
    CHECK(natsConnection_Connect(&nc, options) == NATS_NOT_YET_CONNECTED && nc != NULL);

    a = asynchron_nats_request(nc, "early", "hello", 5, ASYNCHRON_FOREVER);
    CHECK(a != NULL && asynchron_poll(a) == ASYNCHRON_FAILED); /* when the call returns */
    CHECK(has_failed(a, "nats", NATS_NO_SERVER_SUPPORT, NULL));
    asynchron_release(a);
    a = asynchron_nats_request_with(nc, "early", "hello", 5, TENTH, ASYNCHRON_FOREVER);
    CHECK(a != NULL && has_failed(a, "asynchron", ASYNCHRON_TIMEOUT, NULL));
    asynchron_release(a);
    CHECK(flag_of(&is_connected) == 0);

    CHECK(asynchron_nats_serve(nc, "early", "workers", work, NULL, &serves) == ASYNCHRON_OK);
    kept = asynchron_nats_request_with(nc, "early", "hello", 5, ASYNCHRON_FOREVER, ASYNCHRON_FOREVER);
    CHECK(kept != NULL && asynchron_poll(kept) == ASYNCHRON_PENDING);
    late = server_at(its_port);
    CHECK(has_value(kept, "hello") && flag_of(&is_connected) == 1);
    asynchron_release(kept);
    a = asked(nc, "early", "hello");
    CHECK(has_value(a, "hello"));
    asynchron_release(a);
    asynchron_nats_release(serves);
    natsConnection_Destroy(nc);
    ended(late);

    nc = NULL; /* given up before it is made */
    CHECK(natsConnection_Connect(&nc, options) == NATS_NOT_YET_CONNECTED);
    kept = asynchron_nats_request_with(nc, "early", "hello", 5, ASYNCHRON_FOREVER, ASYNCHRON_FOREVER);
    natsConnection_Destroy(nc);
    CHECK(has_failed(kept, "nats", NATS_CONNECTION_CLOSED, NULL));
    asynchron_release(kept);
    natsOptions_Destroy(options);
}

/* In elsewhere_nats.c. */
#ifdef __cplusplus
extern "C" {
#endif
asynchron_t *elsewhere_request(natsConnection *nc, const char *subject, const char *data, uint64_t beat_ns);
asynchron_status_t elsewhere_stop(asynchron_nats_server_t *server);
#ifdef __cplusplus
}
#endif

static void two_files_of_a_program_may_use_one_connection_and_one_worker(void)
{
    natsConnection *nc = connected(), *other = connected();
    asynchron_nats_server_t *serves = serving(other, "files", NULL);
    asynchron_t *here[2], *there[2];
    int i;

    here[0] = asked(nc, "files", "here");
    there[0] = elsewhere_request(nc, "files", "there", LONG);
    CHECK(has_value(here[0], "here") && has_value(there[0], "there"));
    here[1] = asked(nc, "files", "wait");
    there[1] = elsewhere_request(nc, "files", "wait", LONG);
    natsConnection_Destroy(nc);
    CHECK(has_failed(here[1], "nats", NATS_CONNECTION_CLOSED, NULL));
    CHECK(has_failed(there[1], "nats", NATS_CONNECTION_CLOSED, NULL));
    for (i = 0; i < 2; i++) {
        asynchron_release(here[i]);
        asynchron_release(there[i]);
    }
    asynchron_nats_release(serves); /* which has not heard that the callers are gone */
    serves = serving(other, "files", NULL);
    CHECK(elsewhere_stop(serves) == ASYNCHRON_OK);
    natsConnection_Destroy(other);
}

#endif
