/*
 * What all contestants share: time, placement, threads, checks, arguments, results.
 *
 *     PROGRAM                      lists the workloads that it can express
 *     PROGRAM WORKLOAD [EFFORT]    runs one, for about EFFORT tenths of a second; 1 unless given
 *
 * A result is one line: the workload, and nanoseconds an operation (or what the workload counts).
 * A wrong value ends the program with status 1: a wrong result is not a fast one. C and C++.
 */
#ifndef HARNESS_H
#define HARNESS_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <malloc.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Ends the program unless it holds. */
static inline void must(int holds, const char *what)
{
    if (__builtin_expect(!holds, 0)) {
        fprintf(stderr, "wrong: %s\n", what);
        exit(1);
    }
}

/* The compiler must take it that anybody may have changed what `p` leads to. */
#define SEEN(p) __asm__ volatile("" : "+r"(p) : : "memory")

/* A contestant's own code is part of the workload, as in a program that is made of both. */
#define OWN static inline __attribute__((always_inline))

/* ---- time and results ---- */

static inline double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* What a thread has used of a processor, in nanoseconds; also one that sleeps, or runs elsewhere. */
static inline double processor_time(pthread_t thread)
{
    clockid_t clock;
    struct timespec t;
    must(pthread_getcpuclockid(thread, &clock) == 0 && clock_gettime(clock, &t) == 0, "processor time");
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* Keeps the processor busy for so many nanoseconds. */
static inline void work_for(double ns)
{
    double until;
    if (ns == 0)
        return;
    until = now() + ns;
    while (now() < until)
        ;
}

static double effort = 1;

/* So many, or with less effort fewer. */
static inline size_t share(size_t n)
{
    double of_it = effort < 0.01 ? 0.01 : effort > 1 ? 1 : effort;
    return (size_t)((double)n * of_it);
}

static inline void result(const char *name, double value)
{
    printf("%s %.3f\n", name, value);
}

static inline int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Times of equal batches, of which the median counts: what disturbs a few changes nothing. */
#define BATCHES 2048
struct batches {
    double at[BATCHES];
    size_t n;
    double until;
    int warm; /* the first batch only warms up */
    int once; /* it takes so long that one is enough, and none warms up */
};

/* Whether to run one more: at least three, and for EFFORT tenths of a second. */
static inline int more(struct batches *b)
{
    if (b->until == 0)
        b->until = now() + effort * 1e8;
    return b->n < (b->once ? 1 : 3) || (b->n < BATCHES && now() < b->until);
}

static inline void batch(struct batches *b, double time)
{
    if (b->warm || b->once)
        b->at[b->n++] = time;
    b->warm = 1;
}

static inline double median(struct batches *b)
{
    qsort(b->at, b->n, sizeof *b->at, ascending);
    return b->at[b->n / 2];
}

/* Runs `work` in batches of `ops`; nanoseconds an operation. */
static inline double timed(void (*work)(size_t ops), size_t ops)
{
    struct batches b;
    memset(&b, 0, sizeof b);
    while (more(&b)) {
        double begun = now();
        work(ops);
        batch(&b, (now() - begun) / (double)ops);
    }
    return median(&b);
}

/* Bytes of the heap in use, malloc's own beside each block included. */
static inline double heap(void)
{
    struct mallinfo2 m = mallinfo2();
    return (double)m.uordblks + (double)m.hblkhd;
}

/* ---- placement ---- */

static int cpus[2];

/* Confines the process to its first processor (1) or to its first two (2). */
static inline void place(int many)
{
    cpu_set_t may, use;
    int found = 0;
    must(sched_getaffinity(0, sizeof may, &may) == 0, "affinity");
    CPU_ZERO(&use);
    for (int cpu = 0; cpu < CPU_SETSIZE && found < many; cpu++) {
        if (CPU_ISSET(cpu, &may)) {
            cpus[found++] = cpu;
            CPU_SET(cpu, &use);
        }
    }
    if (found < 2)
        cpus[1] = cpus[0];
    must(sched_setaffinity(0, sizeof use, &use) == 0, "affinity");
}

/* Starts a thread on the first (0) or the second (1) of the process's processors. */
static inline pthread_t start(int place, void *(*main)(void *), void *arg)
{
    pthread_t thread;
    pthread_attr_t attr;
    cpu_set_t use;
    CPU_ZERO(&use);
    CPU_SET(cpus[place], &use);
    pthread_attr_init(&attr);
    pthread_attr_setaffinity_np(&attr, sizeof use, &use);
    pthread_attr_setstacksize(&attr, 256 * 1024);
    must(pthread_create(&thread, &attr, main, arg) == 0, "thread");
    pthread_attr_destroy(&attr);
    return thread;
}

/* Two threads, each on a processor of its own, which begin together. */
static inline void both(void *(*first)(void *), void *(*second)(void *), void *arg)
{
    pthread_t a = start(0, first, arg), b = start(1, second, arg);
    pthread_join(a, NULL);
    pthread_join(b, NULL);
}

/* Where threads on processors of their own wait for each other without sleeping. */
static inline void meet(uint32_t *count, uint32_t until)
{
    __atomic_fetch_add(count, 1, __ATOMIC_ACQ_REL);
    while (__atomic_load_n(count, __ATOMIC_ACQUIRE) < until) {
        if (cpus[0] == cpus[1])
            sched_yield();
    }
}

/* Random numbers (xorshift), the same in every run. */
static inline size_t below(uint64_t *seed, size_t n)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return (size_t)(*seed % n);
}

/* ---- the program ---- */

struct workload {
    const char *name;
    int cpus;
    void (*run)(void);
};

/* malloc, mutexes and atomic counts are cheaper while a process has but one thread: none has. */
static inline void *second_thread(void *nothing)
{
    for (;;)
        pause();
    return nothing;
}

static inline int bench(const struct workload *all, size_t n, int argc, char **argv)
{
    for (size_t i = 0; i < n; i++) {
        if (argc < 2) {
            puts(all[i].name);
        } else if (strcmp(argv[1], all[i].name) == 0) {
            pthread_t thread;
            effort = argc > 2 ? atof(argv[2]) : 1;
            place(all[i].cpus);
            must(pthread_create(&thread, NULL, second_thread, NULL) == 0, "thread");
            all[i].run();
            return 0;
        }
    }
    if (argc >= 2)
        fprintf(stderr, "no such workload here: %s\n", argv[1]);
    return argc >= 2;
}

#endif
