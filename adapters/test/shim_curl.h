/* shim_curl.h: transfers that a thread of their own drives, for curl.c. */
#include <asynchron/curl.h>

#include "curl_web.h"

static asynchron_curl_t *made_curl(CURLM *multi)
{
    asynchron_curl_t *c = NULL;

    if (multi == NULL)
        CHECK(asynchron_curl_create(&c) == ASYNCHRON_OK && c != NULL);
    else
        CHECK(asynchron_curl_create_with(multi, &c) == ASYNCHRON_OK && c != NULL);
    return c;
}

/* Releases it, and waits for what drove it. */
static void end_curl(asynchron_curl_t *c)
{
    asynchron_curl_release(c);
}

static pthread_t thread_of(asynchron_curl_t *c)
{
    return ((asynchron_curl_thread_t *)c->driver)->thread;
}

/* The same, inside a callback that runs on its thread, whose end nobody waits for there. */
static void end_inside(asynchron_curl_t *c)
{
    pthread_attr_t attributes;
    int state;

    asynchron_curl_release(c);
    CHECK(pthread_getattr_np(pthread_self(), &attributes) == 0); /* nobody need join it */
    CHECK(pthread_attr_getdetachstate(&attributes, &state) == 0 && state == PTHREAD_CREATE_DETACHED);
    CHECK(pthread_attr_destroy(&attributes) == 0);
}

/* Waits for what drove one that was ended inside. */
static void has_ended_inside(asynchron_curl_t *c)
{
    (void)c;
}

/* Whether signals are blocked in a callback as they should be. */
static int blocks_as_it_should(const sigset_t *blocked)
{
    return sigismember(blocked, SIGPIPE) == 1 && sigismember(blocked, SIGTERM) == 1;
}

static void shim_refusals(void)
{
    asynchron_curl_t *c;

    CHECK(asynchron_curl_create(NULL) == ASYNCHRON_E_INVALID);
    CHECK(asynchron_curl_create_with(NULL, &c) == ASYNCHRON_E_INVALID);
    CHECK(asynchron_curl_create_with(curl_multi_init(), NULL) == ASYNCHRON_E_INVALID);
}

static asynchron_status_t shim_without_memory(void)
{
    asynchron_curl_t *c;
    asynchron_status_t status;

    no_memory = 1;
    status = asynchron_curl_create(&c);
    no_memory = 0;
    return status;
}

/* What is this driver's alone. */
static void shim_tests(void)
{
}
