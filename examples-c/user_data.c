/* user_data.c: user data as the way to "subclass".
 *
 * A download is an asynchron with more in it: its address, what has come so far, functions of its
 * own. All that is in a struct, which is the asynchron's user data and is freed with the last
 * reference. Code that knows nothing of downloads can still wait for one.
 */
#include <asynchron.h>
#include <string.h>
#include "check.h"

struct download {
    const char *address;
    size_t length;
    char body[64];
};

static int downloads; /* how many there are */

static void download_free(void *download)
{
    downloads--;
    free(download);
}

/* The "constructor". NULL if out of memory. */
static asynchron_t *download_create(const char *address)
{
    asynchron_options_t options = {.size = sizeof options};
    struct download *download = calloc(1, sizeof *download);
    asynchron_t *a;

    if (download == NULL)
        return NULL;
    download->address = address;
    downloads++;
    options.name = address;
    options.user_data = download; /* handed over, also if there is no memory for the rest */
    options.drop_user_data = download_free;
    return asynchron_create_with(&options, &a) == ASYNCHRON_OK ? a : NULL;
}

/* The "methods" take the asynchron and find their struct in it. */
static size_t download_progress(const asynchron_t *a)
{
    const struct download *download = asynchron_user_data(a);

    return download->length;
}

static void download_receive(asynchron_t *a, const char *chunk)
{
    struct download *download = asynchron_user_data(a);
    size_t length = strlen(chunk);

    CHECK(length <= sizeof download->body - download->length);
    memcpy(download->body + download->length, chunk, length);
    download->length += length;
}

/* The body stays where it is: the user data lives exactly as long as a value must. */
static asynchron_status_t download_finish(asynchron_t *a)
{
    struct download *download = asynchron_user_data(a);

    return asynchron_set_buffer(a, download->body, download->length, NULL, NULL);
}

int main(void)
{
    asynchron_t *page = download_create("example.org/index");
    asynchron_value_t value;

    CHECK(page != NULL && downloads == 1);
    download_receive(page, "Hello, ");
    CHECK(download_progress(page) == 7 && asynchron_poll(page) == ASYNCHRON_PENDING);
    download_receive(page, "world");
    CHECK(download_finish(page) == ASYNCHRON_OK);

    CHECK(asynchron_get(page, &value) == ASYNCHRON_OK);
    printf("%s: %.*s\n", asynchron_name(page), (int)value.len, (const char *)value.data);
    CHECK(value.len == 12 && memcmp(value.data, "Hello, world", 12) == 0);

    asynchron_release(page);
    CHECK(downloads == 0);
    return EXIT_SUCCESS;
}
