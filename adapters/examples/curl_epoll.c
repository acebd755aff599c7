/* curl_epoll.c: a loop of your own over poll(2) that gets three files at once, beside a timer, at which one of them is
   given up. `curl-server PROGRAM` runs it. */
#define _POSIX_C_SOURCE 200809L
#include <asynchron/curl_epoll.h>

#include <poll.h>
#include <stdio.h>

static asynchron_curl_t *c;
static int left = 3;

/* Runs on the thread that completes: here that is always the loop's, which also cancels. With a deadline it would run
   elsewhere: then take a report in the loop, as curl_uv.c does. */
static void over(asynchron_t *a, void *path)
{
    asynchron_value_t value;
    asynchron_error_t error;

    if (asynchron_get(a, &value) == ASYNCHRON_OK)
        printf("%s: %lu bytes\n", (const char *)path, (unsigned long)value.len);
    else if (asynchron_poll(a) == ASYNCHRON_CANCELLED)
        printf("%s: cancelled\n", (const char *)path);
    else if (asynchron_error(a, &error) == ASYNCHRON_OK)
        printf("%s: %s\n", (const char *)path, error.message);
    left--;
}

static asynchron_t *get(const char *server, const char *path)
{
    CURL *easy = curl_easy_init();
    asynchron_t *a;
    char url[200];

    snprintf(url, sizeof url, "%s%s", server, path);
    if (easy == NULL || curl_easy_setopt(easy, CURLOPT_URL, url) != CURLE_OK)
        exit(EXIT_FAILURE);
    a = asynchron_curl_get(c, easy); /* which owns the handle now */
    if (asynchron_notify(a, over, (void *)path) != ASYNCHRON_OK)
        exit(EXIT_FAILURE); /* also if there was no memory for one of both, which then is NULL */
    return a;
}

int main(int argc, char **argv)
{
    const struct itimerspec tenth = { { 0, 0 }, { 0, 100000000 } };
    struct pollfd watched[2] = { { -1, POLLIN, 0 }, { -1, POLLIN, 0 } };
    asynchron_t *slow;

    if (argc < 2 || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK ||
        asynchron_curl_epoll_create(&c) != ASYNCHRON_OK)
        return EXIT_FAILURE;
    watched[0].fd = asynchron_curl_epoll_fd(c);
    watched[1].fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
    asynchron_release(get(argv[1], "/bytes/26")); /* `over` still runs */
    asynchron_release(get(argv[1], "/bytes/1000000"));
    slow = get(argv[1], "/slow");
    if (timerfd_settime(watched[1].fd, 0, &tenth, NULL) != 0)
        return EXIT_FAILURE;

    while (left > 0) {
        if (poll(watched, 2, -1) < 0)
            continue; /* a signal */
        if (watched[0].revents != 0)
            asynchron_curl_epoll_turn(c);
        if (watched[1].revents != 0) {
            asynchron_cancel(slow); /* `over` runs in here */
            close(watched[1].fd);
            watched[1].fd = -1; /* which poll() leaves out, and does not tell of */
            watched[1].revents = 0;
        }
    }
    asynchron_release(slow);
    asynchron_curl_release(c);
    curl_global_cleanup();
    return EXIT_SUCCESS;
}
