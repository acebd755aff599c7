/*
 * Races that no promise of the library's forbids, in programs that use it. A race detector must see each, also in
 * functions whose names have the library's in them.
 *
 *     planted WAY
 */

#include "scene.h"

/* So that the other has been there. It orders nothing. */
static void a_little_later(void)
{
    usleep(5000);
}

static void write_after_asynchron_set(struct scene *s)
{
    check(asynchron_set_bytes(s->a, &s->number, sizeof s->number) == ASYNCHRON_OK);
    a_little_later();
    s->data = 42;
}

static void get_from_asynchron(struct scene *s)
{
    check(asynchron_get(s->a, NULL) == ASYNCHRON_OK);
    look(&s->data, sizeof s->data);
}

static void callback(asynchron_t *a, void *ctx)
{
    (void)a;
    look(&((struct scene *)ctx)->data2, sizeof(int));
}

static void set_a_little_later(struct scene *s)
{
    a_little_later();
    check(asynchron_set_bytes(s->a, &s->number, sizeof s->number) == ASYNCHRON_OK);
}

static void write_after_notify(struct scene *s)
{
    check(asynchron_notify(s->a, callback, s) == ASYNCHRON_OK);
    s->data2 = 42;
}

static int32_t function(asynchron_t *self, void *ctx)
{
    (void)self;
    ((struct scene *)ctx)->data = 41;
    return 0;
}

static void write_after_spawn(struct scene *s)
{
    check(asynchron_spawn(s->a, function, s, NULL) == ASYNCHRON_OK);
    a_little_later();
    s->data = 42;
}

static void wait(struct scene *s)
{
    check(asynchron_wait(s->a, ASYNCHRON_FOREVER) == ASYNCHRON_OK);
}

static void write_after_release(struct scene *s)
{
    asynchron_release(s->shared);
    a_little_later();
    s->data = 42;
}

static void release_and_read(struct scene *s)
{
    asynchron_release(s->shared);
    look(&s->data, sizeof s->data);
}

static void write_after_add(struct scene *s)
{
    check(asynchron_report_add(s->report, s->a, &s->tag) == ASYNCHRON_OK);
    check(asynchron_set_bytes(s->a, NULL, 0) == ASYNCHRON_OK);
    a_little_later();
    s->tag = 42;
}

static void take_and_read(struct scene *s)
{
    asynchron_item_t item;
    check(asynchron_report_next(s->report, ASYNCHRON_FOREVER, &item) == ASYNCHRON_OK);
    look(item.tag, sizeof(int));
    asynchron_release(item.asynchron);
}

static const struct way ways[] = {
    {"set", write_after_asynchron_set, get_from_asynchron, false},
    {"notify", set_a_little_later, write_after_notify, false},
    {"spawn", write_after_spawn, wait, false},
    {"release", write_after_release, release_and_read, true},
    {"report", write_after_add, take_and_read, true},
};

int run(const char *way)
{
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        if (strcmp(ways[i].name, way) == 0) {
            for (int round = 0; round < 5; round++) {
                play(&ways[i]);
            }
            return 0;
        }
    }
    return 2;
}
