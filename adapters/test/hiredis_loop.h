/* hiredis_loop.h: commands over a context that a real loop drives, libuv's, by hiredis' own adapter for it. */
#ifndef HIREDIS_LOOP_H
#define HIREDIS_LOOP_H

#include "hiredis_client.h"

#include <hiredis/adapters/libuv.h>

/* A context in a loop. Hiredis frees the context; the loop goes on until nothing is left in it. */
typedef struct {
    uv_loop_t loop;
    redisAsyncContext *ac;
    pthread_t thread;
    asynchron_t *first, *another;
    int count, is_gone;
} driven_t;

static void gone(const redisAsyncContext *ac, int status)
{
    (void)status;
    raise_flag(&((driven_t *)ac->data)->is_gone);
}

static void begin(driven_t *driven, int port)
{
    memset(driven, 0, sizeof *driven);
    CHECK(uv_loop_init(&driven->loop) == 0);
    driven->thread = pthread_self();
    driven->ac = redisAsyncConnect("127.0.0.1", port);
    CHECK(driven->ac != NULL && driven->ac->err == 0);
    driven->ac->data = driven;
    CHECK(redisLibuvAttach(driven->ac, &driven->loop) == REDIS_OK);
    CHECK(redisAsyncSetDisconnectCallback(driven->ac, gone) == REDIS_OK);
}

static void run_to_the_end(driven_t *driven)
{
    CHECK(uv_run(&driven->loop, UV_RUN_DEFAULT) == 0);
    CHECK(uv_loop_close(&driven->loop) == 0);
}

static void count_on_the_loop(asynchron_t *a, void *pointer)
{
    driven_t *driven = (driven_t *)pointer;

    CHECK(pthread_equal(driven->thread, pthread_self()) && asynchron_poll(a) == ASYNCHRON_OK);
    if (++driven->count < 1000) {
        asynchron_t *next = asynchron_hiredis_command(driven->ac, "INCR counted");

        CHECK(asynchron_notify(next, count_on_the_loop, driven) == ASYNCHRON_OK);
        asynchron_release(next);
    } else {
        redisAsyncDisconnect(driven->ac);
    }
}

static void in_a_loop_each_command_may_be_sent_in_a_callback_of_the_one_before(void)
{
    driven_t driven;

    begin(&driven, server.port);
    driven.first = asynchron_hiredis_command(driven.ac, "INCR counted");
    CHECK(asynchron_notify(driven.first, count_on_the_loop, &driven) == ASYNCHRON_OK);
    run_to_the_end(&driven);
    CHECK(driven.count == 1000 && driven.is_gone == 1 && becomes(driven.first, "1"));
}

static void disconnect_it(asynchron_t *a, void *pointer)
{
    driven_t *driven = (driven_t *)pointer;

    (void)a;
    redisAsyncDisconnect(driven->ac);
    driven->another = asynchron_hiredis_command(driven->ac, "PING");
}

static void free_it(asynchron_t *a, void *pointer)
{
    driven_t *driven = (driven_t *)pointer;

    (void)a;
    redisAsyncFree(driven->ac);
    driven->another = asynchron_hiredis_command(driven->ac, "PING");
}

static void a_callback_may_disconnect_and_what_it_sends_then_has_failed(void)
{
    driven_t driven;
    asynchron_t *after;

    begin(&driven, server.port);
    driven.first = asynchron_hiredis_command(driven.ac, "PING");
    CHECK(asynchron_notify(driven.first, disconnect_it, &driven) == ASYNCHRON_OK);
    after = asynchron_hiredis_command(driven.ac, "ECHO after");
    run_to_the_end(&driven);
    CHECK(driven.is_gone == 1 && becomes(driven.first, "PONG") && becomes(after, "after"));
    CHECK(asynchron_poll(driven.another) == ASYNCHRON_FAILED);
    CHECK(fails_with(driven.another, "hiredis", REDIS_ERR_OTHER, "closed"));
}

static void a_callback_may_free_the_context_and_all_that_is_pending_is_broken(void)
{
    driven_t driven;
    asynchron_t *after;

    begin(&driven, server.port);
    driven.first = asynchron_hiredis_command(driven.ac, "PING");
    CHECK(asynchron_notify(driven.first, free_it, &driven) == ASYNCHRON_OK);
    after = asynchron_hiredis_command(driven.ac, "BLPOP none 0");
    run_to_the_end(&driven);
    CHECK(becomes(driven.first, "PONG") && is_broken(after));
    CHECK(fails_with(driven.another, "hiredis", REDIS_ERR_OTHER, "closed"));
}

/* The server has read all when it is killed: of a connection that is reset, hiredis' adapter of 0.14 does not tell
   either. */
