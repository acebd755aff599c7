/* hiredis_refusals.h: bad input, options that would have the user free what is handed over, and no memory. */
#ifndef HIREDIS_REFUSALS_H
#define HIREDIS_REFUSALS_H

#include "hiredis_client.h"

static void what_is_null_or_attached_already_is_refused(void)
{
    asynchron_hiredis_t *c = new_client(), *none = NULL;
    redisAsyncContext *ac = redisAsyncConnect("127.0.0.1", server.port);
    const char *argv[] = { "PING", NULL };

    CHECK(asynchron_hiredis_create(NULL, &none) == ASYNCHRON_E_INVALID);
    CHECK(asynchron_hiredis_create(redisAsyncConnect("127.0.0.1", server.port), NULL) == ASYNCHRON_E_INVALID);
    ac->ev.data = &none;
    CHECK(asynchron_hiredis_create(ac, &none) == ASYNCHRON_E_INVALID && none == NULL);
    CHECK(asynchron_hiredis_send(NULL, "PING") == NULL && asynchron_hiredis_send(c, NULL) == NULL);
    CHECK(asynchron_hiredis_send_argv(NULL, 1, argv, NULL) == NULL);
    CHECK(asynchron_hiredis_send_argv(c, 1, NULL, NULL) == NULL);
    CHECK(asynchron_hiredis_send_argv(c, 0, argv, NULL) == NULL);
    CHECK(asynchron_hiredis_send_argv(c, -1, argv, NULL) == NULL);
    CHECK(asynchron_hiredis_send_argv(c, 2, argv, NULL) == NULL);
    asynchron_hiredis_release(NULL);
    asynchron_hiredis_release(c);
}

static void a_command_that_hiredis_cannot_count_is_refused(void)
{
    asynchron_hiredis_t *c = new_client();
    const char *argv[] = { "ECHO", "a" };
    const size_t argvlen[] = { 4, (size_t)1 << 31 };

    CHECK(fails_with(asynchron_hiredis_send_argv(c, 2, argv, argvlen), "hiredis", REDIS_ERR_OTHER, "too long"));
    asynchron_hiredis_release(c);
}

static void without_memory_nothing_is_sent_and_a_reply_that_finds_none_is_a_failure(void)
{
    asynchron_hiredis_t *c = new_client(), *none = NULL;
    asynchron_t *refused, *a;
    asynchron_status_t status;
    redisAsyncContext *ac = redisAsyncConnect("127.0.0.1", server.port);

    no_calloc = 1;
    status = asynchron_hiredis_create(ac, &none);
    refused = asynchron_hiredis_send(c, "PING");
    no_calloc = 0;
    CHECK(status == ASYNCHRON_E_NOMEM && none == NULL && refused == NULL);

    a = asynchron_hiredis_send(c, "BLPOP gate 0");
    __atomic_store_n(&no_memory, 1, __ATOMIC_SEQ_CST);
    ask("LPUSH gate open");
    CHECK(fails_with(a, "hiredis", REDIS_ERR_OOM, "memory"));
    __atomic_store_n(&no_memory, 0, __ATOMIC_SEQ_CST);
    CHECK(becomes(asynchron_hiredis_send(c, "PING"), "PONG"));
    asynchron_hiredis_release(c);
}

/* Options that hiredis has since 1.0: the context would be freed by its user, and the replies, too. */
static void a_context_whose_user_is_to_free_it_and_its_replies_is_freed_all_the_same(void)
{
#ifdef REDIS_OPT_NOAUTOFREEREPLIES
    asynchron_hiredis_t *c = NULL;
    redisOptions options;
    int i;

    memset(&options, 0, sizeof options);
    options.options = REDIS_OPT_NOAUTOFREE | REDIS_OPT_NOAUTOFREEREPLIES;
    REDIS_OPTIONS_SET_TCP(&options, "127.0.0.1", server.port);
    for (i = 0; i < 2; i++) {
        CHECK(asynchron_hiredis_create(redisAsyncConnectWithOptions(&options), &c) == ASYNCHRON_OK);
        CHECK(becomes(asynchron_hiredis_send(c, "ECHO %s", "free me"), "free me"));
        CHECK(fails_with(asynchron_hiredis_send(c, "NONSENSE"), "redis", REDIS_REPLY_ERROR, "unknown"));
        if (i == 0)
            CHECK(becomes(asynchron_hiredis_send(c, "QUIT"), "OK") && is_lost(asynchron_hiredis_send(c, "PING")));
        asynchron_hiredis_release(c);
    }
#endif
}

/* Later versions say so. */
static void a_command_for_whose_callback_hiredis_has_no_memory_ends_the_connection(void)
{
#if HIREDIS_MAJOR < 1
    asynchron_hiredis_t *c = new_client();
    asynchron_t *pending = asynchron_hiredis_send(c, "BLPOP none 0");

    COMES_TRUE(blocked_at(server.port) > 0);
    __atomic_store_n(&no_callback, 1, __ATOMIC_SEQ_CST);
    CHECK(fails_with(asynchron_hiredis_send(c, "PING"), "hiredis", REDIS_ERR_OOM, "memory"));
    __atomic_store_n(&no_callback, 0, __ATOMIC_SEQ_CST);
    CHECK(fails_with(pending, "hiredis", REDIS_ERR_OOM, "memory"));
    CHECK(fails_with(asynchron_hiredis_send(c, "PING"), "hiredis", REDIS_ERR_OOM, "memory"));
    asynchron_hiredis_release(c);
#endif
}

#endif
