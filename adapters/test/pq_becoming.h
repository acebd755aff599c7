/* pq_becoming.h: what a query becomes: a result, or a failure; and where that is said. */
#ifndef PQ_BECOMING_H
#define PQ_BECOMING_H

#include "pq_base.h"

/* Libpq has a result print that there is no such row, by what its connection had for that. */
static void the_value_is_the_result_which_outlives_all_and_prints_nothing(void)
{
    asynchron_pq_t *p = new_pq(2);
    asynchron_t *a = asked(p, "SELECT 41 AS number");
    asynchron_value_t value;

    CHECK(is_text(a, "41"));
    asynchron_pq_release(p);
    CHECK(is_text(a, "41") && asynchron_get(a, &value) == ASYNCHRON_OK && value.len == 0);
    CHECK(strcmp(PQfname(result_of(a), 0), "number") == 0);
    catch_stderr();
    (void)PQgetvalue(result_of(a), 7, 7);
    CHECK(caught_bytes() == 0);
    asynchron_release(a);
}

static void a_result_may_be_taken_out(void)
{
    asynchron_pq_t *p = new_pq(1);
    asynchron_t *a = asked(p, "SELECT 41");
    void *result = NULL;

    CHECK(is_text(a, "41"));
    COMES_TRUE(asynchron_take(a, &result) == ASYNCHRON_OK); /* when the thread has let go */
    CHECK(strcmp(PQgetvalue((PGresult *)result, 0, 0), "41") == 0);
    PQclear((PGresult *)result);
    a = asked(p, "SELECT 41");
    CHECK(is_text(a, "41"));
    asynchron_pq_release(p); /* which holds none any more */
    CHECK(asynchron_take(a, &result) == ASYNCHRON_OK);
    CHECK(strcmp(PQgetvalue((PGresult *)result, 0, 0), "41") == 0);
    PQclear((PGresult *)result);
}

static void parameters_are_copied_texts_bytes_and_null(void)
{
    static const char *const sql = "SELECT $1::text, $2::int4 + 1, $3::text, $4::bytea, $5::bytea";
    asynchron_pq_t *p = new_pq(1);
    char text[] = "it's", number[4] = { 0, 0, 1, 4 }, bytes[3] = { 1, 0, 2 };
    const char *values[5] = { text, number, NULL, bytes, "" };
    int lengths[5] = { 0, 4, 0, 3, 0 }, formats[5] = { 0, 1, 0, 1, 1 }, format;

    for (format = 0; format < 2; format++) {
        asynchron_t *a = asynchron_pq_query(p, sql, 5, values, lengths, formats, format);
        const PGresult *result;

        CHECK(a != NULL);
        memset(text, format == 0 ? 'i' : 'x', 4); /* nobody reads them any more */
        memset(lengths, format == 0 ? 0 : -1, sizeof lengths);
        result = result_of(a);
        CHECK(strcmp(PQgetvalue(result, 0, 0), format == 0 ? "it's" : "iiii") == 0);
        CHECK(PQgetisnull(result, 0, 2) && !PQgetisnull(result, 0, 4));
        CHECK(PQfformat(result, 1) == format);
        if (format == 0) {
            CHECK(strcmp(PQgetvalue(result, 0, 1), "261") == 0 && strcmp(PQgetvalue(result, 0, 3), "\\x010002") == 0);
        } else {
            CHECK(PQgetlength(result, 0, 1) == 4 && memcmp(PQgetvalue(result, 0, 1), "\0\0\1\5", 4) == 0);
            CHECK(PQgetlength(result, 0, 3) == 3 && memcmp(PQgetvalue(result, 0, 3), "\1\0\2", 3) == 0);
        }
        CHECK(PQgetlength(result, 0, 4) == (format == 0 ? 2 : 0));
        asynchron_release(a);
        lengths[1] = 4;
        lengths[3] = 3;
        lengths[4] = 0;
    }
    asynchron_pq_release(p);
}

/* More than fits into any buffer between the two, in both directions. */
static void a_query_and_a_result_of_20_megabytes_come_whole(void)
{
    enum { LEN = 20000000 };
    asynchron_pq_t *p = new_pq(2);
    char *text = (char *)malloc(LEN + 1);
    const char *values[1];
    asynchron_t *as[2];
    int i;

    memset(text, 'x', LEN);
    text[LEN] = '\0';
    values[0] = text;
    for (i = 0; i < 2; i++)
        as[i] = asynchron_pq_query(p, "SELECT $1::text, 7", 1, values, NULL, NULL, 0);
    for (i = 0; i < 2; i++) {
        CHECK(as[i] != NULL && PQgetlength(result_of(as[i]), 0, 0) == LEN);
        CHECK(memcmp(PQgetvalue(result_of(as[i]), 0, 0), text, LEN) == 0);
        asynchron_release(as[i]);
    }
    free(text);
    asynchron_pq_release(p);
}