static void a_callback_of_a_lost_connection_may_free_and_disconnect_the_context(void)
{
    driven_t driven;
    asynchron_t *second;
    int i;

    for (i = 0; i < 2; i++) {
        server_t mortal = start_server();

        begin(&driven, mortal.port);
        driven.first = asynchron_hiredis_command(driven.ac, "BLPOP none 0");
        CHECK(asynchron_notify(driven.first, i == 0 ? free_it : disconnect_it, &driven) == ASYNCHRON_OK);
        second = asynchron_hiredis_command(driven.ac, "BLPOP none 0");
        while (blocked_at(mortal.port) == 0)
            CHECK(uv_run(&driven.loop, UV_RUN_NOWAIT) != 0);
        kill_server(&mortal);
        run_to_the_end(&driven);
        CHECK(driven.is_gone == 1 && is_lost(driven.first) && is_lost(second) && is_lost(driven.another));
    }
}

static void cancelled_in_a_loop_its_reply_is_ignored(void)
{
    driven_t driven;

    begin(&driven, server.port);
    driven.first = asynchron_hiredis_command(driven.ac, "INCR ignored");
    CHECK(asynchron_cancel(driven.first) == ASYNCHRON_OK);
    driven.another = asynchron_hiredis_command(driven.ac, "GET ignored");
    redisAsyncDisconnect(driven.ac);
    run_to_the_end(&driven);
    CHECK(asynchron_poll(driven.first) == ASYNCHRON_CANCELLED && becomes(driven.another, "1"));
    asynchron_release(driven.first);
}

/* Hiredis' adapter of 0.14 never tells. That is why there is a thread. A deadline helps all the same. */
static void a_connection_that_is_refused_in_a_loop_is_told_of_or_ends_by_a_deadline(void)
{
    driven_t driven;
    int port, taken = bound(&port), is_told;
    asynchron_error_t error;

    begin(&driven, port);
    driven.first = asynchron_hiredis_command(driven.ac, "PING");
    CHECK(asynchron_expire_after(driven.first, 200000000) == ASYNCHRON_OK);
    while (asynchron_poll(driven.first) == ASYNCHRON_PENDING) {
        (void)uv_run(&driven.loop, UV_RUN_NOWAIT);
        usleep(1000);
    }
    CHECK(asynchron_error(driven.first, &error) == ASYNCHRON_OK);
    is_told = strcmp(error.domain, "hiredis") == 0;
    if (is_told)
        CHECK(error.code == REDIS_ERR_IO);
    else
        CHECK(strcmp(error.domain, "asynchron") == 0 && error.code == ASYNCHRON_TIMEOUT);
    if (!is_told)
        redisAsyncFree(driven.ac);
    run_to_the_end(&driven);
    asynchron_release(driven.first);
    close(taken);
}

static void message(redisAsyncContext *ac, void *reply, void *ctx)
{
    (void)ac, (void)reply, (void)ctx;
}

static void a_context_in_no_loop_or_that_gets_messages_is_refused(void)
{
    redisAsyncContext *ac = redisAsyncConnect("127.0.0.1", server.port);
    const char *argv[] = { "PING" };
    driven_t driven;

    CHECK(fails_with(asynchron_hiredis_command(ac, "PING"), "hiredis", REDIS_ERR_OTHER, "no loop"));
    CHECK(fails_with(asynchron_hiredis_command_argv(ac, 1, argv, NULL), "hiredis", REDIS_ERR_OTHER, "no loop"));
    CHECK(asynchron_hiredis_command(NULL, "PING") == NULL && asynchron_hiredis_command(ac, NULL) == NULL);
    CHECK(asynchron_hiredis_command_argv(NULL, 1, argv, NULL) == NULL);
    CHECK(asynchron_hiredis_command_argv(ac, 1, NULL, NULL) == NULL);
    redisAsyncFree(ac);

    begin(&driven, server.port);
    CHECK(fails_with(asynchron_hiredis_command(driven.ac, "SUBSCRIBE a"), "hiredis", REDIS_ERR_OTHER, "many times"));
    driven.first = asynchron_hiredis_command_argv(driven.ac, 1, argv, NULL);
    CHECK(redisAsyncCommand(driven.ac, message, NULL, "SUBSCRIBE a") == REDIS_OK);
    CHECK(fails_with(asynchron_hiredis_command(driven.ac, "PING"), "hiredis", REDIS_ERR_OTHER, "messages"));
    while (asynchron_poll(driven.first) == ASYNCHRON_PENDING)
        (void)uv_run(&driven.loop, UV_RUN_ONCE);
    CHECK(becomes(driven.first, "PONG"));
    redisAsyncFree(driven.ac);
    run_to_the_end(&driven);
}

#endif
