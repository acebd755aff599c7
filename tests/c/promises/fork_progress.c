/* Forks while threads write the progress of one asynchron as fast as they can, again and again: in no child does one of
   the writes that were stopped half way keep a reader or a writer. A child that hangs is ended by its alarm. */
#include <asynchron.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHECK(condition) \
    do { if (!(condition)) { fprintf(stderr, "line %d: %s\n", __LINE__, #condition); _exit(1); } } while (0)

enum { WRITERS = 16, FORKS = 200 };

static asynchron_t *a;
static atomic_int stop;

static void *write_on(void *unused)
{
    for (uint64_t n = 0; !stop; n++)
        CHECK(asynchron_progress(a, n, ~n) == ASYNCHRON_OK);
    return unused;
}

static void read_and_write(void)
{
    uint64_t done, total;

    CHECK(asynchron_progress_of(a, &done, &total) == ASYNCHRON_OK && done == ~total);
    for (uint64_t n = 0; n < 20; n++) {
        CHECK(asynchron_progress(a, n, ~n) == ASYNCHRON_OK);
        CHECK(asynchron_progress_of(a, &done, &total) == ASYNCHRON_OK && done == n && total == ~n);
    }
}

/* Also in a child's child, where nobody writes. */
static void in_children(int depth)
{
    int status;
    pid_t child = fork();

    CHECK(child >= 0);
    if (child == 0) {
        alarm(60);
        read_and_write();
        if (depth > 1)
            in_children(depth - 1);
        _exit(0);
    }
    CHECK(waitpid(child, &status, 0) == child && status == 0);
}

int main(void)
{
    pthread_t writers[WRITERS];

    a = asynchron_create(NULL);
    CHECK(asynchron_progress(a, 0, ~UINT64_C(0)) == ASYNCHRON_OK);
    for (int i = 0; i < WRITERS; i++)
        CHECK(pthread_create(&writers[i], NULL, write_on, NULL) == 0);
    for (int i = 0; i < FORKS; i++)
        in_children(i % 20 == 0 ? 3 : 1);
    stop = 1;
    for (int i = 0; i < WRITERS; i++)
        CHECK(pthread_join(writers[i], NULL) == 0);
    read_and_write();
    asynchron_release(a);
    return 0;
}
