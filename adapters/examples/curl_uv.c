/* curl_uv.c: one loop of libuv that gets three files at once, one of which is cancelled, while a timer goes on beside
   them. `curl-server PROGRAM` runs it. */
#define _POSIX_C_SOURCE 200809L
#include <asynchron/curl_uv.h>
#include <asynchron/uv.h>

#include <stdio.h>

static asynchron_curl_t *c;
static asynchron_t *slow;
static uv_timer_t timer;

/* Runs in the loop, on the thread that runs it, also after a cancel or a deadline. */
static void over(asynchron_status_t what, asynchron_item_t item, void *ctx)
{
    const char *path = item.tag;
    asynchron_value_t value;
    asynchron_error_t error;

    (void)ctx;
    if (what == ASYNCHRON_END)
        asynchron_curl_release(c); /* and so nothing keeps the loop running */
    else if (what != ASYNCHRON_OK)
        return;
    else if (asynchron_get(item.asynchron, &value) == ASYNCHRON_OK)
        printf("%s: %lu bytes\n", path, (unsigned long)value.len);
    else if (asynchron_poll(item.asynchron) == ASYNCHRON_CANCELLED)
        printf("%s: cancelled\n", path);
    else if (asynchron_error(item.asynchron, &error) == ASYNCHRON_OK)
        printf("%s: %s\n", path, error.message);
}

static asynchron_t *get(asynchron_report_t *report, const char *server, const char *path)
{
    CURL *easy = curl_easy_init();
    asynchron_t *a;
    char url[200];

    snprintf(url, sizeof url, "%s%s", server, path);
    if (easy == NULL || curl_easy_setopt(easy, CURLOPT_URL, url) != CURLE_OK)
        exit(EXIT_FAILURE);
    a = asynchron_curl_get(c, easy); /* which owns the handle now */
    if (asynchron_report_add(report, a, (void *)path) != ASYNCHRON_OK)
        exit(EXIT_FAILURE); /* also if there was no memory for one of both, which then is NULL */
    return a;
}

/* Nobody waits for long: what has not come by now is given up. */
static void time_is_up(uv_timer_t *handle)
{
    asynchron_cancel(slow);
    uv_close((uv_handle_t *)handle, NULL);
}

int main(int argc, char **argv)
{
    asynchron_report_t *report = asynchron_report_create(NULL, 0);
    uv_loop_t *loop = uv_default_loop();
    asynchron_uv_t *watched;

    if (argc < 2 || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK ||
        asynchron_curl_uv_create(loop, &c) != ASYNCHRON_OK ||
        asynchron_uv_attach(loop, report, over, NULL, &watched) != ASYNCHRON_OK)
        return EXIT_FAILURE;
    asynchron_release(get(report, argv[1], "/bytes/26")); /* the report keeps it */
    asynchron_release(get(report, argv[1], "/bytes/1000000"));
    slow = get(report, argv[1], "/slow");
    asynchron_report_close(report); /* so `over` is told of the end, when all three are there */
    asynchron_report_release(report);
    uv_timer_init(loop, &timer);
    uv_timer_start(&timer, time_is_up, 100, 0);

    uv_run(loop, UV_RUN_DEFAULT); /* until all handles are closed, so all is over */
    asynchron_release(slow);
    curl_global_cleanup();
    return uv_loop_close(loop) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
