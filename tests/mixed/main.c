/* main.c: C and five other languages in one process, and one report. See share.h for what they do.
 *
 *     mixed [COUNT]
 *
 * C makes the asynchrons. CPython, LuaJIT, a C++ plug-in, a Rust library and a Java virtual machine deliver them, each
 * on a thread of its own. C collects all: none lost, none twice, each as it has to be.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "collect.h"

#define WITHIN (60 * UINT64_C(1000000000)) /* a hang is a failure */

struct running {
    pthread_t thread;
    struct share share;
    int (*run)(struct share *);
};

static struct running running[HOSTS];
static struct scene scene;

static void *run(void *of)
{
    struct running *it = of;

    if (it->run(&it->share) != 0) {
        fprintf(stderr, "%s has failed\n", languages[it->share.host].name);
        _exit(EXIT_FAILURE); /* the others wait for what does not come any more */
    }
    return NULL;
}

/* Cancels what is RACED, of every round just as its time comes. */
static void *race(void *unused)
{
    uint32_t number, round;
    char reason[TEXT];

    (void)unused;
    for (round = RACED; round < scene.count / scene.hosts; round += PERIOD) {
        const uint32_t pace = (round - 1) * scene.hosts + round / PERIOD % scene.hosts;

        CHECK(asynchron_wait(scene.all[pace], WITHIN) == ASYNCHRON_OK);
        for (number = round * scene.hosts; number < (round + 1) * scene.hosts; number++) {
            snprintf(reason, sizeof reason, "C cancels %u", (unsigned)number);
            CHECK(asynchron_cancel_with(scene.all[number], reason) >= ASYNCHRON_OK);
        }
    }
    return NULL;
}

static void make(void)
{
    uint32_t number;
    char reason[TEXT];

    CHECK((scene.all = calloc(scene.count, sizeof *scene.all)) != NULL);
    CHECK((scene.report = asynchron_report_create(NULL, 0)) != NULL);
    for (number = 0; number < scene.count; number++) {
        CHECK((scene.all[number] = asynchron_create(NULL)) != NULL);
        CHECK(asynchron_report_add(scene.report, scene.all[number], (void *)(uintptr_t)number) == ASYNCHRON_OK);
        if (kind(number / scene.hosts) == TOO_LATE) {
            snprintf(reason, sizeof reason, "C cancels %u", (unsigned)number);
            CHECK(asynchron_cancel_with(scene.all[number], reason) == ASYNCHRON_OK);
        }
    }
    CHECK(asynchron_report_close(scene.report) == ASYNCHRON_OK);
}

static void start(void)
{
    static int (*const hosts[HOSTS])(struct share *) = {python_host, lua_host, cpp_host, rust_host, java_host};
    uint32_t host;

    for (host = 0; host < scene.hosts; host++) {
        struct running *it = &running[host];

        it->run = hosts[host];
        it->share.all = scene.all;
        it->share.count = scene.count;
        it->share.hosts = scene.hosts;
        it->share.host = host;
        it->share.gate = asynchron_retain(scene.gate);
        CHECK((it->share.late = asynchron_create("late")) != NULL);
        CHECK((it->share.done = asynchron_create("done")) != NULL);
        CHECK(pthread_create(&it->thread, NULL, run, it) == 0);
    }
}

/* That all are complete does not say that nobody uses them: where C has cancelled, the host's delivery may still be to
 * come. */
static void wait_for_hosts(void)
{
    uint32_t host;

    for (host = 0; host < scene.hosts; host++)
        CHECK(asynchron_wait(running[host].share.done, WITHIN) == ASYNCHRON_OK);
}

/* What a plug-in's code is to free has to go before that is unloaded. Python's failures are objects of its own: half of
 * them are released later than its end, and stay where they are. */
static void release(int late)
{
    uint32_t number;

    for (number = 0; number < scene.count; number++)
        if ((number % scene.hosts == PYTHON && number / scene.hosts / PERIOD % 2 == 0) == late)
            asynchron_release(scene.all[number]);
}

/* Lets the hosts end, each by itself. What they have left on `late` must do no harm then. */
static void end(void)
{
    asynchron_t *moment = asynchron_timer(20000000);
    uint32_t host;

    /* Most hosts wait by then; those that come later see it as well. */
    CHECK(moment != NULL && asynchron_wait(moment, WITHIN) == ASYNCHRON_OK);
    asynchron_release(moment);
    CHECK(asynchron_cancel_with(scene.gate, "C closes the gate") == ASYNCHRON_OK);
    for (host = 0; host < scene.hosts; host++) {
        struct running *it = &running[host];

        CHECK(pthread_join(it->thread, NULL) == 0);
        CHECK(asynchron_set_bytes(it->share.late, "late", 4) == ASYNCHRON_OK);
        asynchron_release(it->share.late);
        asynchron_release(it->share.done);
        asynchron_release(it->share.gate);
    }
}

int main(int argc, char **argv)
{
    pthread_t racing;
    uint32_t host;
    int right = 1;

    setvbuf(stdout, NULL, _IOLBF, 0);
    scene.hosts = java_is_there() ? HOSTS : HOSTS - 1;
    scene.count = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 100000;
    scene.count -= scene.count % scene.hosts;
    if (scene.hosts < HOSTS)
        printf("there is no Java here: without it\n");
    CHECK((scene.gate = asynchron_create("gate")) != NULL);
    make();
    CHECK(pthread_create(&racing, NULL, race, NULL) == 0);
    start();
    right &= collect(&scene, WITHIN);
    CHECK(pthread_join(racing, NULL) == 0);
    wait_for_hosts();
    asynchron_report_release(scene.report);
    release(0);
    end();
    release(1);
    for (host = 0; host < scene.hosts; host++)
        right &= compare(&scene, &running[host].share);
    right &= one_library();

    free(scene.all);
    asynchron_release(scene.gate);
    printf("%s\n", right ? "all as it has to be" : "NOT as it has to be");
    return right ? EXIT_SUCCESS : EXIT_FAILURE;
}
