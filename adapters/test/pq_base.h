/* pq_base.h: what the tests of pq.h are written with: queries, and a connection that sees what the server does. */
#ifndef PQ_BASE_H
#define PQ_BASE_H

#include <asynchron/pq.h>

#include "check.h"
#include "soon.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

/* The linker has these mean the adapter's calls, as malloc(): so calloc() can refuse after so many, and requests to
   cancel can be held up, refused, lost and counted; a rollback can be none; and after some connections, some lead to
   elsewhere. */
static int no_calloc_after = -1, requests_wait, requests_fail, requests_lost, begun_requests, freed_requests;
static int rollbacks_fail, begun_connections, first_elsewhere, last_elsewhere = -1;
static char elsewhere[100], before_that[100];

#ifdef __cplusplus
extern "C" {
#endif
void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void __real_PQfreeCancel(PGcancel *cancel);
void __wrap_PQfreeCancel(PGcancel *cancel);
PGcancel *__real_PQgetCancel(PGconn *conn);
PGcancel *__wrap_PQgetCancel(PGconn *conn);
int __real_PQcancel(PGcancel *cancel, char *message, int size);
int __wrap_PQcancel(PGcancel *cancel, char *message, int size);
int __real_PQsendQuery(PGconn *conn, const char *sql);
int __wrap_PQsendQuery(PGconn *conn, const char *sql);
PGconn *__real_PQconnectStart(const char *conninfo);
PGconn *__wrap_PQconnectStart(const char *conninfo);
#ifdef __cplusplus
}
#endif

void *__wrap_calloc(size_t count, size_t size)
{
    if (no_calloc_after > 0)
        no_calloc_after--;
    else if (no_calloc_after == 0)
        return NULL;
    return __real_calloc(count, size);
}

void __wrap_PQfreeCancel(PGcancel *cancel)
{
    __real_PQfreeCancel(cancel);
    raise_flag(&freed_requests);
}

PGcancel *__wrap_PQgetCancel(PGconn *conn)
{
    return flag_of(&requests_fail) > 1 ? NULL : __real_PQgetCancel(conn);
}

int __wrap_PQcancel(PGcancel *cancel, char *message, int size)
{
    raise_flag(&begun_requests);
    COMES_TRUE(!flag_of(&requests_wait));
    if (flag_of(&requests_lost)) {
        (void)__atomic_sub_fetch(&requests_lost, 1, __ATOMIC_SEQ_CST); /* the server has it, to no effect */
        return 1;
    }
    return flag_of(&requests_fail) ? 0 : __real_PQcancel(cancel, message, size);
}

int __wrap_PQsendQuery(PGconn *conn, const char *sql)
{
    return __real_PQsendQuery(conn, flag_of(&rollbacks_fail) && strcmp(sql, "ROLLBACK") == 0 ? "SELECT 1" : sql);
}

PGconn *__wrap_PQconnectStart(const char *conninfo)
{
    const int i = __atomic_fetch_add(&begun_connections, 1, __ATOMIC_SEQ_CST);

    if (i > flag_of(&last_elsewhere) || (i < first_elsewhere && before_that[0] == '\0'))
        return __real_PQconnectStart(conninfo);
    return __real_PQconnectStart(i < first_elsewhere ? before_that : elsewhere);
}

/* Of the connections of the adapter, while it begins none: after so many, which may lead `before`, n lead elsewhere. */
static void lead_elsewhere(const char *before, int after, const char *conninfo, int n)
{
    snprintf(before_that, sizeof before_that, "%s", before);
    snprintf(elsewhere, sizeof elsewhere, "%s", conninfo);
    begun_connections = 0;
    first_elsewhere = after;
    __atomic_store_n(&last_elsewhere, after + n - 1, __ATOMIC_SEQ_CST);
}

/* A connection without the adapter, which is made anew when the server was away. */
static PGconn *side;

static void say_nothing(void *ctx, const char *message)
{
    (void)ctx, (void)message;
}

static PGresult *side_result(const char *sql)
{
    for (;;) {
        PGresult *result;

        if (side == NULL) {
            side = PQconnectdb("application_name=side");
            CHECK(side != NULL);
            (void)PQsetNoticeProcessor(side, say_nothing, NULL);
        }
        result = PQexec(side, sql);
        if (PQresultStatus(result) == PGRES_COMMAND_OK || PQresultStatus(result) == PGRES_TUPLES_OK)
            return result;
        PQclear(result);
        PQfinish(side);
        side = NULL;
        usleep(50000);
    }
}

static void do_it(const char *sql)
{
    PQclear(side_result(sql));
}

static int number_of(const char *sql)
{
    PGresult *result = side_result(sql);
    const int number = atoi(PQgetvalue(result, 0, 0));

    PQclear(result);
    return number;
}

/* The adapter's connections, and those that run something. */
static int connections(void)
{
    return number_of("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'tested'");
}

static int running_queries(void)
{
    return number_of("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'tested' AND state = 'active'");
}

