/* poll_loop.c: asynchrons in a poll(2) loop, next to a timer and standard input.
 *
 * The loop is the program's own. A report has a descriptor that is readable exactly while there is an
 * item to take. Three jobs wait on background threads, each for a tick; a tick comes with
 * the timer, or at once with a line that is typed. The program ends when all jobs are done.
 */
#define _POSIX_C_SOURCE 200809L
#include <asynchron.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <time.h>
#include <unistd.h>
#include "check.h"

enum { JOBS = 3, TICK_MS = 50 };
enum { REPORT, INPUT, WATCHED };

static int64_t now_ms(void)
{
    struct timespec time;

    CHECK(clock_gettime(CLOCK_MONOTONIC, &time) == 0);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static int32_t job(asynchron_t *self, void *tick)
{
    (void)self;
    return asynchron_get(tick, NULL); /* ASYNCHRON_OK is 0, which delivers an empty value */
}

int main(void)
{
    struct pollfd watched[WATCHED] = {{0, POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}};
    asynchron_report_t *report;
    asynchron_t *ticks[JOBS];
    asynchron_item_t item;
    asynchron_status_t status = ASYNCHRON_TIMEOUT;
    int64_t next = now_ms() + TICK_MS;
    int ticked = 0, done = 0;

    /* If standard input is closed, fill its place, or the report's descriptor would get it. */
    if (fcntl(STDIN_FILENO, F_GETFD) < 0)
        CHECK(open("/dev/null", O_RDONLY) == STDIN_FILENO);

    CHECK((report = asynchron_report_create(NULL, 0)) != NULL);
    CHECK((watched[REPORT].fd = asynchron_report_fd(report)) >= 0); /* the report closes it */
    for (int i = 0; i < JOBS; i++) {
        asynchron_t *a = asynchron_create(NULL);

        CHECK(a != NULL && (ticks[i] = asynchron_create(NULL)) != NULL);
        CHECK(asynchron_report_add(report, a, NULL) == ASYNCHRON_OK);
        CHECK(asynchron_spawn(a, job, ticks[i], NULL) == ASYNCHRON_OK);
        asynchron_release(a); /* the report keeps it and hands it over with the item */
    }

    do {
        int64_t left = next - now_ms();

        if (poll(watched, WATCHED, ticked == JOBS ? -1 : left > 0 ? (int)left : 0) < 0) {
            CHECK(errno == EINTR);
            continue;
        }
        if (watched[INPUT].revents != 0) {
            char line[80];
            ssize_t len = read(STDIN_FILENO, line, sizeof line);

            if (len > 0)
                next = now_ms(); /* the tick is due */
            else if (len == 0 || (errno != EINTR && errno != EAGAIN))
                watched[INPUT].fd = -1; /* its end, or not readable: poll passes over it */
        }
        if (ticked < JOBS && now_ms() >= next) {
            CHECK(asynchron_set_bytes(ticks[ticked++], NULL, 0) == ASYNCHRON_OK);
            next = now_ms() + TICK_MS;
            printf("tick %d\n", ticked);
        }
        /* Take whatever is there, without waiting: poll has done that. */
        while ((status = asynchron_report_next(report, 0, &item)) == ASYNCHRON_OK) {
            CHECK(asynchron_get(item.asynchron, NULL) == ASYNCHRON_OK);
            asynchron_release(item.asynchron);
            printf("job %d of %d is done\n", ++done, JOBS);
        }
    } while (status == ASYNCHRON_TIMEOUT); /* nothing now, but some are still to come */

    CHECK(status == ASYNCHRON_END && ticked == JOBS && done == JOBS);
    for (int i = 0; i < JOBS; i++)
        asynchron_release(ticks[i]);
    asynchron_report_release(report);
    return EXIT_SUCCESS;
}
