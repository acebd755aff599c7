/* collect.c: takes all asynchrons out of one report, and holds each to what its host has to make of it. */
#include "collect.h"

#include <string.h>

static int64_t python_value(int64_t number) { return number * number + 11; }
static int64_t lua_value(int64_t number) { return 3 * number + 22; }
static int64_t cpp_value(int64_t number) { return number * number * number + 33; }
static int64_t rust_value(int64_t number) { return (number << 20) + 44; }
static int64_t java_value(int64_t number) { return -number - 55; }

const struct language languages[HOSTS] = {
    {"python", python_value, "asynchron.python", 1, "ValueError: "},
    {"lua", lua_value, "lua", -1, ""},
    {"c++", cpp_value, "c++", ASYNCHRON_FAILED, ""},
    {"rust", rust_value, "rust", -1, ""},
    {"java", java_value, "java", -1, "java.lang.IllegalStateException: "},
};

int kind(uint32_t round)
{
    return (int)(round % PERIOD);
}

static uint32_t other_of(const struct scene *scene, uint32_t number)
{
    const uint32_t host = number % scene->hosts, round = number / scene->hosts;

    return (host + 1 + round / PERIOD % (scene->hosts - 1)) % scene->hosts;
}

/* The other's number, so many rounds ago. */
static uint32_t other_number(const struct scene *scene, uint32_t number, uint32_t ago)
{
    return (number / scene->hosts - ago) * scene->hosts + other_of(scene, number);
}

static void failing(const struct scene *scene, uint32_t number, char text[TEXT])
{
    const struct language *of = &languages[number % scene->hosts];

    snprintf(text, TEXT, "%s%s fails %u", of->failing, of->name, (unsigned)number);
}

static void cancelling(const struct scene *scene, uint32_t number, char text[TEXT])
{
    snprintf(text, TEXT, "%s cancels %u", languages[number % scene->hosts].name, (unsigned)number);
}

static int64_t value_of(const struct scene *scene, uint32_t number)
{
    return languages[number % scene->hosts].value((int64_t)number);
}

static int is_number(asynchron_t *a, int64_t expected)
{
    asynchron_value_t value;
    int64_t number;

    if (asynchron_poll(a) != ASYNCHRON_OK || asynchron_get(a, &value) != ASYNCHRON_OK || value.len != sizeof number)
        return 0;
    memcpy(&number, value.data, sizeof number);
    return number == expected;
}

static int is_text(asynchron_t *a, const char *expected)
{
    asynchron_value_t value;

    return asynchron_poll(a) == ASYNCHRON_OK && asynchron_get(a, &value) == ASYNCHRON_OK &&
           value.len == strlen(expected) && memcmp(value.data, expected, value.len) == 0;
}

/* The value is an asynchron that the host has made, and may still be about to deliver. */
static int is_made(asynchron_t *a, int64_t expected, uint64_t within)
{
    asynchron_value_t value;

    return asynchron_poll(a) == ASYNCHRON_OK && asynchron_get(a, &value) == ASYNCHRON_OK && value.data != NULL &&
           value.len == 0 && asynchron_wait((asynchron_t *)value.data, within) == ASYNCHRON_OK &&
           is_number((asynchron_t *)value.data, expected);
}

static int has_failed(asynchron_t *a, const struct language *by, uint32_t number, const char *message)
{
    asynchron_error_t error;

    return asynchron_poll(a) == ASYNCHRON_FAILED && asynchron_error(a, &error) >= ASYNCHRON_OK &&
           error.code == (by->code < 0 ? (int32_t)number : by->code) && strcmp(error.domain, by->domain) == 0 &&
           strcmp(error.message, message) == 0;
}

static int is_cancelled(asynchron_t *a, const char *reason)
{
    asynchron_error_t error;

    return asynchron_poll(a) == ASYNCHRON_CANCELLED && asynchron_error(a, &error) >= ASYNCHRON_OK &&
           strcmp(error.message, reason) == 0;
}

