/* cksum.c: the POSIX checksum and size of many files at once.
 *
 *     cksum [--timeout SECONDS] FILE...
 *
 * Every file is an asynchron, computed on a background thread. A report yields them as they
 * complete, and each one yielded makes room for the next file: however many there are, only a few
 * are open at a time. On a terminal, a bar shows how far each of those is, and one how far all are
 * together. A file that takes longer than the timeout is given up. Ctrl-C cancels what is pending;
 * what is done by then is still printed.
 *
 * Exits with 0, with 1 if a file could not be read or not in time, or with 130 after Ctrl-C.
 */
#define _POSIX_C_SOURCE 200809L
#define _FILE_OFFSET_BITS 64
#include <asynchron.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { IN_FLIGHT = 8, BLOCK = 64 * 1024, EXIT_INTERRUPTED = 128 + 2 };

/* A place for one file in flight; free while its sum is NULL. Its address is the item's tag. */
struct job { const char *name; asynchron_t *sum; };

static struct job jobs[IN_FLIGHT];

/* ---- Progress, on standard error when that is a terminal ---- */

/* Used by the main thread alone: the others say how far they are by their asynchrons. */
static struct {
    bool wanted;
    int files, files_done;
    uint64_t bytes, bytes_done; /* of all files, and of those that are done */
    int lines; /* how many are drawn above the cursor */
} progress;

/* To be called before anything else is printed, so that no line is mixed with the progress. */
static void progress_clear(void)
{
    if (progress.lines > 0)
        fprintf(stderr, "\033[%dA\r\033[J", progress.lines);
    progress.lines = 0;
}

static void progress_draw_bar(uint64_t done, uint64_t total, const char *name)
{
    size_t length = strlen(name);
    int filled = total == 0 ? 0 : done >= total ? 20 : (int)(20.0 * (double)done / (double)total);

    /* Of a long name the end, which fits on the line. */
    fprintf(stderr, "[%-20.*s] %6" PRIu64 " MiB  %s\n", filled, "####################", done >> 20,
            name + (length > 40 ? length - 40 : 0));
    progress.lines++;
}

/* A bar for each file in flight that has begun, and one for all. */
static void progress_draw(void)
{
    uint64_t done, total, all_done = progress.bytes_done;
    char files[40];

    if (!progress.wanted)
        return;
    progress_clear();
    for (int i = 0; i < IN_FLIGHT; i++) {
        if (asynchron_progress_of(jobs[i].sum, &done, &total) != ASYNCHRON_OK)
            continue; /* not begun, or a free place: NULL is refused, which is fine */
        progress_draw_bar(done, total, jobs[i].name);
        all_done += done;
    }
    snprintf(files, sizeof files, "%d of %d files", progress.files_done, progress.files);
    progress_draw_bar(all_done, progress.bytes, files);
}

/* How large a file is, so far as that is known. */
static uint64_t size_of(const char *name)
{
    struct stat file;

    return stat(name, &file) == 0 && S_ISREG(file.st_mode) ? (uint64_t)file.st_size : 0;
}

/* For errors after which the program cannot go on. */
static void must(bool hold, const char *otherwise)
{
    if (hold)
        return;
    progress_clear();
    fprintf(stderr, "cksum: %s\n", otherwise);
    exit(EXIT_FAILURE);
}

/* ---- The checksum: polynomial 0x04C11DB7, highest bit first ---- */

/* crc_table[k][b] is what the byte b does to the checksum when k more bytes follow it. */
static uint32_t crc_table[8][256];

static uint32_t crc_byte(uint32_t crc, unsigned char byte)
{
    return (crc << 8) ^ crc_table[0][(crc >> 24) ^ byte];
}

