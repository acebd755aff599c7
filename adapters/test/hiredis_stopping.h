/* hiredis_stopping.h: what a cancel does, and a server that is slow or killed; and the end of the thread. */
#ifndef HIREDIS_STOPPING_H
#define HIREDIS_STOPPING_H

#include "hiredis_client.h"

static void cancelled_or_wanted_by_nobody_it_is_sent_all_the_same(void)
{
    asynchron_hiredis_t *c = new_client();
    asynchron_t *cancelled = asynchron_hiredis_send(c, "INCR sent");

    (void)asynchron_cancel(cancelled);
    asynchron_release(cancelled);
    asynchron_release(asynchron_hiredis_send(c, "INCR sent"));
    CHECK(becomes(asynchron_hiredis_send(c, "GET sent"), "2"));
    asynchron_hiredis_release(c);
}

/* Of a server that is slow. */
static void expired_or_cancelled_its_late_reply_is_ignored_and_the_next_one_is_not_mistaken_for_it(void)
{
    asynchron_hiredis_t *c = new_client();
    asynchron_t *slow, *expired, *cancelled, *next;

    slow = asynchron_hiredis_send(c, "DEBUG SLEEP 0.3");
    expired = asynchron_hiredis_send(c, "ECHO expired");
    CHECK(asynchron_expire_after(expired, 1000000) == ASYNCHRON_OK || asynchron_poll(expired) == ASYNCHRON_OK);
    cancelled = asynchron_hiredis_send(c, "ECHO cancelled");
    (void)asynchron_cancel(cancelled);
    next = asynchron_hiredis_send(c, "ECHO next");
    CHECK(becomes(next, "next") && becomes(slow, "OK"));
    asynchron_release(cancelled);
    asynchron_release(expired);

    expired = asynchron_hiredis_send(c, "BLPOP nothing 0"); /* which takes for ever, until there is something */
    next = asynchron_hiredis_send(c, "ECHO next");
    CHECK(asynchron_expire_after(expired, 1000000) == ASYNCHRON_OK);
    CHECK(fails_with(expired, "asynchron", ASYNCHRON_TIMEOUT, ""));
    ask("LPUSH nothing something");
    CHECK(becomes(next, "next"));
    asynchron_hiredis_release(c);
}

static void a_server_that_is_killed_fails_all_at_once_and_its_successor_serves_a_new_connection(void)
{
    server_t mortal = start_server();
    asynchron_hiredis_t *c = connected_to(mortal.port), *blocked = connected_to(mortal.port);
    asynchron_t *as[50];
    int i;

    CHECK(becomes(asynchron_hiredis_send(c, "PING"), "PONG"));
    CHECK(becomes(asynchron_hiredis_send(blocked, "PING"), "PONG"));
    for (i = 0; i < 50; i++)
        as[i] = asynchron_hiredis_send(blocked, "BLPOP none 0");
    kill_server(&mortal);
    for (i = 0; i < 50; i++)
        CHECK(is_lost(as[i]));
    for (i = 0; i < 5; i++) /* nothing was pending there */
        CHECK(is_lost(asynchron_hiredis_send(c, "PING")));
    while (!start_at(&mortal, mortal.port))
        usleep(10000);
    CHECK(is_lost(asynchron_hiredis_send(blocked, "PING")));
    asynchron_hiredis_release(blocked);
    asynchron_hiredis_release(c);
    c = connected_to(mortal.port);
    CHECK(becomes(asynchron_hiredis_send(c, "PING"), "PONG"));
    asynchron_hiredis_release(c);
    kill_server(&mortal);
}

static void a_server_that_shuts_down_or_closes_the_connection_fails_what_is_pending(void)
{
    server_t mortal = start_server();
    asynchron_hiredis_t *c = connected_to(mortal.port);
    asynchron_t *quit = asynchron_hiredis_send(c, "QUIT"), *after = asynchron_hiredis_send(c, "PING");

    CHECK(becomes(quit, "OK") && is_lost(after));
    asynchron_hiredis_release(c);
    c = connected_to(mortal.port);
    CHECK(is_lost(asynchron_hiredis_send(c, "SHUTDOWN NOSAVE")));
    asynchron_hiredis_release(c);
    CHECK(waitpid(mortal.process, NULL, 0) == mortal.process);
    (void)rmdir(mortal.directory);
}

