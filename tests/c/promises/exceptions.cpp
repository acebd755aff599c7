// One callback, function or drop throws, and all around it is caught. argv[1] says which; with "none" the program ends
// well.
#include <asynchron.h>
#include <cstdio>
#include <cstring>
#include <exception>
#include <stdexcept>

static const char *thrower;

static void throw_if(const char *name)
{
    if (std::strcmp(thrower, name) == 0)
        throw std::runtime_error(name);
}

extern "C" {
static void quiet(asynchron_t *, void *) {}
static void on_complete(asynchron_t *, void *name) { throw_if(static_cast<const char *>(name)); }
static void drop(void *name) { throw_if(static_cast<const char *>(name)); }
static int32_t function(asynchron_t *, void *name)
{
    throw_if(static_cast<const char *>(name));
    return 0;
}
static int32_t quiet_function(asynchron_t *, void *) { return 0; }
static int32_t join(asynchron_t *, asynchron_t *const *, size_t, void *name)
{
    throw_if(static_cast<const char *>(name));
    return 0;
}
static int32_t quiet_join(asynchron_t *, asynchron_t *const *, size_t, void *) { return 0; }
}

static void *text(const char *name) { return const_cast<char *>(name); }

static uint64_t notify(asynchron_t *a, asynchron_notify_fn_t fn, const char *name, asynchron_drop_fn_t drop_ctx)
{
    asynchron_notify_options_t options = asynchron_notify_options_t();
    uint64_t token = 0;
    options.size = sizeof options;
    options.fn = fn;
    options.ctx = text(name);
    options.drop_ctx = drop_ctx;
    if (asynchron_notify_with(a, &options, &token) != ASYNCHRON_OK)
        throw 1;
    return token;
}

static void done(asynchron_status_t status)
{
    if (status != ASYNCHRON_OK)
        throw 1;
}

static void callbacks()
{
    asynchron_t *a = asynchron_create(NULL), *broken = asynchron_create(NULL);

    done(asynchron_notify(a, on_complete, text("notify")));
    notify(a, on_complete, "removable", NULL);
    notify(a, quiet, "drop-callback", drop);
    asynchron_unnotify(a, notify(a, quiet, "drop-unnotified", drop));
    asynchron_set_bytes(a, "x", 1);
    done(asynchron_notify(a, on_complete, text("notify-at-once")));
    done(asynchron_notify(broken, on_complete, text("broken")));
    asynchron_release(broken);
    asynchron_release(a);
}

static void values()
{
    asynchron_t *a = asynchron_create(NULL);

    asynchron_set_pointer(a, text("value"), drop);
    asynchron_set_pointer(a, text("refused-value"), drop);
    asynchron_release(a);
    a = asynchron_create(NULL);
    asynchron_set_buffer(a, "x", 1, text("buffer"), drop);
    asynchron_release(a);
    a = asynchron_create(NULL);
    asynchron_fail_with(a, 1, NULL, NULL, text("payload"), drop);
    asynchron_release(a);
}

static asynchron_t *on_demand(asynchron_fn_t fn, const char *name, const char *user_data)
{
    asynchron_options_t options = asynchron_options_t();
    asynchron_t *a;
    options.size = sizeof options;
    options.user_data = text(user_data);
    options.drop_user_data = drop;
    options.on_demand = fn;
    options.on_demand_ctx = text(name);
    options.drop_on_demand_ctx = drop;
    if (asynchron_create_with(&options, &a) != ASYNCHRON_OK)
        throw 1;
    return a;
}

static void functions()
{
    asynchron_t *a = on_demand(function, "on-demand", "user-data"), *source = asynchron_create(NULL), *all[4];

    asynchron_wait(a, ASYNCHRON_FOREVER);
    asynchron_release(a);
    a = on_demand(quiet_function, "drop-on-demand", "");
    asynchron_wait(a, ASYNCHRON_FOREVER);
    asynchron_release(a);
    asynchron_release(on_demand(quiet_function, "drop-never-asked", ""));
    a = asynchron_create(NULL);
    asynchron_call(a, function, text("call"));
    asynchron_release(a);
    a = asynchron_create(NULL);
    done(asynchron_spawn(a, function, text("spawn"), NULL));
    asynchron_wait(a, ASYNCHRON_FOREVER);
    asynchron_release(a);
    a = asynchron_create(NULL);
    done(asynchron_spawn(a, quiet_function, text("drop-spawn"), drop));
    asynchron_wait(a, ASYNCHRON_FOREVER); // the return completes it, after the drop
    asynchron_release(a);

    all[0] = asynchron_after(&source, 1, NULL, join, text("after"), NULL);
    all[1] = asynchron_then(source, NULL, join, text("then"), NULL);
    all[2] = asynchron_after(&source, 1, NULL, quiet_join, text("drop-after"), drop);
    all[3] = asynchron_then(source, NULL, quiet_join, text("drop-then"), drop);
    asynchron_set_bytes(source, NULL, 0);
    for (int i = 0; i < 4; i++)
        asynchron_release(all[i]);
    asynchron_release(source);
}

int main(int argc, char **argv)
{
    thrower = argc > 1 ? argv[1] : "none";
    try {
        callbacks();
        values();
        functions();
    } catch (...) {
        std::puts("the exception went through the library");
        return 1;
    }
    if (std::strcmp(thrower, "none") != 0) {
        std::puts("nothing was thrown");
        return 2;
    }
    return 0;
}
