/* share.h: what main.c and the five hosts agree upon.
 *
 * C makes the asynchrons, numbered from 0. Of `hosts` hosts, number n is for host n % hosts to deliver, in round
 * n / hosts. Every host goes through its rounds in order, and round % PERIOD says what it does (see KINDS).
 */
#ifndef SHARE_H
#define SHARE_H

#include <asynchron.h>

/* Each file in another language has this struct by its offsets, so it is laid out without gaps. */
struct share {
    asynchron_t *const *all; /* every asynchron, by its number */
    asynchron_t *gate;       /* every host waits for it at its end; C cancels it with the reason "C closes the gate" */
    asynchron_t *late;       /* pending until the host has ended: what is left on it must do no harm */
    asynchron_t *done;       /* the host delivers it when it has been through all rounds, and needs `all` no more */
    uint32_t count;          /* how many there are in all */
    uint32_t hosts;
    uint32_t host;           /* which of them this is */

    /* What the host tells at its end; C knows it, too, and compares. */
    uint32_t won;     /* what it delivered, failed or cancelled first */
    uint32_t refused; /* where C's cancel came first */
    uint32_t told;    /* cancels that its listeners on RACED saw */
};

/* KINDS: what a host does in a round. "The other" is host (host + 1 + round / PERIOD % (hosts - 1)) % hosts, so that
 * each waits for each. All that is waited for is of an earlier round: there are no circles. */
enum {
    PLUS_MADE = 0,   /* waits for what the other has made in the last round of MADE; delivers its value + 1 */
    PLUS_ONE = 3,    /* waits for the other's value of the round before, and delivers it + 1 */
    FAILED = 5,      /* fails, by what the language has for it, with the message "NAME fails NUMBER" */
    MESSAGE = 7,     /* waits for the other's last FAILED, and delivers its message as text */
    CANCELLED = 9,   /* cancels, with the reason "NAME cancels NUMBER" */
    REASON = 11,     /* waits for the other's last CANCELLED, and delivers its reason as text */
    TOO_LATE = 13,   /* delivers a value, but C has cancelled, with the reason "C cancels NUMBER" */
    MADE = 14,       /* makes an asynchron of its own, hands it over as a pointer, and delivers its value into it */
    RACED = 15,      /* delivers a value while C cancels, with the same reason; the host has registered something on
                      * each, to be told. In every second period it waits for that cancel before it delivers. */
    PERIOD = 16      /* in the other rounds, and in round 0: delivers a value */
    /* A value is an int64_t as bytes: a function of the number, which each host has of its own. */
};

/* Runs a host to its end, on a thread of its own: 0, or what went wrong was printed to standard error. */
int python_host(struct share *share);
int lua_host(struct share *share);
int cpp_host(struct share *share);
int rust_host(struct share *share);
int java_host(struct share *share);

/* Whether there is a Java to run. */
int java_is_there(void);

#endif