/* To a socket whose queue is full: the kernel drops what would connect. */
static void a_connection_that_never_comes_is_ended_by_a_deadline_and_by_the_release(void)
{
    struct sockaddr_in address;
    int i, port, full = bound(&port), waiting[4];
    asynchron_hiredis_t *c;
    asynchron_t *expired, *pending;

    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons((uint16_t)port);
    CHECK(listen(full, 0) == 0);
    for (i = 0; i < 4; i++) {
        waiting[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        (void)!connect(waiting[i], (struct sockaddr *)&address, sizeof address);
    }
    c = connected_to(port);
    expired = asynchron_hiredis_send(c, "PING");
    pending = asynchron_hiredis_send(c, "PING");
    CHECK(asynchron_expire_after(expired, 50000000) == ASYNCHRON_OK);
    CHECK(fails_with(expired, "asynchron", ASYNCHRON_TIMEOUT, ""));
    CHECK(asynchron_poll(pending) == ASYNCHRON_PENDING);
    asynchron_hiredis_release(c);
    CHECK(is_broken(pending));
    for (i = 0; i < 4; i++)
        close(waiting[i]);
    close(full);
}

static void released_with_100_under_way_all_are_broken(void)
{
    asynchron_hiredis_t *c = new_client();
    asynchron_t *as[100];
    int i;

    CHECK(becomes(asynchron_hiredis_send(c, "PING"), "PONG"));
    for (i = 0; i < 100; i++)
        as[i] = asynchron_hiredis_send(c, "BLPOP none 0");
    asynchron_hiredis_release(c);
    for (i = 0; i < 100; i++) {
        CHECK(asynchron_poll(as[i]) == ASYNCHRON_FAILED);
        CHECK(is_broken(as[i]));
    }
    asynchron_hiredis_release(new_client()); /* before it has connected */
}

typedef struct {
    asynchron_hiredis_t *c;
    asynchron_t *another;
    int is_blocked, is_on_thread, is_over;
} end_t;

static void send_another(asynchron_t *a, void *pointer)
{
    end_t *end = (end_t *)pointer;

    (void)a;
    end->another = asynchron_hiredis_send(end->c, "PING");
}

static void sent_in_a_callback_of_the_release_it_is_broken_at_once(void)
{
    end_t end;
    asynchron_t *a;

    memset(&end, 0, sizeof end);
    end.c = new_client();
    a = asynchron_hiredis_send(end.c, "BLPOP none 0");
    CHECK(asynchron_notify(a, send_another, &end) == ASYNCHRON_OK);
    asynchron_hiredis_release(end.c);
    CHECK(asynchron_poll(end.another) == ASYNCHRON_FAILED);
    CHECK(is_broken(end.another) && is_broken(a));
}

/* Registers a callback that runs on the thread. */
static asynchron_t *on_the_thread(asynchron_hiredis_t *c, asynchron_notify_fn_t fn, void *ctx)
{
    asynchron_t *a = asynchron_hiredis_send(c, "BLPOP gate 0");

    CHECK(asynchron_notify(a, fn, ctx) == ASYNCHRON_OK);
    ask("LPUSH gate open");
    return a;
}

static void release_it(asynchron_t *a, void *pointer)
{
    end_t *end = (end_t *)pointer;
    pthread_attr_t attributes;
    sigset_t blocked;
    int state;

    (void)a;
    end->is_on_thread = pthread_equal(end->c->thread, pthread_self());
    end->is_blocked = pthread_sigmask(SIG_BLOCK, NULL, &blocked) == 0 && sigismember(&blocked, SIGPIPE) == 1 &&
                      sigismember(&blocked, SIGTERM) == 1;
    asynchron_hiredis_release(end->c);
    CHECK(pthread_getattr_np(pthread_self(), &attributes) == 0); /* nobody need join it */
    CHECK(pthread_attr_getdetachstate(&attributes, &state) == 0 && state == PTHREAD_CREATE_DETACHED);
    CHECK(pthread_attr_destroy(&attributes) == 0);
    end->another = asynchron_hiredis_send(end->c, "PING");
    raise_flag(&end->is_over);
}

static void released_in_a_callback_of_its_own_it_ends_later_and_sends_nothing(void)
{
    end_t end;
    asynchron_t *first, *pending;

    memset(&end, 0, sizeof end);
    end.c = new_client();
    first = on_the_thread(end.c, release_it, &end);
    COMES_TRUE(flag_of(&end.is_over));
    CHECK(end.is_on_thread && end.is_blocked && is_broken(end.another));
    asynchron_release(first);

    memset(&end, 0, sizeof end);
    end.c = new_client();
    first = asynchron_hiredis_send(end.c, "BLPOP gate 0");
    CHECK(asynchron_notify(first, release_it, &end) == ASYNCHRON_OK);
    pending = asynchron_hiredis_send(end.c, "BLPOP none 0");
    ask("LPUSH gate open");
    CHECK(is_broken(pending));
    COMES_TRUE(flag_of(&end.is_over));
    CHECK(is_broken(end.another));
    asynchron_release(first);
}

static void released_in_a_callback_of_a_lost_connection_it_ends_later(void)
{
    end_t end;
    asynchron_t *a;

    memset(&end, 0, sizeof end);
    end.c = new_client();
    a = asynchron_hiredis_send(end.c, "BLPOP none 0");
    CHECK(asynchron_notify(a, release_it, &end) == ASYNCHRON_OK);
    ask("CLIENT KILL TYPE normal SKIPME yes");
    COMES_TRUE(flag_of(&end.is_over));
    CHECK(is_lost(a) && is_broken(end.another));
}

static void sent_in_a_callback_it_is_answered_later(void)
{
    end_t end;
    asynchron_t *a;

    memset(&end, 0, sizeof end);
    end.c = new_client();
    a = on_the_thread(end.c, send_another, &end);
    CHECK(becomes(asynchron_hiredis_send(end.c, "PING"), "PONG"));
    CHECK(becomes(end.another, "PONG"));
    asynchron_release(a);
    asynchron_hiredis_release(end.c);
}

static void the_child_of_a_fork_may_make_one_of_its_own(void)
{
    static asynchron_hiredis_t *c; /* which the child does not lose */
    int status;
    pid_t child;

    c = new_client();
    CHECK(becomes(asynchron_hiredis_send(c, "PING"), "PONG"));
    child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        asynchron_hiredis_t *own;

        alarm(60);
        own = new_client();
        CHECK(becomes(asynchron_hiredis_send(own, "SET from child"), "OK"));
        asynchron_hiredis_release(own);
        execlp("true", "true", (char *)NULL); /* so that nobody looks for what the parent's copy has lost here */
        _exit(127);
    }
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    CHECK(becomes(asynchron_hiredis_send(c, "GET from"), "child"));
    asynchron_hiredis_release(c);
}

static uint64_t used_by(clockid_t clock)
{
    struct timespec used;

    CHECK(clock_gettime(clock, &used) == 0);
    return (uint64_t)used.tv_sec * 1000000000u + (uint64_t)used.tv_nsec;
}

static void with_nothing_to_do_with_a_silent_server_and_without_one_the_thread_sleeps(void)
{
    asynchron_hiredis_t *c = new_client();
    clockid_t clock;
    int i;

    CHECK(pthread_getcpuclockid(c->thread, &clock) == 0);
    CHECK(becomes(asynchron_hiredis_send(c, "PING"), "PONG"));
    for (i = 0; i < 3; i++) {
        uint64_t before;

        usleep(100000); /* what it had to do is done */
        before = used_by(clock);
        usleep(300000);
        CHECK(used_by(clock) - before < 100000000u);
        if (i == 0)
            asynchron_release(asynchron_hiredis_send(c, "BLPOP none 0"));
        else if (i == 1)
            ask("CLIENT KILL TYPE normal SKIPME yes");
    }
    CHECK(is_lost(asynchron_hiredis_send(c, "PING")));
    asynchron_hiredis_release(c);
}

#endif