static void of_many_statements_the_last_result_counts_or_the_first_failure(void)
{
    asynchron_pq_t *p = new_pq(1);
    asynchron_t *a = asynchron_pq_exec(p, "CREATE TABLE many (n int); INSERT INTO many VALUES (1);"
                                          "SELECT 40 + n FROM many");

    CHECK(is_text(a, "41"));
    asynchron_release(a);
    a = asynchron_pq_exec(p, "INSERT INTO many VALUES (2); SELECT 1 / 0; SELECT nothing");
    CHECK(has_failed_by(a, "22012", "division by zero"));
    asynchron_release(a);
    CHECK(number_of("SELECT count(*) FROM many") == 1); /* they are one transaction */
    a = asynchron_pq_exec(p, "");
    CHECK(PQresultStatus(result_of(a)) == PGRES_EMPTY_QUERY);
    asynchron_release(a);
    a = asked(p, "SELECT 1; SELECT 2");
    CHECK(has_failed_by(a, "42601", "multiple commands"));
    asynchron_release(a);
    CHECK(serves(p));
    asynchron_pq_release(p);
    do_it("DROP TABLE many");
}

static void a_failure_has_the_sqlstate_the_message_and_the_result(void)
{
    asynchron_pq_t *p = new_pq(1);
    asynchron_t *a = asynchron_pq_exec(p, "CREATE TEMP TABLE one (n int CONSTRAINT alone PRIMARY KEY);"
                                          "INSERT INTO one VALUES (1), (1)");
    asynchron_error_t error;

    CHECK(has_failed_by(a, "23505", "alone") && asynchron_error(a, &error) == ASYNCHRON_OK);
    asynchron_pq_release(p);
    CHECK(strcmp(PQresultErrorField((const PGresult *)error.payload, PG_DIAG_CONSTRAINT_NAME), "alone") == 0);
    CHECK(strcmp(PQresultErrorField((const PGresult *)error.payload, PG_DIAG_SQLSTATE), "23505") == 0);
    asynchron_release(a);
}

/* As the server has it, which is written down in its errcodes.h, too. */
static void a_code_is_a_sqlstate_as_the_server_counts_them(void)
{
    CHECK(asynchron_pq_code("00000") == 0 && asynchron_pq_code("10000") == 1 && asynchron_pq_code("00001") == 1 << 24);
    CHECK(asynchron_pq_code("23505") == 2 + (3 << 6) + (5 << 12) + (0 << 18) + (5 << 24));
    CHECK(asynchron_pq_code("57P01") == 5 + (7 << 6) + (('P' - '0') << 12) + (1 << 24));
    CHECK(asynchron_pq_code(NULL) == 0 && asynchron_pq_code("") == 0 && asynchron_pq_code("123456") == 0);
}

static void notices_are_not_printed_and_notifications_do_no_harm(void)
{
    asynchron_pq_t *p = new_pq(1);
    asynchron_t *a;
    int i;

    catch_stderr();
    a = asynchron_pq_exec(p, "LISTEN all_of_it; DO $$ BEGIN RAISE WARNING 'look here'; END $$; SELECT 41");
    CHECK(is_text(a, "41"));
    asynchron_release(a);
    for (i = 0; i < 100; i++)
        do_it("NOTIFY all_of_it, 'now'");
    CHECK(serves(p));
    asynchron_pq_release(p);
    CHECK(caught_bytes() == 0);
}

static void copy_is_refused_and_wedges_nothing(void)
{
    static const char *const copies[] = { "COPY copied FROM STDIN", "COPY copied TO STDOUT",
                                          "COPY (SELECT generate_series(1, 1000000)) TO STDOUT" };
    asynchron_pq_t *p = new_pq(1);
    size_t i;

    do_it("CREATE TABLE copied (n int)");
    for (i = 0; i < 2 * sizeof copies / sizeof copies[0]; i++) {
        asynchron_t *a = i % 2 == 0 ? asked(p, copies[i / 2]) : asynchron_pq_exec(p, copies[i / 2]), *next;

        next = asked(p, "SELECT 41");
        CHECK(has_failed_by(a, "0A000", "COPY") && is_text(next, "41"));
        asynchron_release(a);
        asynchron_release(next);
    }
    asynchron_pq_release(p);
    p = pq_of("application_name=tested replication=database", 1);
    {
        asynchron_t *a = asynchron_pq_exec(p, "START_REPLICATION 0/1000000"); /* both ways */

        CHECK(asynchron_get(a, NULL) == ASYNCHRON_FAILED);
        asynchron_release(a);
        a = asynchron_pq_exec(p, "SELECT 41");
        CHECK(is_text(a, "41"));
        asynchron_release(a);
    }
    asynchron_pq_release(p);
    do_it("DROP TABLE copied");
}

