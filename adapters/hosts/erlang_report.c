/* erlang_report.c: a report as a resource of Erlang. enif_select sends a message once its descriptor is readable. */
#include <erl_nif.h>
#include <string.h>

#include "taken.h"

typedef struct {
    asynchron_report_t *report;
    ErlNifEvent fd;
    taken_t taken;
} watched_t;

static ErlNifResourceType *type;

/* Nobody watches it any more: only now may the report be released, which closes the descriptor. */
static void stopped(ErlNifEnv *env, void *resource, ErlNifEvent fd, int direct)
{
    watched_t *watched = resource;

    (void)env, (void)fd, (void)direct;
    asynchron_report_release(watched->report);
    watched->report = NULL;
}

static int load(ErlNifEnv *env, void **data, ERL_NIF_TERM unused)
{
    const ErlNifResourceTypeInit init = { NULL, stopped, NULL, 0, NULL };

    (void)data, (void)unused;
    type = enif_open_resource_type_x(env, "report", &init, ERL_NIF_RT_CREATE, NULL);
    return type == NULL;
}

static watched_t *of(ErlNifEnv *env, ERL_NIF_TERM term)
{
    void *watched;

    return enif_get_resource(env, term, type, &watched) ? watched : NULL;
}

/* open(Filled) -> Report: full of timers, or empty. */
static ERL_NIF_TERM open_report(ErlNifEnv *env, int n, const ERL_NIF_TERM words[])
{
    watched_t *watched = enif_alloc_resource(type, sizeof *watched);
    ERL_NIF_TERM term;
    int full = 0;

    (void)n;
    enif_get_int(env, words[0], &full);
    watched->report = full ? filled() : asynchron_report_create(NULL, 0);
    watched->fd = asynchron_report_fd(watched->report);
    memset(&watched->taken, 0, sizeof watched->taken);
    term = enif_make_resource(env, watched);
    enif_release_resource(watched);
    return term;
}

/* select(Report, Ref) -> 0: once it is readable, {select, Report, Ref, ready_input} is sent to the caller, one time. */
static ERL_NIF_TERM select_report(ErlNifEnv *env, int n, const ERL_NIF_TERM words[])
{
    watched_t *watched = of(env, words[0]);

    (void)n;
    return enif_make_int(env, enif_select(env, watched->fd, ERL_NIF_SELECT_READ, watched, NULL, words[1]));
}

/* stop(Report): ends what select() began, and then releases the report. */
static ERL_NIF_TERM stop_report(ErlNifEnv *env, int n, const ERL_NIF_TERM words[])
{
    watched_t *watched = of(env, words[0]);

    (void)n;
    return enif_make_int(env, enif_select(env, watched->fd, ERL_NIF_SELECT_STOP, watched, NULL, words[0]));
}

/* take(Report) -> the status of the last asynchron_report_next(). */
static ERL_NIF_TERM take_batch(ErlNifEnv *env, int n, const ERL_NIF_TERM words[])
{
    watched_t *watched = of(env, words[0]);

    (void)n;
    return enif_make_int(env, take(watched->report, &watched->taken));
}

static ERL_NIF_TERM said_of(ErlNifEnv *env, int n, const ERL_NIF_TERM words[])
{
    (void)n;
    return enif_make_string(env, said(&of(env, words[0])->taken), ERL_NIF_LATIN1);
}

static ERL_NIF_TERM ring(ErlNifEnv *env, int n, const ERL_NIF_TERM words[])
{
    (void)n;
    add_timer(of(env, words[0])->report, 0, 0);
    return enif_make_int(env, 0);
}

static ERL_NIF_TERM descriptor(ErlNifEnv *env, int n, const ERL_NIF_TERM words[])
{
    (void)n;
    return enif_make_int(env, of(env, words[0])->fd);
}

/* Against the rule: stop first. */
static ERL_NIF_TERM let_go(ErlNifEnv *env, int n, const ERL_NIF_TERM words[])
{
    (void)n;
    asynchron_report_release(of(env, words[0])->report);
    return enif_make_int(env, 0);
}

static ErlNifFunc functions[] = {
    { "open", 1, open_report, 0 }, { "select", 2, select_report, 0 }, { "stop", 1, stop_report, 0 },
    { "take", 1, take_batch, 0 },  { "said", 1, said_of, 0 },         { "ring", 1, ring, 0 },
    { "descriptor", 1, descriptor, 0 }, { "let_go", 1, let_go, 0 },
};

ERL_NIF_INIT(erlang_report, functions, load, NULL, NULL, NULL)
