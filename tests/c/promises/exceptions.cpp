// One callback throws, all around it is caught. argv[1] says which; with none of them the program ends well.
#include <asynchron.h>
#include <cstdio>
#include <cstring>
#include <exception>
#include <stdexcept>

static const char *thrower;

// A program may have a handler of its own for the last resort; it must not be what ends this one quietly.
static void throw_if(const char *name)
{
    if (std::strcmp(thrower, name) == 0)
        throw std::runtime_error(name);
}

extern "C" {
static void on_complete(asynchron_t *, void *name) { throw_if(static_cast<const char *>(name)); }
static void drop(void *name) { throw_if(static_cast<const char *>(name)); }
static int32_t function(asynchron_t *, void *name)
{
    throw_if(static_cast<const char *>(name));
    return 0;
}
static int32_t join(asynchron_t *, asynchron_t *const *, size_t, void *name)
{
    throw_if(static_cast<const char *>(name));
    return 0;
}
}

static void *text(const char *name) { return const_cast<char *>(name); }

static void run()
{
    asynchron_options_t options = asynchron_options_t();
    asynchron_notify_options_t callback = asynchron_notify_options_t();
    asynchron_t *a = asynchron_create(NULL), *b = asynchron_create(NULL), *c = asynchron_create(NULL);
    asynchron_t *d, *source = asynchron_create(NULL);

    asynchron_notify(a, on_complete, text("notify"));
    callback.size = sizeof callback;
    callback.fn = on_complete;
    callback.ctx = text("drop-ctx");
    callback.drop_ctx = drop;
    // Its function does not throw, its drop does.
    callback.fn = [](asynchron_t *, void *) {};
    asynchron_notify_with(a, &callback, NULL);
    asynchron_set_bytes(a, "x", 1);
    asynchron_notify(a, on_complete, text("notify-at-once"));
    asynchron_set_pointer(a, text("refused-value"), drop);
    asynchron_set_pointer(b, text("value"), drop);
    asynchron_release(b);
    asynchron_fail_with(c, 1, NULL, NULL, text("payload"), drop);
    asynchron_release(c);

    options.size = sizeof options;
    options.user_data = text("user-data");
    options.drop_user_data = drop;
    options.on_demand = function;
    options.on_demand_ctx = text("on-demand");
    if (asynchron_create_with(&options, &d) != ASYNCHRON_OK)
        throw 1;
    asynchron_get(d, NULL);
    asynchron_release(d);

    b = asynchron_create(NULL);
    asynchron_call(b, function, text("call"));
    asynchron_release(b);
    b = asynchron_create(NULL);
    asynchron_spawn(b, function, text("spawn"), NULL);
    asynchron_wait(b, ASYNCHRON_FOREVER);
    asynchron_release(b);
    b = asynchron_after(&source, 1, NULL, join, text("after"), NULL);
    c = asynchron_then(source, NULL, join, text("then"), NULL);
    asynchron_set_bytes(source, NULL, 0);
    asynchron_release(b);
    asynchron_release(c);
    asynchron_release(source);
    asynchron_release(a);
}

int main(int argc, char **argv)
{
    thrower = argc > 1 ? argv[1] : "none";
    try {
        run();
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
