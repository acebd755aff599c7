/*
 * Two threads, one after the other, each with an asynchron of its own: for lines.py, which looks at what memory both of
 * them have touched. Between two marks a thread does what is to be looked at, and nothing else.
 *
 *     build/lines              names the paths
 *     build/lines NAME         prints where the mark lies, and what lies where
 */
#include "paths.h"

#include <semaphore.h>

#define WARM 40
#define TIMES 20

static volatile uint64_t mark __attribute__((aligned(64)));
static sem_t turn[2], over;
static const char *path;

/* ---- a path of lines.c's own: one that sleeps, and is woken ---- */

static void *wake(void *of)
{
    usleep(20000);
    set(of, 8);
    asynchron_release(of);
    sem_wait(&over), sem_post(&over);
    return NULL;
}

static void sleep_and_wake(void)
{
    asynchron_t *a = asynchron_create(NULL);
    pthread_t other;
    must(pthread_create(&other, NULL, wake, asynchron_retain(a)) == 0, "thread");
    mark = mark + 1;
    get(a, 8);
    mark = mark + 1;
    pthread_detach(other);
    asynchron_release(a);
}

static void *side(void *of)
{
    size_t me = (size_t)(uintptr_t)of;
    int sleeps = strcmp(path, "sleep") == 0;
    sem_wait(&turn[me]);
    begin_paths();
    if (sleeps) {
        sleep_and_wake();
    } else {
        must(run_path(path, WARM), "name");
        mark = mark + 1;
        run_path(path, TIMES);
        mark = mark + 1;
    }
    sem_post(me == 0 ? &turn[1] : &over);
    /* Its memory is not to be another's. */
    if (me == 0)
        sem_wait(&over), sem_post(&over);
    end_paths();
    return NULL;
}

int main(int argc, char **argv)
{
    pthread_t threads[2];
    if (argc < 2) {
        for (size_t i = 0; i < sizeof all / sizeof *all; i++)
            puts(all[i].name);
        puts("sleep");
        return 0;
    }
    path = argv[1];
    printf("mark %p\n", (void *)(uintptr_t)&mark);
    fflush(stdout);
    sem_init(&turn[0], 0, 0);
    sem_init(&turn[1], 0, 0);
    sem_init(&over, 0, 0);
    for (size_t i = 0; i < 2; i++)
        must(pthread_create(&threads[i], NULL, side, (void *)(uintptr_t)i) == 0, "thread");
    sem_post(&turn[0]);
    for (size_t i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    {
        /* Where everything lies. */
        FILE *maps = fopen("/proc/self/maps", "r");
        char line[512];
        while (maps != NULL && fgets(line, sizeof line, maps) != NULL)
            fputs(line, stdout);
    }
    return 0;
}