static void on_one_connection_they_keep_their_order_and_their_session(void)
{
    asynchron_pq_t *p = new_pq(1);
    asynchron_t *begun = asked(p, "BEGIN"), *made = asked(p, "CREATE TEMP TABLE kept (i serial, n int)");
    asynchron_t *as[100], *end;
    int i;

    for (i = 0; i < 100; i++) {
        char sql[100];

        snprintf(sql, sizeof sql, "INSERT INTO kept (n) VALUES (%d)", i);
        as[i] = asked(p, sql);
    }
    end = asked(p, "SELECT count(*) FROM kept WHERE i = n + 1");
    CHECK(is_text(end, "100"));
    for (i = 0; i < 100; i++)
        asynchron_release(as[i]);
    asynchron_release(begun);
    asynchron_release(made);
    asynchron_release(end);
    asynchron_pq_release(p);
}

static void of_2000_over_4_connections_each_comes_once(void)
{
    enum { N = 2000 };
    asynchron_report_t *report = new_report();
    asynchron_pq_t *p = new_pq(4);
    asynchron_item_t item;
    static char seen[N];
    int i, came = 0, at_most = 0;

    memset(seen, 0, sizeof seen);
    for (i = 0; i < N; i++) {
        char number[16];
        const char *values[1];
        asynchron_t *a;

        snprintf(number, sizeof number, "%d", i);
        values[0] = number;
        a = asynchron_pq_query(p, "SELECT $1::int4", 1, values, NULL, NULL, 0);
        CHECK(a != NULL && asynchron_report_add(report, a, &seen[i]) == ASYNCHRON_OK);
        asynchron_release(a);
    }
    while (asynchron_report_next(report, ASYNCHRON_FOREVER, &item) == ASYNCHRON_OK) {
        char number[16];

        snprintf(number, sizeof number, "%d", (int)((char *)item.tag - seen));
        CHECK(is_text(item.asynchron, number) && ++*(char *)item.tag == 1);
        asynchron_release(item.asynchron);
        if (came++ % 100 == 0 && connections() > at_most)
            at_most = connections();
    }
    CHECK(came == N && at_most >= 1 && at_most <= 4);
    asynchron_report_release(report);
    asynchron_pq_release(p);
}

static void *ask_50(void *p)
{
    asynchron_t *as[50];
    int i;

    for (i = 0; i < 50; i++)
        as[i] = asked((asynchron_pq_t *)p, "SELECT 41");
    for (i = 0; i < 50; i++) {
        CHECK(is_text(as[i], "41"));
        asynchron_release(as[i]);
    }
    return NULL;
}

static void many_threads_may_ask_at_once(void)
{
    asynchron_pq_t *p = new_pq(3);
    pthread_t threads[8];
    int i;

    for (i = 0; i < 8; i++)
        threads[i] = start(ask_50, p);
    for (i = 0; i < 8; i++)
        finish(threads[i]);
    asynchron_pq_release(p);
}

/* In elsewhere_pq.c. */
#ifdef __cplusplus
extern "C" {
#endif
asynchron_t *elsewhere_exec(asynchron_pq_t *p, const char *sql);
void elsewhere_release(asynchron_pq_t *p);
#ifdef __cplusplus
}
#endif

static void another_file_of_the_program_may_ask_and_release(void)
{
    asynchron_pq_t *p = new_pq(1);
    asynchron_t *here = asked(p, "SELECT 'here'"), *there = elsewhere_exec(p, "SELECT 'there'"), *slow;

    CHECK(is_text(here, "here") && is_text(there, "there"));
    asynchron_release(here);
    asynchron_release(there);
    slow = elsewhere_exec(p, "SELECT pg_sleep(100)");
    elsewhere_release(p);
    CHECK(has_failed(slow, "asynchron", ASYNCHRON_E_BROKEN));
    asynchron_release(slow);
}

#endif
