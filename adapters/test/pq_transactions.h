/* pq_transactions.h: transactions that a query leaves open, or that have failed, and whose they are. */
#ifndef PQ_TRANSACTIONS_H
#define PQ_TRANSACTIONS_H

#include "pq_base.h"

static int open_transactions(void)
{
    return number_of("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'tested'"
                     " AND state LIKE 'idle in transaction%'");
}

/* On more than one connection, so that more than one query meets each. */
static void all_serve(asynchron_pq_t *p)
{
    int i;

    for (i = 0; i < 20; i++)
        CHECK(serves(p));
}

static void a_transaction_that_has_failed_is_rolled_back_and_fails_no_other_query(void)
{
    asynchron_pq_t *p = new_pq(2);
    int i;

    do_it("CREATE TABLE once (n int PRIMARY KEY)");
    for (i = 0; i < 20; i++) {
        asynchron_t *a = asynchron_pq_exec(p, "BEGIN; INSERT INTO once VALUES (1), (1); COMMIT"), *next;

        next = asked(p, "SELECT 41");
        CHECK(has_failed_by(a, "23505", "once") && is_text(next, "41"));
        all_serve(p);
        asynchron_release(a);
        asynchron_release(next);
    }
    COMES_TRUE(open_transactions() == 0);
    CHECK(connections() <= 2 && number_of("SELECT count(*) FROM once") == 0);
    asynchron_pq_release(p);
    do_it("DROP TABLE once");
}

static void a_transaction_that_was_stopped_is_rolled_back_and_lets_go_of_its_locks(void)
{
    asynchron_pq_t *p = new_pq(2);
    int i;

    do_it("CREATE TABLE held (n int)");
    for (i = 0; i < 4; i++) {
        asynchron_t *a = asynchron_pq_exec(p, "BEGIN; LOCK TABLE held; SELECT pg_sleep(1000); COMMIT");

        COMES_TRUE(running_queries() == 1);
        CHECK((i % 2 == 0 ? asynchron_cancel(a) : asynchron_expire_after(a, 0)) == ASYNCHRON_OK);
        all_serve(p);
        CHECK(number_of("SELECT count(*) FROM held") == 0); /* which waits for the lock */
        asynchron_release(a);
    }
    asynchron_pq_release(p);
    do_it("DROP TABLE held");
}

static void a_transaction_that_is_left_open_is_rolled_back_if_there_are_others(void)
{
    asynchron_pq_t *p = new_pq(2);
    asynchron_t *a;

    do_it("CREATE TABLE left_open (n int)");
    a = asynchron_pq_exec(p, "BEGIN; INSERT INTO left_open VALUES (1)");
    CHECK(asynchron_get(a, NULL) == ASYNCHRON_OK);
    all_serve(p);
    asynchron_release(a);
    a = asynchron_pq_exec(p, "BEGIN; INSERT INTO left_open VALUES (2); COMMIT AND CHAIN");
    CHECK(asynchron_get(a, NULL) == ASYNCHRON_OK);
    COMES_TRUE(open_transactions() == 0);
    all_serve(p);
    asynchron_release(a);
    CHECK(number_of("SELECT min(n) FROM left_open") == 2 && connections() <= 2);
    asynchron_pq_release(p);
    do_it("DROP TABLE left_open");
}

/* The server is asked for something else, which does not end the transaction. */
static void a_connection_that_cannot_roll_back_is_closed(void)
{
    asynchron_pq_t *p = new_pq(2);
    asynchron_t *a;

    __atomic_store_n(&rollbacks_fail, 1, __ATOMIC_SEQ_CST);
    a = asynchron_pq_exec(p, "BEGIN; SELECT 1 / 0; COMMIT");
    CHECK(has_failed_by(a, "22012", "division by zero"));
    COMES_TRUE(connections() == 0);
    __atomic_store_n(&rollbacks_fail, 0, __ATOMIC_SEQ_CST);
    all_serve(p);
    asynchron_release(a);
    asynchron_pq_release(p);
}

static void released_while_it_rolls_back_it_ends(void)
{
    int i;

    for (i = 0; i < 20; i++) {
        asynchron_pq_t *p = new_pq(2);
        asynchron_t *a = asynchron_pq_exec(p, "BEGIN; SELECT 1 / 0; COMMIT");

        CHECK(has_failed_by(a, "22012", "division by zero"));
        usleep((useconds_t)(i * 20));
        asynchron_pq_release(p);
        asynchron_release(a);
    }
}

static int is_in_transaction(asynchron_pq_t *p)
{
    asynchron_t *a = asked(p, "SELECT 41");
    const int has_aborted = asynchron_get(a, NULL) != ASYNCHRON_OK && has_failed_by(a, "25P02", "aborted");

    asynchron_release(a);
    return has_aborted || open_transactions() == 1;
}

/* What was asked after it in advance would otherwise be done alone, outside of it. */
static void with_one_connection_a_transaction_is_left_to_the_user_also_when_it_has_failed(void)
{
    asynchron_pq_t *p = new_pq(1);
    const char *const ends[] = { "SELECT 1", "SELECT 1 / 0", "SELECT pg_sleep(1000)" };
    int i;

    do_it("CREATE TABLE mine (n int)");
    for (i = 0; i < 3; i++) {
        asynchron_t *begun = asked(p, "BEGIN"), *a = asked(p, ends[i]), *other, *ended;

        COMES_TRUE(i < 2 || sleeping_queries() == 1);
        CHECK(i < 2 || asynchron_cancel(a) == ASYNCHRON_OK);
        other = asked(p, "INSERT INTO mine VALUES (1)");
        CHECK(i == 0 ? asynchron_get(other, NULL) == ASYNCHRON_OK : has_failed_by(other, "25P02", "aborted"));
        CHECK(is_in_transaction(p));
        ended = asked(p, "ROLLBACK");
        CHECK(asynchron_get(ended, NULL) == ASYNCHRON_OK && !is_in_transaction(p));
        asynchron_release(begun);
        asynchron_release(a);
        asynchron_release(other);
        asynchron_release(ended);
    }
    CHECK(number_of("SELECT count(*) FROM mine") == 0);
    asynchron_pq_release(p);
    do_it("DROP TABLE mine");
}

#endif
