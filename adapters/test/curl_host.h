/* curl_host.h: for the shims of the loops: a thread that runs a loop, which drives transfers. */
#ifndef CURL_HOST_H
#define CURL_HOST_H

#include "curl_web.h"

/* A shim has in it the loop itself, and these, of which the first two run before the thread is there, or after it. */
typedef struct host host_t;

static void host_open(host_t *host, CURLM *multi, asynchron_curl_t **c); /* makes the loop, and what drives in it */
static void host_close(host_t *host); /* all that is left */
static void host_turn(host_t *host); /* one turn, which waits for something to do, but not for long */
static void host_run(host_t *host); /* until host_stop() was called, in the thread */
static void host_stop(host_t *host); /* from another one */

typedef struct driven {
    host_t *host;
    asynchron_curl_t *c;
    pthread_t thread;
    int is_released; /* in a callback, or by another thread */
    struct driven *next;
} driven_t;

static driven_t *all_driven;
static pthread_mutex_t all_driven_lock = PTHREAD_MUTEX_INITIALIZER;

static host_t *new_host(void);

static void *run_host(void *pointer)
{
    driven_t *driven = (driven_t *)pointer;

    host_run(driven->host);
    if (!flag_of(&driven->is_released))
        asynchron_curl_release(driven->c);
    return NULL;
}

static driven_t *driven_of(asynchron_curl_t *c)
{
    driven_t *driven;

    CHECK(pthread_mutex_lock(&all_driven_lock) == 0);
    for (driven = all_driven; driven->c != c; driven = driven->next)
        CHECK(driven->next != NULL);
    CHECK(pthread_mutex_unlock(&all_driven_lock) == 0);
    return driven;
}

/* The tests' part of a shim, as shim_curl.h has it. */
static asynchron_curl_t *made_curl(CURLM *multi)
{
    driven_t *driven = (driven_t *)calloc(1, sizeof *driven);

    CHECK(driven != NULL);
    driven->host = new_host();
    host_open(driven->host, multi, &driven->c);
    CHECK(pthread_mutex_lock(&all_driven_lock) == 0);
    driven->next = all_driven;
    all_driven = driven;
    CHECK(pthread_mutex_unlock(&all_driven_lock) == 0);
    driven->thread = start(run_host, driven);
    return driven->c;
}

static void end_curl(asynchron_curl_t *c)
{
    driven_t *driven = driven_of(c), **at;

    host_stop(driven->host);
    finish(driven->thread);
    host_close(driven->host);
    CHECK(pthread_mutex_lock(&all_driven_lock) == 0);
    for (at = &all_driven; *at != driven; at = &(*at)->next)
        ;
    *at = driven->next;
    CHECK(pthread_mutex_unlock(&all_driven_lock) == 0);
    free(driven);
}

static pthread_t thread_of(asynchron_curl_t *c)
{
    return driven_of(c)->thread;
}

static void end_inside(asynchron_curl_t *c)
{
    raise_flag(&driven_of(c)->is_released);
    asynchron_curl_release(c);
}

static void has_ended_inside(asynchron_curl_t *c)
{
    end_curl(c);
}

/* Nothing that was not blocked before. */
static int blocks_as_it_should(const sigset_t *blocked)
{
    return sigismember(blocked, SIGPIPE) == 0 && sigismember(blocked, SIGTERM) == 0;
}

#endif
