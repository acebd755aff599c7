/* Two threads, what they share, and nothing that orders what they do but the library. */

#ifndef SCENE_H
#define SCENE_H

#include <asynchron.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct scene {
    asynchron_t *a, *b;
    /* If the way shares them: a reference to each for each thread. */
    asynchron_t *shared;
    asynchron_report_t *report;
    long number;
    /* What is handed over. */
    int data, data2, data3, data4, tag;
};

struct way {
    const char *name;
    void (*first)(struct scene *);
    void (*second)(struct scene *);
    bool shares;
};

struct part {
    void (*act)(struct scene *);
    struct scene *scene;
};

static const char *now;

static inline void check_at(int holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "%s: not so: %s\n", now, what);
        exit(1);
    }
}

#define check(holds) check_at((holds) != 0, #holds)

static inline void *begin(void *part)
{
    ((struct part *)part)->act(((struct part *)part)->scene);
    return NULL;
}

/* Looks at every byte. */
static inline void look(const void *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        (void)((const volatile unsigned char *)bytes)[i];
    }
}

/* What they share lies in memory that detectors look at, unlike the stack. It stays: a detector takes what is freed for
 * a use of it. */
static inline void play(const struct way *way)
{
    struct scene *s = calloc(1, sizeof *s);
    struct part parts[2] = {{way->first, s}, {way->second, s}};
    pthread_t threads[2];
    now = way->name;
    check(s);
    s->a = asynchron_create(NULL);
    s->b = asynchron_create(NULL);
    check(s->a && s->b);
    if (way->shares) {
        s->shared = asynchron_retain(asynchron_create(NULL));
        s->report = asynchron_report_retain(asynchron_report_create(&s->b, 1));
        check(s->shared && s->report);
    }
    for (int i = 0; i < 2; i++) {
        check(pthread_create(&threads[i], NULL, begin, &parts[i]) == 0);
    }
    for (int i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
    }
    asynchron_release(s->a);
    asynchron_release(s->b);
}

int run(const char *way);

#endif