static void crc_prepare(void)
{
    for (uint32_t b = 0; b < 256; b++) {
        uint32_t crc = b << 24;

        for (int bit = 0; bit < 8; bit++)
            crc = (crc << 1) ^ (crc >> 31 ? UINT32_C(0x04C11DB7) : 0);
        crc_table[0][b] = crc;
    }
    for (int k = 1; k < 8; k++)
        for (int b = 0; b < 256; b++)
            crc_table[k][b] = crc_byte(crc_table[k - 1][b], 0);
}

/* Eight bytes a step: their eight look-ups do not wait for each other. */
static uint32_t crc_block(uint32_t crc, const unsigned char *p, size_t n)
{
    for (; n >= 8; p += 8, n -= 8) {
        crc ^= (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
        crc = crc_table[7][crc >> 24] ^ crc_table[6][crc >> 16 & 0xff] ^
              crc_table[5][crc >> 8 & 0xff] ^ crc_table[4][crc & 0xff] ^ crc_table[3][p[4]] ^
              crc_table[2][p[5]] ^ crc_table[1][p[6]] ^ crc_table[0][p[7]];
    }
    for (; n > 0; p++, n--)
        crc = crc_byte(crc, *p);
    return crc;
}

/* The size is summed as well, lowest byte first, as many bytes as it takes. */
static uint32_t crc_finish(uint32_t crc, uint64_t size)
{
    for (; size != 0; size >>= 8)
        crc = crc_byte(crc, (unsigned char)(size & 0xff));
    return ~crc;
}

/* ---- One file ---- */

struct sum { uint64_t size; uint32_t crc; };

/* Runs on a background thread. Fails with the number of the system's error. Once the file's time is
 * over, it sees that it is not pending any more; a read that hangs is left to itself. */
static int32_t sum_file(asynchron_t *self, void *name)
{
    unsigned char block[BLOCK];
    struct sum sum = {0, 0};
    int error = 0;
    uint64_t size = size_of(name);
    int fd = open(name, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return errno;
    (void)asynchron_progress(self, 0, size); /* if it cannot be shown, the sum is no worse */
    while (asynchron_poll(self) == ASYNCHRON_PENDING) { /* until it is done, or cancelled */
        ssize_t got = read(fd, block, sizeof block);

        if (got > 0) {
            sum.crc = crc_block(sum.crc, block, (size_t)got);
            sum.size += (uint64_t)got;
            (void)asynchron_progress(self, sum.size, size);
        } else if (got == 0) {
            sum.crc = crc_finish(sum.crc, sum.size);
            (void)asynchron_set_bytes(self, &sum, sizeof sum); /* too late if just cancelled */
        } else if (errno != EINTR) {
            error = errno;
            break;
        }
    }
    close(fd);
    return error;
}

static void job_start(struct job *job, char *name, uint64_t timeout, asynchron_report_t *report)
{
    job->name = name;
    job->sum = asynchron_create(NULL);
    must(job->sum != NULL, "out of memory");
    must(asynchron_expire_after(job->sum, timeout) == ASYNCHRON_OK, "cannot set a time limit");
    must(asynchron_report_add(report, job->sum, job) == ASYNCHRON_OK, "out of memory");
    must(asynchron_spawn(job->sum, sum_file, name, NULL) == ASYNCHRON_OK, "cannot make a thread");
}

/* Prints how a file ended, and frees its place. True if there was a sum to print. */
static bool job_finish(struct job *job)
{
    struct sum sum;
    asynchron_error_t error;
    asynchron_status_t status = asynchron_get_bytes(job->sum, &sum, sizeof sum, NULL);
    uint64_t read, size;

    progress_clear();
    progress.files_done++;
    if (asynchron_progress_of(job->sum, &read, &size) == ASYNCHRON_OK)
        progress.bytes_done += read;
    if (status == ASYNCHRON_OK) {
        printf("%" PRIu32 " %" PRIu64 " %s\n", sum.crc, sum.size, job->name);
        must(fflush(stdout) == 0, "write error");
    } else if (status == ASYNCHRON_FAILED && asynchron_error(job->sum, &error) == ASYNCHRON_OK) {
        /* The library's own failure is the deadline; all others are the function's. */
        fprintf(stderr, "cksum: %s: %s\n", job->name,
                *error.domain ? error.message : strerror(error.code));
    }
    asynchron_release(job->sum);
    job->sum = NULL;
    return status == ASYNCHRON_OK;
}

/* ---- Ctrl-C ---- */

static sigset_t interrupt;

/* SIGINT is blocked everywhere and taken here, by an ordinary thread that lives as long as the
 * program. So there is no signal handler, in which no function of the library may be called. */
static void *watch_interrupt(void *report)
{
    int signal_number;

    sigwait(&interrupt, &signal_number);
    (void)asynchron_report_wake(report); /* one asynchron_report_next returns WOKEN */
    asynchron_report_release(report);
    pthread_sigmask(SIG_UNBLOCK, &interrupt, NULL); /* a second Ctrl-C ends us there and then */
    pause();
    return NULL;
}

/* Comes before all other threads are made: they inherit what is blocked. */
static void catch_interrupt(asynchron_report_t *report)
{
    pthread_t watcher;

    sigemptyset(&interrupt);
    sigaddset(&interrupt, SIGINT);
    pthread_sigmask(SIG_BLOCK, &interrupt, NULL);
    must(pthread_create(&watcher, NULL, watch_interrupt, asynchron_report_retain(report)) == 0,
         "cannot make a thread");
    pthread_detach(watcher);
}

/* 0 for what is no number of seconds, or none above zero. */
static uint64_t nanoseconds(const char *seconds)
{
    char *end;
    double number = strtod(seconds, &end);

    if (*seconds == '\0' || *end != '\0' || !(number > 0))
        return 0;
    return number < 1e9 ? (uint64_t)(number * 1e9) : ASYNCHRON_FOREVER;
}

int main(int argc, char **argv)
{
    char **next = argv + 1; /* the first file that is not started; NULL ends the list */
    bool failed = false, interrupted = false;
    asynchron_report_t *report = asynchron_report_create(NULL, 0);
    asynchron_item_t item;
    asynchron_status_t status;
    uint64_t timeout = ASYNCHRON_FOREVER; /* for each file, from when it is started */
    uint64_t patience; /* how long to wait before the progress is drawn again */

    if (argc > 2 && strcmp(argv[1], "--timeout") == 0) {
        timeout = nanoseconds(argv[2]);
        next += 2;
    }
    must(*next != NULL && timeout > 0, "usage: cksum [--timeout SECONDS] FILE...");
    must(report != NULL, "out of memory");
    progress.files = (int)(argv + argc - next);
    progress.wanted = isatty(STDERR_FILENO);
    for (char **file = next; progress.wanted && *file != NULL; file++)
        progress.bytes += size_of(*file);
    patience = progress.wanted ? UINT64_C(100000000) : ASYNCHRON_FOREVER; /* a tenth of a second */
    crc_prepare();
    catch_interrupt(report);

    for (int i = 0; i < IN_FLIGHT && *next != NULL; i++)
        job_start(&jobs[i], *next++, timeout, report);
    while ((status = asynchron_report_next(report, patience, &item)) != ASYNCHRON_END) {
        if (status == ASYNCHRON_OK) {
            asynchron_release(item.asynchron); /* the job has a reference of its own */
            failed |= !job_finish(item.tag);
            if (!interrupted && *next != NULL)
                job_start(item.tag, *next++, timeout, report);
        } else if (status == ASYNCHRON_WOKEN) {
            /* The cancelled ones are yielded like all others, so the loop ends as usual. */
            interrupted = true;
            for (int i = 0; i < IN_FLIGHT; i++)
                (void)asynchron_cancel(jobs[i].sum); /* NULL is refused, which is fine */
        } else {
            must(status == ASYNCHRON_TIMEOUT, asynchron_status_string(status));
        }
        progress_draw();
    }
    progress_clear();
    asynchron_report_release(report);
    return interrupted ? EXIT_INTERRUPTED : failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
