/* nats_refusals.h: what nats.h refuses, and what it does without memory. */
#ifndef NATS_REFUSALS_H
#define NATS_REFUSALS_H

#include "nats_ending.h"

static void what_is_null_or_no_subject_is_refused_and_a_context_dropped(void)
{
    natsConnection *nc = connected();
    asynchron_nats_server_t *serves = NULL;
    seen_t seen;

    memset(&seen, 0, sizeof seen);
    CHECK(asynchron_nats_request(NULL, "null", "x", 1, ASYNCHRON_FOREVER) == NULL);
    CHECK(asynchron_nats_request(nc, NULL, "x", 1, ASYNCHRON_FOREVER) == NULL);
    CHECK(asynchron_nats_request(nc, "null", NULL, 1, ASYNCHRON_FOREVER) == NULL);
    CHECK(asynchron_nats_serve(NULL, "null", NULL, work, NULL, &serves) == ASYNCHRON_E_INVALID);
    CHECK(asynchron_nats_serve(nc, NULL, NULL, work, NULL, &serves) == ASYNCHRON_E_INVALID);
    CHECK(asynchron_nats_serve(nc, "null", NULL, NULL, NULL, &serves) == ASYNCHRON_E_INVALID);
    CHECK(asynchron_nats_serve(nc, "null", NULL, work, NULL, NULL) == ASYNCHRON_E_INVALID);
    CHECK(asynchron_nats_serve(nc, "a\r\nb", NULL, work, NULL, &serves) == ASYNCHRON_E_INVALID);
    CHECK(asynchron_nats_serve(nc, "null", "", work, NULL, &serves) == ASYNCHRON_E_INVALID);
    CHECK(asynchron_nats_serve_with(NULL, "null", NULL, work, &seen, count_drop, NULL, &serves) == ASYNCHRON_E_INVALID);
    CHECK(seen.dropped == 1 && serves == NULL);
    CHECK(asynchron_nats_stop(NULL, 0) == ASYNCHRON_E_INVALID);
    asynchron_nats_release(NULL);
    natsConnection_Close(nc);
    CHECK(asynchron_nats_serve_with(nc, "null", NULL, work, &seen, count_drop, NULL, &serves) == ASYNCHRON_E_CLOSED);
    COMES_TRUE(flag_of(&seen.dropped) == 2);
    natsConnection_Destroy(nc);
}

static void without_memory_nothing_begins_and_a_worker_says_so(void)
{
    natsConnection *nc = connected(), *fresh = connected();
    asynchron_nats_server_t *serves = serving(nc, "memory", NULL), *none = NULL;
    asynchron_t *a = asked(nc, "memory", "hello");
    seen_t seen;

    memset(&seen, 0, sizeof seen);
    CHECK(has_value(a, "hello"));
    asynchron_release(a);
    no_memory = 1; /* nobody else is at it now */
    CHECK(asynchron_nats_request(nc, "memory", "hello", 5, ASYNCHRON_FOREVER) == NULL);
    a = asynchron_nats_request(fresh, "memory", "hello", 5, ASYNCHRON_FOREVER);
    CHECK(a == NULL || has_failed(a, "nats", NATS_NO_MEMORY, NULL));
    asynchron_release(a);
    CHECK(asynchron_nats_serve_with(nc, "memory", NULL, work, &seen, count_drop, NULL, &none) == ASYNCHRON_E_NOMEM);
    CHECK(seen.dropped == 1 && none == NULL);
    CHECK(natsConnection_PublishRequestString(nc, "memory", "nobody.answers", "hello") == NATS_OK);
    {
        natsMsg *reply = NULL;
        const char *header = NULL;

        CHECK(natsConnection_RequestString(&reply, fresh, "memory", "hello", 60000) == NATS_OK);
        CHECK(natsMsgHeader_Get(reply, "Asynchron-Status", &header) == NATS_OK && strcmp(header, "failed") == 0);
        CHECK(natsMsgHeader_Get(reply, "Asynchron-Code", &header) == NATS_OK && atoi(header) == NATS_NO_MEMORY);
        natsMsg_Destroy(reply);
    }
    no_memory = 0;
    a = asked(nc, "memory", "hello");
    CHECK(has_value(a, "hello"));
    asynchron_release(a);
    no_longer_serving(serves);
    natsConnection_Destroy(nc);
    natsConnection_Destroy(fresh);
}

/* Each of its own calls is refused in its turn, on a connection that was not used before, and on one that was. */
static void whichever_memory_is_missing_a_request_fails_or_is_none(void)
{
    natsConnection *nc = connected();
    asynchron_nats_server_t *serves = serving(nc, "memory", NULL);
    int is_fresh, n;

    for (is_fresh = 0; is_fresh < 2; is_fresh++) {
        int was_answered = 0;

        for (n = 0; !was_answered; n++) {
            natsConnection *asks = is_fresh ? connected() : nc;
            asynchron_t *a = asynchron_nats_request_with(asks, "memory", "hello", 5, ASYNCHRON_FOREVER, LONG);

            CHECK(is_fresh ? has_value(a, "hello") : a != NULL);
            asynchron_release(a);
            if (is_fresh) {
                natsConnection_Destroy(asks);
                asks = connected();
            }
            CHECK(natsConnection_FlushTimeout(asks, 60000) == NATS_OK);
            __atomic_store_n(&callocs, n, __ATOMIC_SEQ_CST);
            a = asynchron_nats_request_with(asks, "memory", NULL, 0, ASYNCHRON_FOREVER, LONG);
            if (a != NULL && asynchron_wait(a, ASYNCHRON_FOREVER) == ASYNCHRON_OK && asynchron_poll(a) == ASYNCHRON_OK)
                was_answered = 1;
            else
                CHECK(a == NULL || has_failed(a, "nats", NATS_NO_MEMORY, NULL));
            __atomic_store_n(&callocs, -1, __ATOMIC_SEQ_CST);
            asynchron_release(a);
            if (is_fresh)
                natsConnection_Destroy(asks);
        }
        CHECK(n > 1);
    }
    no_longer_serving(serves);
    natsConnection_Destroy(nc);
}

#endif