static int is_right(struct scene *scene, asynchron_t *a, uint32_t number, uint64_t within)
{
    const uint32_t host = number % scene->hosts, round = number / scene->hosts;
    const int64_t value = value_of(scene, number);
    char text[TEXT];

    switch (round == 0 ? 1 : kind(round)) {
    case PLUS_MADE:
        return is_number(a, value_of(scene, other_number(scene, number, PERIOD - MADE)) + 1);
    case PLUS_ONE:
        return is_number(a, value_of(scene, other_number(scene, number, 1)) + 1);
    case FAILED:
        failing(scene, number, text);
        return has_failed(a, &languages[host], number, text);
    case MESSAGE:
        failing(scene, other_number(scene, number, MESSAGE - FAILED), text);
        return is_text(a, text);
    case CANCELLED:
        cancelling(scene, number, text);
        return is_cancelled(a, text);
    case REASON:
        cancelling(scene, other_number(scene, number, REASON - CANCELLED), text);
        return is_text(a, text);
    case TOO_LATE:
        snprintf(text, sizeof text, "C cancels %u", (unsigned)number);
        scene->late[host]++;
        return is_cancelled(a, text);
    case MADE:
        return is_made(a, value, within);
    case RACED:
        if (number / scene->hosts / PERIOD % 2 == 0 && is_number(a, value))
            return 1;
        snprintf(text, sizeof text, "C cancels %u", (unsigned)number);
        scene->raced[host]++;
        return is_cancelled(a, text);
    default:
        return is_number(a, value);
    }
}

/* Nothing came in time: of each host the first that is pending. */
static void say_what_is_missing(const struct scene *scene)
{
    uint32_t host, number;

    for (host = 0; host < scene->hosts; host++) {
        for (number = host; number < scene->count; number += scene->hosts)
            if (asynchron_poll(scene->all[number]) == ASYNCHRON_PENDING)
                break;
        if (number < scene->count)
            fprintf(stderr, "%s has not delivered %u, of kind %d\n", languages[host].name, (unsigned)number,
                    kind(number / scene->hosts));
    }
}

int collect(struct scene *scene, uint64_t within)
{
    enum { BATCH = 64 };
    unsigned char *seen = calloc(scene->count, 1);
    uint32_t taken = 0, wrong = 0;
    asynchron_item_t items[BATCH];
    asynchron_status_t status;
    size_t n, i;

    CHECK(seen != NULL);
    while ((status = asynchron_report_next_batch(scene->report, within, items, BATCH, &n)) == ASYNCHRON_OK) {
        for (i = 0; i < n; i++, taken++) {
            const uint32_t number = (uint32_t)(uintptr_t)items[i].tag;
            const int right = number < scene->count && items[i].asynchron == scene->all[number] &&
                              seen[number]++ == 0 && is_right(scene, items[i].asynchron, number, within);

            if (!right && wrong++ < 10)
                fprintf(stderr, "wrong: number %u, of %s, of kind %d, ended with %d\n", (unsigned)number,
                        languages[number % scene->hosts].name, kind(number / scene->hosts),
                        (int)asynchron_poll(items[i].asynchron));
            asynchron_release(items[i].asynchron);
        }
    }
    free(seen);
    if (status == ASYNCHRON_TIMEOUT)
        say_what_is_missing(scene);
    printf("collected: %u of %u, %u wrong\n", (unsigned)taken, (unsigned)scene->count, (unsigned)wrong);
    if (status != ASYNCHRON_END)
        exit(EXIT_FAILURE); /* the hosts hang */
    return taken == scene->count && wrong == 0;
}

int compare(const struct scene *scene, const struct share *share)
{
    const uint32_t host = share->host, mine = scene->count / scene->hosts;
    const uint32_t refused = scene->late[host] + scene->raced[host];
    const int right = share->won == mine - refused && share->refused == refused && share->told == scene->raced[host];

    printf("%s: won %u, too late %u, told of %u cancels\n", languages[host].name, (unsigned)share->won,
           (unsigned)share->refused, (unsigned)share->told);
    if (!right)
        fprintf(stderr, "%s: C has seen %u, %u and %u\n", languages[host].name, (unsigned)(mine - refused),
                (unsigned)refused, (unsigned)scene->raced[host]);
    return right;
}

int one_library(void)
{
    FILE *maps = fopen("/proc/self/maps", "r");
    char line[4096], first[4096] = "";
    int copies = 0;

    CHECK(maps != NULL);
    while (fgets(line, sizeof line, maps) != NULL) {
        const char *path = strchr(line, '/');

        if (path == NULL || strstr(path, "/libasynchron") == NULL || strstr(line, " r-xp ") == NULL)
            continue;
        if (copies++ > 0)
            fprintf(stderr, "two copies: %s and %s", first, path);
        strcpy(first, path);
    }
    fclose(maps);
    printf("copies of libasynchron: %d\n", copies);
    return copies == 1;
}