static asynchron_pq_t *pq_of(const char *conninfo, unsigned n)
{
    asynchron_pq_t *p = NULL;

    CHECK(asynchron_pq_create(conninfo, n, &p) == ASYNCHRON_OK && p != NULL);
    return p;
}

/* When the server has seen the end of all connections before. */
static asynchron_pq_t *new_pq(unsigned n)
{
    COMES_TRUE(connections() == 0);
    return pq_of("application_name=tested", n);
}

static asynchron_t *asked(asynchron_pq_t *p, const char *sql)
{
    asynchron_t *a = asynchron_pq_query(p, sql, 0, NULL, NULL, NULL, 0);

    CHECK(a != NULL);
    return a;
}

static int sleeping_queries(void)
{
    return number_of("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'tested'"
                     " AND wait_event = 'PgSleep'");
}

/* One that the server runs, and will for long. It has begun to sleep: before that the server may ignore a cancel. */
static asynchron_t *slow_one(asynchron_pq_t *p)
{
    const int before = sleeping_queries();
    asynchron_t *a = asked(p, "SELECT pg_sleep(1000)");

    COMES_TRUE(sleeping_queries() > before);
    return a;
}

static const PGresult *result_of(asynchron_t *a)
{
    asynchron_value_t value;
    asynchron_error_t error;

    if (asynchron_get(a, &value) == ASYNCHRON_OK)
        return (const PGresult *)value.data;
    if (asynchron_error(a, &error) == ASYNCHRON_OK)
        fprintf(stderr, "%s %d: %s\n", error.domain, (int)error.code, error.message);
    CHECK(!"there is a result");
    return NULL;
}

/* Whether its first field is this. */
static int is_text(asynchron_t *a, const char *text)
{
    const PGresult *result = result_of(a);

    return PQntuples(result) > 0 && strcmp(PQgetvalue(result, 0, 0), text) == 0;
}

/* The same of a query that is asked for that alone. */
static int serves(asynchron_pq_t *p)
{
    asynchron_t *a = asked(p, "SELECT 41");
    const int is_served = is_text(a, "41");

    asynchron_release(a);
    return is_served;
}

static int has_failed(asynchron_t *a, const char *domain, int code)
{
    asynchron_error_t error;

    CHECK(asynchron_wait(a, ASYNCHRON_FOREVER) == ASYNCHRON_OK);
    if (asynchron_error(a, &error) != ASYNCHRON_OK || asynchron_poll(a) != ASYNCHRON_FAILED)
        return 0;
    if (strcmp(error.domain, domain) == 0 && error.code == code)
        return 1;
    fprintf(stderr, "%s %d: %s\n", error.domain, (int)error.code, error.message);
    return 0;
}

/* By the release, which says so. */
static int is_broken(asynchron_t *a)
{
    asynchron_error_t error;

    return has_failed(a, "asynchron", ASYNCHRON_E_BROKEN) && asynchron_error(a, &error) == ASYNCHRON_OK &&
           strcmp(error.message, "the client of PostgreSQL was released") == 0;
}

/* With this SQLSTATE, and with that in the message. */
static int has_failed_by(asynchron_t *a, const char *sqlstate, const char *part)
{
    asynchron_error_t error;

    if (!has_failed(a, "pq", asynchron_pq_code(sqlstate)))
        return 0;
    CHECK(asynchron_error(a, &error) == ASYNCHRON_OK);
    if (strstr(error.message, part) != NULL && error.message[strlen(error.message) - 1] != '\n')
        return 1;
    fprintf(stderr, "the message: %s\n", error.message);
    return 0;
}

/* Of a thread, the time that it has used. */
static uint64_t used_by(clockid_t clock)
{
    struct timespec used;

    CHECK(clock_gettime(clock, &used) == 0);
    return (uint64_t)used.tv_sec * 1000000000u + (uint64_t)used.tv_nsec;
}

/* A socket of 127.0.0.1 at which nobody answers: connections are refused, or never taken. */
static int open_port(int is_listening, int *port)
{
    const int taken = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address;
    socklen_t size = sizeof address;

    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK(bind(taken, (struct sockaddr *)&address, size) == 0);
    CHECK(getsockname(taken, (struct sockaddr *)&address, &size) == 0);
    CHECK(!is_listening || listen(taken, 16) == 0);
    *port = ntohs(address.sin_port);
    return taken;
}

/* What is written to stderr from here on, and how much it was. */
static int kept_stderr;
static FILE *caught;

static void catch_stderr(void)
{
    caught = tmpfile();
    CHECK(caught != NULL);
    kept_stderr = dup(2);
    CHECK(kept_stderr >= 0 && dup2(fileno(caught), 2) == 2);
}

static long caught_bytes(void)
{
    long len;

    fflush(stderr);
    CHECK(dup2(kept_stderr, 2) == 2);
    close(kept_stderr);
    len = (long)lseek(fileno(caught), 0, SEEK_END);
    fclose(caught);
    return len;
}

static void have_server(const char *what)
{
    char command[1000];

    snprintf(command, sizeof command, "\"$PQ_SERVER\" %s", what);
    CHECK(system(command) == 0);
}

#endif
