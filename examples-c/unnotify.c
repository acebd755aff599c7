/* unnotify.c: take a callback back.
 *
 * A window has a callback for when a picture has been loaded. If it is closed before that, the
 * callback must not run any more, since the window is gone.
 */
#include <asynchron.h>
#include "check.h"

struct window {
    int *shown; /* where to count the pictures shown */
};

static int windows; /* how many there are */

static struct window *window_open(int *shown)
{
    struct window *window = malloc(sizeof *window);

    CHECK(window != NULL);
    window->shown = shown;
    windows++;
    return window;
}

static void window_free(void *window)
{
    windows--;
    free(window);
}

static void window_show(asynchron_t *picture, void *ctx)
{
    struct window *window = ctx;

    CHECK(asynchron_poll(picture) == ASYNCHRON_OK);
    ++*window->shown;
}

/* Hands the window over to the registration, which frees it after the callback has run, or when
 * it is taken back, or when it is refused: once, whatever happens. */
static asynchron_status_t window_watch(struct window *window, asynchron_t *picture,
                                       uint64_t flags, uint64_t *token)
{
    asynchron_notify_options_t options = {.size = sizeof options};

    options.fn = window_show;
    options.ctx = window;
    options.drop_ctx = window_free;
    options.flags = flags;
    return asynchron_notify_with(picture, &options, token);
}

int main(void)
{
    asynchron_t *picture = asynchron_create("picture");
    uint64_t closed, kept, late;
    int shown = 0;

    CHECK(picture != NULL);
    CHECK(window_watch(window_open(&shown), picture, 0, &closed) == ASYNCHRON_OK);
    CHECK(window_watch(window_open(&shown), picture, 0, &kept) == ASYNCHRON_OK);

    /* OK: it never ran and never will. Had it been running on another thread, this would have
     * waited for its end and said ALREADY; either way the window is gone now. */
    CHECK(asynchron_unnotify(picture, closed) == ASYNCHRON_OK);
    CHECK(windows == 1);

    CHECK(asynchron_set_bytes(picture, "pixels", 6) == ASYNCHRON_OK);
    CHECK(shown == 1 && windows == 0); /* the window that was kept, and only that */
    CHECK(asynchron_unnotify(picture, kept) == ASYNCHRON_ALREADY);
    CHECK(asynchron_try_unnotify(picture, kept) == ASYNCHRON_ALREADY); /* one that never waits */

    /* Registers only if it is not complete yet. */
    CHECK(window_watch(window_open(&shown), picture, ASYNCHRON_NOTIFY_IF_PENDING, &late) ==
          ASYNCHRON_ALREADY);
    CHECK(shown == 1 && windows == 0);

    printf("shown %d time, no window left behind\n", shown);
    asynchron_release(picture);
    return EXIT_SUCCESS;
}
