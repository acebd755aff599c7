/* node_addon.c: a report in Node.js as an addon: it runs on libuv's loop, so the adapter for that attaches it. */
#define _POSIX_C_SOURCE 200809L /* for libuv's header */
#include <node_api.h>

#include <asynchron/uv.h>

#include "taken.h"

static taken_t taken;

static void served(asynchron_status_t what, asynchron_item_t item, void *ctx)
{
    (void)ctx;
    if (what == ASYNCHRON_OK)
        taken.times[(size_t)item.tag]++;
    else if (what == ASYNCHRON_END)
        taken.over = 1;
}

/* An item for a promise is to be settled inside napi_open_handle_scope(); here numbers are counted alone. */
static napi_value start(napi_env env, napi_callback_info info)
{
    asynchron_report_t *report = filled();
    asynchron_uv_t *handle;
    uv_loop_t *loop;

    (void)info;
    if (napi_get_uv_event_loop(env, &loop) != napi_ok ||
        asynchron_uv_attach(loop, report, served, NULL, &handle) != ASYNCHRON_OK)
        napi_throw_error(env, NULL, "not attached");
    asynchron_report_release(report); /* the adapter holds it */
    return NULL;
}

/* What was taken, or undefined until all is. */
static napi_value result(napi_env env, napi_callback_info info)
{
    napi_value text = NULL;

    (void)info;
    if (taken.over)
        napi_create_string_utf8(env, said(&taken), NAPI_AUTO_LENGTH, &text);
    return text;
}

NAPI_MODULE_INIT()
{
    napi_value function;

    napi_create_function(env, "start", NAPI_AUTO_LENGTH, start, NULL, &function);
    napi_set_named_property(env, exports, "start", function);
    napi_create_function(env, "result", NAPI_AUTO_LENGTH, result, NULL, &function);
    napi_set_named_property(env, exports, "result", function);
    return exports;
}
