/* curl.c: three files from a server, all under way at once, one of which is cancelled. `curl-server PROGRAM` runs it. */
#define _POSIX_C_SOURCE 200809L
#include <asynchron/curl.h>

#include <stdio.h>

static asynchron_t *get(asynchron_curl_t *c, const char *server, const char *path)
{
    CURL *easy = curl_easy_init();
    char url[200];

    snprintf(url, sizeof url, "%s%s", server, path);
    if (easy == NULL || curl_easy_setopt(easy, CURLOPT_URL, url) != CURLE_OK)
        exit(EXIT_FAILURE);
    return asynchron_curl_get(c, easy); /* which owns the handle now */
}

int main(int argc, char **argv)
{
    static const char *const paths[] = { "/bytes/26", "/slow", "/bytes/1000000" };
    asynchron_report_t *report = asynchron_report_create(NULL, 0);
    asynchron_curl_t *c;
    asynchron_item_t item;
    int i;

    if (argc < 2 || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK || asynchron_curl_create(&c) != ASYNCHRON_OK)
        return EXIT_FAILURE;
    for (i = 0; i < 3; i++) {
        asynchron_t *a = get(c, argv[1], paths[i]);

        if (asynchron_report_add(report, a, (void *)paths[i]) != ASYNCHRON_OK)
            return EXIT_FAILURE; /* also if there was no memory for one of both, which then is NULL */
        if (i == 1)
            asynchron_cancel(a); /* or let it expire: asynchron_expire_after(a, 1000000000) */
        asynchron_release(a);    /* the report keeps it */
    }
    while (asynchron_report_next(report, ASYNCHRON_FOREVER, &item) == ASYNCHRON_OK) {
        asynchron_value_t value;
        asynchron_error_t error;

        if (asynchron_get(item.asynchron, &value) == ASYNCHRON_OK)
            printf("%s: %lu bytes\n", (const char *)item.tag, (unsigned long)value.len);
        else if (asynchron_poll(item.asynchron) == ASYNCHRON_CANCELLED)
            printf("%s: cancelled\n", (const char *)item.tag);
        else if (asynchron_error(item.asynchron, &error) == ASYNCHRON_OK)
            printf("%s: %s\n", (const char *)item.tag, error.message);
        asynchron_release(item.asynchron);
    }
    asynchron_report_release(report);
    asynchron_curl_release(c);
    curl_global_cleanup();
    return EXIT_SUCCESS;
}
