/* curl_web.h: what the tests of curl.h are written with: a server that is another process, and transfers from it. */
#ifndef CURL_WEB_H
#define CURL_WEB_H

#include <asynchron/curl_get.h>

#include "check.h"
#include "soon.h"

#include <fcntl.h>
#include <sys/wait.h>

/* The linker has calloc() and realloc() mean these, as malloc(): so a body can find no memory, too. */
static int no_more_memory;
static void *last_body; /* what realloc() gave last */

#ifdef __cplusplus
extern "C" {
#endif
void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_realloc(void *old, size_t size);
#ifdef __cplusplus
}
#endif

void *__wrap_calloc(size_t count, size_t size)
{
    return no_memory ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    void *body = __atomic_load_n(&no_more_memory, __ATOMIC_SEQ_CST) ? NULL : __real_realloc(old, size);

    __atomic_store_n(&last_body, body, __ATOMIC_SEQ_CST);
    return body;
}

typedef struct {
    pid_t process;
    int input; /* it serves until this is closed */
    int port;
} server_t;

static server_t server; /* which all tests use */

/* Starts one, with that argument, or none if it is NULL. */
static server_t start_server_with(const char *argument)
{
    int in[2], out[2];
    char text[16];
    server_t started;
    ssize_t len;

    CHECK(pipe2(in, O_CLOEXEC) == 0 && pipe2(out, O_CLOEXEC) == 0);
    started.process = fork();
    CHECK(started.process >= 0);
    if (started.process == 0) {
        dup2(in[0], 0);
        dup2(out[1], 1);
        execl(SERVER, SERVER, argument, (char *)NULL);
        _exit(127);
    }
    close(in[0]);
    close(out[1]);
    len = read(out[0], text, sizeof text - 1);
    CHECK(len > 0);
    text[len] = '\0';
    close(out[0]);
    started.input = in[1];
    started.port = atoi(text);
    return started;
}

/* At that port, or at any if it is 0. */
static server_t start_server(int port)
{
    char text[16];

    snprintf(text, sizeof text, "%d", port);
    return start_server_with(port == 0 ? NULL : text);
}

static void kill_server(server_t *started)
{
    CHECK(kill(started->process, SIGKILL) == 0);
    CHECK(waitpid(started->process, NULL, 0) == started->process);
    close(started->input);
}

static CURL *easy_at(int port, const char *path)
{
    CURL *easy = curl_easy_init();
    char url[100];

    CHECK(easy != NULL);
    snprintf(url, sizeof url, "http://127.0.0.1:%d%s", port, path);
    CHECK(curl_easy_setopt(easy, CURLOPT_URL, url) == CURLE_OK);
    CHECK(curl_easy_setopt(easy, CURLOPT_NOPROXY, "*") == CURLE_OK);
    return easy;
}

static CURL *easy_of(const char *path)
{
    return easy_at(server.port, path);
}

/* Makes one, and whatever drives it: the shim does. `multi` may be NULL. */
static asynchron_curl_t *made_curl(CURLM *multi);

static asynchron_curl_t *new_curl(void)
{
    return made_curl(NULL);
}

static asynchron_t *begun(asynchron_curl_t *c, const char *path)
{
    asynchron_t *a = asynchron_curl_get(c, easy_of(path));

    CHECK(a != NULL);
    return a;
}

/* Whether it has become so many letters, as /bytes/ has them. */
static int is_letters(asynchron_t *a, size_t len)
{
    asynchron_value_t value;
    size_t i;

    if (asynchron_get(a, &value) != ASYNCHRON_OK || value.len != len)
        return 0;
    for (i = 0; i < len; i++)
        if (((const char *)value.data)[i] != (char)('a' + i % 26))
            return 0;
    return 1;
}

static int has_failed(asynchron_t *a, const char *domain, int code)
{
    asynchron_error_t error;

    CHECK(asynchron_wait(a, ASYNCHRON_FOREVER) == ASYNCHRON_OK);
    return asynchron_error(a, &error) == ASYNCHRON_OK && asynchron_poll(a) == ASYNCHRON_FAILED &&
           strcmp(error.domain, domain) == 0 && error.code == code;
}

/* Whether it fails because what drove it was released, and says so. */
static inline int is_broken(asynchron_t *a)
{
    asynchron_error_t error;

    return has_failed(a, "asynchron", ASYNCHRON_E_BROKEN) && asynchron_error(a, &error) == ASYNCHRON_OK &&
           strstr(error.message, "was released") != NULL && strstr(error.message, "promise") == NULL;
}

/* What the server has counted. */
typedef struct {
    int bodies, begun, gone, connections, resets;
} count_t;

static size_t text_came(char *data, size_t size, size_t n, void *text)
{
    CHECK(strlen((char *)text) + size * n < 100);
    strncat((char *)text, data, size * n);
    return size * n;
}

/* Over a connection that is always the same, and without the adapter. */
static count_t counted(void)
{
    static CURL *easy;
    char text[100] = "";
    count_t count;

    if (easy == NULL)
        easy = easy_of("/count");
    CHECK(curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, text_came) == CURLE_OK);
    CHECK(curl_easy_setopt(easy, CURLOPT_WRITEDATA, text) == CURLE_OK);
    CHECK(curl_easy_perform(easy) == CURLE_OK);
    CHECK(sscanf(text, "%d %d %d %d %d", &count.bodies, &count.begun, &count.gone, &count.connections,
                 &count.resets) == 5);
    return count;
}

/* Gives back, counts, and frees. */
static void count_done(CURL *easy, void *number)
{
    raise_flag((int *)number);
    curl_easy_cleanup(easy);
}

#endif
