/*
 * Two threads that hand a fresh asynchron back and forth: for those that look at many of them (waits.c, flat.c).
 */
#ifndef PAIR_H
#define PAIR_H

#include "harness.h"

#include "asynchron.h"

static asynchron_t *made(void)
{
    asynchron_t *a = asynchron_create(NULL);
    must(a != NULL, "memory");
    return a;
}

/* The caller's reference goes. */
static void set(asynchron_t *a, const void *data, size_t len)
{
    must(asynchron_set_bytes(a, data, len) == ASYNCHRON_OK, "set");
    asynchron_release(a);
}

struct mail {
    uint64_t n;
    asynchron_t *next; /* by which the other side answers; NULL ends */
};

/* Two threads, which get the same one; it is made before, with one reference. */
struct pair {
    asynchron_t *first;
    size_t hops;
};

static void take(asynchron_t *a, struct mail *mail)
{
    asynchron_value_t value;
    must(asynchron_get(a, &value) == ASYNCHRON_OK && value.len == sizeof *mail, "value");
    memcpy(mail, value.data, sizeof *mail);
    asynchron_release(a);
}

static asynchron_t *answer(asynchron_t *to, struct mail *mail)
{
    mail->next = asynchron_retain(made());
    set(to, mail, sizeof *mail);
    return mail->next;
}

static void *near_side(void *of)
{
    struct pair *pair = of;
    struct mail out = {0, NULL}, in = {0, asynchron_retain(pair->first)};
    for (size_t hop = 0; hop < pair->hops; hop += 2) {
        asynchron_t *mine = answer(in.next, &out);
        take(mine, &in);
        must(in.n == out.n + 1, "answer");
        out.n += 2;
    }
    out.next = NULL;
    set(in.next, &out, sizeof out);
    return NULL;
}

static void *far_side(void *of)
{
    asynchron_t *mine = ((struct pair *)of)->first;
    for (;;) {
        struct mail in, out;
        take(mine, &in);
        if (in.next == NULL)
            return NULL;
        out.n = in.n + 1;
        mine = answer(in.next, &out);
    }
}

#endif
