/* promise.c: a producer that forgets does not leave its callers waiting.
 *
 * Each producer has a promise, and gives it up when it is through, on whatever path. If the last
 * one goes and nobody has delivered, the asynchron fails, and says so. The other way round, a
 * producer may ask that its work is cancelled as soon as nobody wants it any more.
 */
#include <asynchron.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "check.h"

struct request {
    asynchron_promise_t *promise;
    const char *text;
};

/* Delivers the number in the text. One of its ways out forgets to deliver. */
static void parse(asynchron_t *number, const char *text)
{
    char *end;
    long value = strtol(text, &end, 10);

    if (end == text)
        return; /* "not a number", and nobody is told */
    CHECK(asynchron_set_bytes(number, &value, sizeof value) == ASYNCHRON_OK);
}

/* Runs on a background thread, for an asynchron of its own. */
static int32_t serve(asynchron_t *self, void *ctx)
{
    struct request *request = ctx;

    (void)self;
    parse(asynchron_promise_asynchron(request->promise), request->text);
    asynchron_promise_release(request->promise); /* the one line that no way out may miss */
    return 0;
}

static void ask(const char *text)
{
    asynchron_t *number = asynchron_create(text), *served = asynchron_create(NULL);
    struct request request = {asynchron_promise_create(number, 0), text};
    asynchron_value_t value;

    CHECK(number != NULL && served != NULL && request.promise != NULL);
    CHECK(asynchron_spawn(served, serve, &request, NULL) == ASYNCHRON_OK);
    if (asynchron_get(number, &value) == ASYNCHRON_OK) {
        printf("%s: %ld\n", text, *(const long *)value.data);
    } else {
        asynchron_error_t error;
        CHECK(asynchron_error(number, &error) == ASYNCHRON_OK);
        CHECK(strcmp(error.domain, "asynchron") == 0 && error.code == ASYNCHRON_E_BROKEN);
        printf("%s: %s\n", text, error.message);
    }
    CHECK(asynchron_wait(served, ASYNCHRON_FOREVER) == ASYNCHRON_OK);
    asynchron_release(served);
    asynchron_release(number);
}

/* Its producer is told, and stops. To listen for that alone does not keep it wanted. */
static void unwanted(asynchron_t *page, void *stopped)
{
    (void)page;
    *(int *)stopped = 1;
}

static void stop_when_nobody_wants_it(void)
{
    asynchron_t *page = asynchron_create("page");
    asynchron_promise_t *promise = asynchron_promise_create(page, ASYNCHRON_PROMISE_CANCEL_UNWANTED);
    asynchron_t *lent = asynchron_promise_asynchron(promise); /* not retained: that would keep it wanted */
    asynchron_notify_options_t options = {0};
    int stopped = 0;

    options.size = sizeof options;
    options.fn = unwanted;
    options.ctx = &stopped;
    options.flags = ASYNCHRON_ON_CANCEL;
    CHECK(promise != NULL && asynchron_poll(lent) == ASYNCHRON_PENDING);
    CHECK(asynchron_notify_with(lent, &options, NULL) == ASYNCHRON_OK);
    asynchron_release(page); /* the caller goes away */
    CHECK(stopped && asynchron_poll(lent) == ASYNCHRON_CANCELLED);
    puts("page: nobody wants it");
    asynchron_promise_release(promise);
}

int main(void)
{
    ask("42");
    ask("forty-two");
    stop_when_nobody_wants_it();
    return 0;
}
