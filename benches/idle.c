/*
 * What asynchron costs while nothing happens: a thousand blocked waiters and a thousand reports with
 * one registered each, for ten seconds (times EFFORT). The time that any thread but the measuring one
 * ran, and the threads and the bytes of the heap that were added, are all to be 0.
 */
#include "harness.h"

#include <dirent.h>

#include "asynchron.h"

#define MANY 1000

/* Nanoseconds that all threads but this one have run, and how many there are. */
static double others_ran(int *threads)
{
    DIR *tasks = opendir("/proc/self/task");
    struct dirent *task;
    double sum = 0;
    must(tasks != NULL, "tasks");
    *threads = 0;
    while ((task = readdir(tasks)) != NULL) {
        char path[300];
        unsigned long long ran;
        FILE *stat;
        if (task->d_name[0] == '.' || atoi(task->d_name) == gettid())
            continue;
        snprintf(path, sizeof path, "/proc/self/task/%s/schedstat", task->d_name);
        stat = fopen(path, "r");
        must(stat != NULL && fscanf(stat, "%llu", &ran) == 1, "schedstat");
        fclose(stat);
        sum += (double)ran;
        ++*threads;
    }
    closedir(tasks);
    return sum;
}

static void *waiter(void *a)
{
    asynchron_value_t value;
    must(asynchron_get(a, &value) == ASYNCHRON_OK && *(const int *)value.data == 1, "value");
    return NULL;
}

static void idle(void)
{
    static asynchron_t *waited[MANY], *registered[MANY];
    static asynchron_report_t *reports[MANY];
    static pthread_t waiters[MANY];
    int before, after, one = 1;
    double heap_before, ran_before;

    others_ran(&before);
    for (int i = 0; i < MANY; i++) {
        waited[i] = asynchron_create(NULL);
        waiters[i] = start(i % 2, waiter, waited[i]);
        registered[i] = asynchron_create(NULL);
        reports[i] = asynchron_report_create(&registered[i], 1);
        must(reports[i] != NULL, "report");
    }
    usleep(500 * 1000); /* by then all of them sleep */
    ran_before = others_ran(&after);
    result("idle/threads", after - before - MANY);
    heap_before = heap();
    usleep((useconds_t)(effort * 1e7));
    result("idle/heap", heap() - heap_before);
    result("idle/cpu", others_ran(&after) - ran_before);
    for (int i = 0; i < MANY; i++) {
        asynchron_item_t item;
        asynchron_set_bytes(waited[i], &one, sizeof one);
        pthread_join(waiters[i], NULL);
        asynchron_release(waited[i]);
        asynchron_set_bytes(registered[i], &one, sizeof one);
        must(asynchron_report_next(reports[i], 0, &item) == ASYNCHRON_OK, "next");
        must(item.asynchron == registered[i], "item");
        asynchron_release(item.asynchron);
        asynchron_release(registered[i]);
        asynchron_report_release(reports[i]);
    }
}

int main(int argc, char **argv)
{
    static const struct workload all[] = {{"idle", 2, idle}};
    return bench(all, sizeof all / sizeof *all, argc, argv);
}
