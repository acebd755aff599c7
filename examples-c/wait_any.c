/* wait_any.c: wait for whichever comes first, here a request or the signal to stop.
 *
 * A stop signal is just a second asynchron. It may be waited for with any number of others, and
 * stays open once it is given, so no thread can miss it.
 */
#define _POSIX_C_SOURCE 200809L
#include <asynchron.h>
#include <pthread.h>
#include "check.h"

enum { REQUESTS = 3 };

struct server {
    asynchron_t *stop;
    asynchron_t *requests[REQUESTS + 1]; /* the last one never comes */
    asynchron_t *replies[REQUESTS];
    int served;
};

static void *serve(void *ctx)
{
    struct server *server = ctx;

    for (;;) {
        /* When both are complete, the index is the lower one: stop comes first. */
        asynchron_t *either[] = {server->stop, server->requests[server->served]};
        asynchron_value_t request;
        size_t index;
        int reply;

        CHECK(asynchron_wait_any(either, 2, ASYNCHRON_FOREVER, &index) == ASYNCHRON_OK);
        if (index == 0)
            return NULL;
        CHECK(asynchron_get(either[1], &request) == ASYNCHRON_OK); /* complete: never blocks */
        reply = *(const int *)request.data * 2;
        CHECK(asynchron_set_bytes(server->replies[server->served++], &reply, sizeof reply) ==
              ASYNCHRON_OK);
    }
}

int main(void)
{
    struct server server = {.stop = asynchron_create("stop")};
    pthread_t thread;

    CHECK(server.stop != NULL);
    for (int i = 0; i <= REQUESTS; i++)
        CHECK((server.requests[i] = asynchron_create(NULL)) != NULL);
    for (int i = 0; i < REQUESTS; i++)
        CHECK((server.replies[i] = asynchron_create(NULL)) != NULL);
    CHECK(pthread_create(&thread, NULL, serve, &server) == 0);

    for (int i = 0; i < REQUESTS; i++) {
        asynchron_value_t reply;

        CHECK(asynchron_set_bytes(server.requests[i], &i, sizeof i) == ASYNCHRON_OK);
        CHECK(asynchron_get(server.replies[i], &reply) == ASYNCHRON_OK);
        printf("asked %d, answered %d\n", i, *(const int *)reply.data);
        CHECK(*(const int *)reply.data == 2 * i);
    }

    /* The server now waits for a request that never comes, or is about to. */
    CHECK(asynchron_set_bytes(server.stop, NULL, 0) == ASYNCHRON_OK);
    CHECK(pthread_join(thread, NULL) == 0);
    printf("stopped after %d requests\n", server.served);
    CHECK(server.served == REQUESTS);
    CHECK(asynchron_poll(server.requests[REQUESTS]) == ASYNCHRON_PENDING);

    for (int i = 0; i <= REQUESTS; i++)
        asynchron_release(server.requests[i]);
    for (int i = 0; i < REQUESTS; i++)
        asynchron_release(server.replies[i]);
    asynchron_release(server.stop);
    return EXIT_SUCCESS;
}
