/* A report with a descriptor, and children of a fork: what those do is not heard in the parent. */
#include <asynchron.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHECK(condition) \
    do { if (!(condition)) { fprintf(stderr, "line %d: %s\n", __LINE__, #condition); _exit(1); } } while (0)

static asynchron_t *a, *b;
static asynchron_report_t *report;
static int fd;

static int readable(int one)
{
    struct pollfd poll_one = { one, POLLIN, 0 };
    int n = poll(&poll_one, 1, 0);
    CHECK(n >= 0);
    return n == 1;
}

static asynchron_status_t next(void)
{
    asynchron_item_t item;
    asynchron_status_t status = asynchron_report_next(report, 0, &item);
    if (status == ASYNCHRON_OK)
        asynchron_release(item.asynchron);
    return status;
}

static void in_child(void (*body)(void))
{
    int status;
    pid_t child = fork();

    CHECK(child >= 0);
    if (child == 0) {
        alarm(60);
        body();
        _exit(0);
    }
    CHECK(waitpid(child, &status, 0) == child && status == 0);
}

static void deliver(void) { CHECK(asynchron_set_bytes(a, "x", 1) == ASYNCHRON_OK); }
static void cancel(void) { CHECK(asynchron_cancel(a) == ASYNCHRON_OK); }
static void wake(void) { CHECK(asynchron_report_wake(report) == ASYNCHRON_OK && next() == ASYNCHRON_WOKEN); }
static void take(void) { CHECK(next() == ASYNCHRON_OK && next() == ASYNCHRON_TIMEOUT && next() == ASYNCHRON_TIMEOUT); }
static void take_out(void) { CHECK(asynchron_report_remove(report, a) == ASYNCHRON_OK); }
static void close_and_rearm(void)
{
    CHECK(asynchron_report_close(report) == ASYNCHRON_OK && asynchron_report_add(report, a, NULL) == ASYNCHRON_E_CLOSED);
    take_out();
    CHECK(asynchron_report_remove(report, b) == ASYNCHRON_OK && next() == ASYNCHRON_END);
    CHECK(asynchron_report_rearm(report) == ASYNCHRON_OK);
}
static void let_go(void) { deliver(); asynchron_report_release(report); }

/* One of its own, which its parent does not hear of; nor does it hear of its own child. */
static void ask_for_one(void)
{
    int mine = asynchron_report_fd(report), theirs = fd;

    CHECK(mine >= 0 && mine != theirs && asynchron_report_fd(report) == mine && !readable(mine));
    CHECK(asynchron_report_watch(report, 1) == ASYNCHRON_OK); /* though the parent's loop watches its own */
    fd = mine;
    in_child(deliver);
    CHECK(!readable(mine));
    deliver();
    CHECK(readable(mine) && !readable(theirs));
    take();
    CHECK(!readable(mine));
    asynchron_report_release(report);
    CHECK(fcntl(mine, F_GETFD) == -1);
}

/* That of one that its parent has closed is readable for the end in the child, too. */
static void ask_for_that_of_a_closed_one(void)
{
    int mine = asynchron_report_fd(report);

    CHECK(mine >= 0 && mine != fd && !readable(mine));
    CHECK(asynchron_report_remove(report, b) == ASYNCHRON_OK && readable(mine));
    CHECK(asynchron_report_rearm(report) == ASYNCHRON_OK && readable(mine) && !readable(fd));
    CHECK(next() == ASYNCHRON_END && readable(mine));
}

/* As a program does that becomes a daemon. */
static void use_the_number_again(void)
{
    int ends[2];
    char byte;

    CHECK(pipe(ends) == 0 && fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0);
    CHECK(dup2(ends[1], fd) == fd);
    deliver();
    take();
    asynchron_report_wake(report);
    asynchron_report_release(report);
    CHECK(fcntl(fd, F_GETFD) >= 0);
    CHECK(read(ends[0], &byte, 1) == -1);
}

int main(void)
{
    void (*silent[])(void) = {
        deliver, cancel, wake, take_out, close_and_rearm, let_go, ask_for_one, use_the_number_again
    };
    const uint64_t one = 1;

    for (int round = 0; round < 20; round++) {
        a = asynchron_create(NULL);
        b = asynchron_create(NULL);
        report = asynchron_report_create(NULL, 0);
        CHECK(a && b && report);
        CHECK(asynchron_report_add(report, a, NULL) == ASYNCHRON_OK);
        CHECK(asynchron_report_add(report, b, NULL) == ASYNCHRON_OK);
        fd = asynchron_report_fd(report);
        CHECK(fd >= 0 && asynchron_report_watch(report, 1) == ASYNCHRON_OK);
        for (size_t i = 0; i < sizeof silent / sizeof *silent; i++) {
            in_child(silent[i]);
            CHECK(!readable(fd));
        }
        deliver();
        CHECK(readable(fd));
        in_child(take);
        CHECK(readable(fd));
        take();
        CHECK(!readable(fd));
        /* Whoever else has it may have written to it. (A pipe cannot be written to by this end.) */
        if (write(fd, &one, sizeof one) == (ssize_t)sizeof one) {
            CHECK(readable(fd) && next() == ASYNCHRON_TIMEOUT && next() == ASYNCHRON_TIMEOUT);
            CHECK(!readable(fd));
        }
        CHECK(asynchron_set_bytes(b, NULL, 0) == ASYNCHRON_OK && readable(fd));
        CHECK(next() == ASYNCHRON_OK && next() == ASYNCHRON_END && !readable(fd));
        if (write(fd, &one, sizeof one) == (ssize_t)sizeof one) {
            CHECK(next() == ASYNCHRON_END && next() == ASYNCHRON_END && !readable(fd));
        }
        asynchron_release(b);
        CHECK((b = asynchron_create(NULL)) != NULL);
        CHECK(asynchron_report_add(report, b, NULL) == ASYNCHRON_OK);
        CHECK(asynchron_report_close(report) == ASYNCHRON_OK && !readable(fd));
        in_child(ask_for_that_of_a_closed_one);
        CHECK(!readable(fd));
        CHECK(asynchron_set_bytes(b, NULL, 0) == ASYNCHRON_OK);
        for (int ended = 0; ended < 3; ended++)
            CHECK(readable(fd) && next() == (ended ? ASYNCHRON_END : ASYNCHRON_OK) && readable(fd));
        asynchron_report_release(report);
        asynchron_release(a);
        asynchron_release(b);
    }
    return 0;
}
