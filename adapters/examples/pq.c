/* pq.c: four queries over two connections, of which one is cancelled and one fails. `test/pq_server.sh run` has a
   server for it, and says where that is by what libpq reads, such as PGHOST. */
#define _POSIX_C_SOURCE 200809L
#include <asynchron/pq.h>

#include <stdio.h>

int main(void)
{
    static const char *const queries[] = { "SELECT $1::int4 + 1", "SELECT pg_sleep($1::int4)",
                                           "SELECT 1 / ($1::int4 - 40)", "SELECT pg_typeof($1::int4)" };
    static const char *const values[] = { "40" };
    asynchron_report_t *report = asynchron_report_create(NULL, 0);
    asynchron_pq_t *p;
    asynchron_item_t item;
    int i;

    if (asynchron_pq_create("", 2, &p) != ASYNCHRON_OK)
        return EXIT_FAILURE;
    for (i = 0; i < 4; i++) {
        asynchron_t *a = asynchron_pq_query(p, queries[i], 1, values, NULL, NULL, 0);

        if (asynchron_report_add(report, a, (void *)queries[i]) != ASYNCHRON_OK)
            return EXIT_FAILURE; /* also if there was no memory for one of both, which then is NULL */
        if (i == 1)
            asynchron_cancel(a); /* or let it expire: asynchron_expire_after(a, 1000000000) */
        asynchron_release(a);    /* the report keeps it */
    }
    while (asynchron_report_next(report, ASYNCHRON_FOREVER, &item) == ASYNCHRON_OK) {
        asynchron_value_t value;
        asynchron_error_t error;

        if (asynchron_get(item.asynchron, &value) == ASYNCHRON_OK)
            printf("%s: %s\n", (const char *)item.tag, PQgetvalue((const PGresult *)value.data, 0, 0));
        else if (asynchron_poll(item.asynchron) == ASYNCHRON_CANCELLED)
            printf("%s: cancelled\n", (const char *)item.tag);
        else if (asynchron_error(item.asynchron, &error) == ASYNCHRON_OK)
            printf("%s: %s%s\n", (const char *)item.tag, error.message,
                   error.code == asynchron_pq_code("22012") ? " (22012)" : "");
        asynchron_release(item.asynchron);
    }
    asynchron_report_release(report);
    asynchron_pq_release(p);
    return EXIT_SUCCESS;
}
