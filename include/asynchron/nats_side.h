/* asynchron/nats_side.h: what both sides of asynchron/nats.h share. Include that instead: nothing here is for its user.
 *
 * A side is one that waits for messages at an inbox of its own: the caller, for replies, and the worker, for answers to
 * its beats. Each thing that it waits for has a number, which is the last token of the subject. Nothing is called under
 * the lock but malloc() and its kin.
 */
#ifndef ASYNCHRON_NATS_SIDE_H
#define ASYNCHRON_NATS_SIDE_H

#include "posix.h"

#include <asynchron.h>
#include <limits.h>
#include <nats/nats.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* How often a side looks at its beats while there is something to look at, in nanoseconds. A worker's first beat is due
   at the first look, one or two of these after the request came: what is answered sooner costs no message but its
   answer. */
#define ASYNCHRON_NATS_LOOK 50000000u

/* The headers. */
#define ASYNCHRON_NATS_BEAT "Asynchron-Beat"     /* of a request: milliseconds between two beats */
#define ASYNCHRON_NATS_STATUS "Asynchron-Status" /* of what the worker sends, if it is no value: one of these: */
#define ASYNCHRON_NATS_RUNNING "running"
#define ASYNCHRON_NATS_FAILED "failed"
#define ASYNCHRON_NATS_CANCELLED "cancelled"
#define ASYNCHRON_NATS_CODE "Asynchron-Code"
#define ASYNCHRON_NATS_DOMAIN "Asynchron-Domain"

/* What the caller answers to a beat. */
#define ASYNCHRON_NATS_WANTED "wanted"
#define ASYNCHRON_NATS_UNWANTED "unwanted"

/* Each thing that is waited for begins with this. */
typedef struct asynchron_nats_node_t {
    struct asynchron_nats_node_t *next;
    uint64_t id;
} asynchron_nats_node_t;

typedef struct asynchron_nats_side_t {
    pthread_mutex_t lock;
    natsConnection *nc;             /* whose memory stays as long as `inbox` is not destroyed */
    natsSubscription *inbox;
    char subject[128];              /* of the inbox, with the last dot */
    size_t subject_len;
    int references;                 /* from here on: under the lock */
    int is_closed;                  /* the inbox gets nothing any more */
    int is_ticking, is_used;        /* since the last tick */
    asynchron_t *timer;             /* of the next tick */
    uint64_t armed_ns;              /* when that was */
    uint64_t last_id;
    asynchron_nats_node_t **chains; /* of those whose numbers have the same last bits */
    size_t room, count;
    int (*tick)(struct asynchron_nats_side_t *side);      /* false: no more ticks */
    void (*give_up)(struct asynchron_nats_side_t *side);  /* there are no ticks any more */
    void (*last)(struct asynchron_nats_side_t *side);     /* frees what else it has */
} asynchron_nats_side_t;

static inline uint64_t asynchron_nats_now(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* ---- What is waited for, by number: under the lock ---- */

static inline asynchron_nats_node_t **asynchron_nats_place(asynchron_nats_side_t *side, uint64_t id)
{
    asynchron_nats_node_t **place = &side->chains[id & (side->room - 1)];

    while (*place != NULL && (*place)->id != id)
        place = &(*place)->next;
    return place;
}

static inline asynchron_nats_node_t *asynchron_nats_find(asynchron_nats_side_t *side, uint64_t id)
{
    return *asynchron_nats_place(side, id);
}

/* Takes all out, as a chain. */
static inline asynchron_nats_node_t *asynchron_nats_take_all(asynchron_nats_side_t *side)
{
    asynchron_nats_node_t *all = NULL;
    size_t i;

    for (i = 0; i < side->room; i++)
        while (side->chains[i] != NULL) {
            asynchron_nats_node_t *node = side->chains[i];

            side->chains[i] = node->next;
            node->next = all;
            all = node;
        }
    side->count = 0;
    return all;
}

static inline void asynchron_nats_put(asynchron_nats_side_t *side, asynchron_nats_node_t *node)
{
    asynchron_nats_node_t **place = asynchron_nats_place(side, node->id);

    node->next = NULL;
    *place = node;
    side->count++;
}

/* Gives a number, and puts it in. With more things than chains there are twice as many chains, if there is memory. */
static inline void asynchron_nats_add(asynchron_nats_side_t *side, asynchron_nats_node_t *node)
{
    if (side->count >= side->room) {
        asynchron_nats_node_t **chains = (asynchron_nats_node_t **)calloc(side->room * 2, sizeof *chains);

        if (chains != NULL) {
            asynchron_nats_node_t *all = asynchron_nats_take_all(side);

            free(side->chains);
            side->chains = chains;
            side->room *= 2;
            while (all != NULL) {
                asynchron_nats_node_t *one = all;

                all = one->next;
                asynchron_nats_put(side, one);
            }
        }
    }
    node->id = ++side->last_id;
    side->is_used = 1;
    asynchron_nats_put(side, node);
}

/* Takes it out. False: it was not there any more. */
static inline int asynchron_nats_remove(asynchron_nats_side_t *side, asynchron_nats_node_t *node)
{
    asynchron_nats_node_t **place = asynchron_nats_place(side, node->id);

    if (*place == NULL)
        return 0;
    *place = node->next;
    side->count--;
    return 1;
}

/* The number in the subject of a message to the inbox; 0: none. */
static inline uint64_t asynchron_nats_id_of(const asynchron_nats_side_t *side, natsMsg *msg)
{
    const char *subject = natsMsg_GetSubject(msg);

    if (subject == NULL || strlen(subject) <= side->subject_len)
        return 0;
    return strtoull(subject + side->subject_len, NULL, 10);
}

/* The subject of a message to the inbox about it. */
enum { ASYNCHRON_NATS_SUBJECT = 160 };

static inline void asynchron_nats_subject_of(const asynchron_nats_side_t *side, uint64_t id, char *subject)
{
    (void)snprintf(subject, ASYNCHRON_NATS_SUBJECT, "%s%llu", side->subject, (unsigned long long)id);
}

/* ---- The life of a side ---- */

static inline void asynchron_nats_unlock_and_unref(asynchron_nats_side_t *side)
{
    const int is_last = --side->references == 0;

    (void)pthread_mutex_unlock(&side->lock);
    if (!is_last)
        return;
    if (side->inbox != NULL)
        natsSubscription_Destroy(side->inbox);
    (void)pthread_mutex_destroy(&side->lock);
    free(side->chains);
    side->last(side);
}

static inline void asynchron_nats_unref(void *pointer)
{
    asynchron_nats_side_t *side = (asynchron_nats_side_t *)pointer;

    (void)pthread_mutex_lock(&side->lock);
    asynchron_nats_unlock_and_unref(side);
}

static inline void asynchron_nats_ref(asynchron_nats_side_t *side)
{
    (void)pthread_mutex_lock(&side->lock);
    side->references++;
    (void)pthread_mutex_unlock(&side->lock);
}

/* No ticks any more, and their reference is gone. */
static inline void asynchron_nats_stop_ticking(asynchron_nats_side_t *side)
{
    asynchron_t *timer;

    (void)pthread_mutex_lock(&side->lock);
    timer = side->timer;
    side->timer = NULL;
    side->is_closed = 1;
    (void)pthread_mutex_unlock(&side->lock);
    (void)asynchron_cancel(timer);
    asynchron_release(timer);
}

/* Listens at a new inbox. `closed` runs when nothing comes to it any more: with the connection, too. Zeroed before. */
static inline natsStatus asynchron_nats_open(asynchron_nats_side_t *side, natsConnection *nc, natsMsgHandler came,
                                             natsOnCompleteCB closed)
{
    natsInbox *inbox = NULL;
    char all[ASYNCHRON_NATS_SUBJECT];
    natsStatus s;

    side->nc = nc;
    side->room = 64;
    side->chains = (asynchron_nats_node_t **)calloc(side->room, sizeof *side->chains);
    s = side->chains == NULL ? NATS_NO_MEMORY : natsInbox_Create(&inbox);
    if (s == NATS_OK) {
        const int len = snprintf(side->subject, sizeof side->subject, "%s.", (const char *)inbox);

        natsInbox_Destroy(inbox);
        side->subject_len = (size_t)len;
        (void)snprintf(all, sizeof all, "%s*", side->subject);
        s = pthread_mutex_init(&side->lock, NULL) == 0 ? NATS_OK : NATS_SYS_ERROR;
    }
    if (s == NATS_OK) {
        s = natsConnection_Subscribe(&side->inbox, nc, all, came, side);
        if (s == NATS_OK) { /* nobody knows the inbox yet, so nothing comes */
            (void)natsSubscription_SetPendingLimits(side->inbox, -1, -1);
            s = natsSubscription_SetOnCompleteCB(side->inbox, closed, side);
            if (s != NATS_OK) {
                s = NATS_CONNECTION_CLOSED;
                natsSubscription_Destroy(side->inbox);
            }
        }
        if (s != NATS_OK)
            (void)pthread_mutex_destroy(&side->lock);
    }
    if (s != NATS_OK)
        free(side->chains);
    return s;
}

/* ---- Ticks: from the first thing that has to be watched until a tick finds nothing ---- */

static inline void asynchron_nats_ticked(asynchron_t *timer, void *pointer);

/* Whether it is the side's timer, whose reference is then the caller's. */
static inline int asynchron_nats_take_timer(asynchron_nats_side_t *side, asynchron_t *timer)
{
    int is_mine;

    (void)pthread_mutex_lock(&side->lock);
    is_mine = side->timer == timer;
    if (is_mine)
        side->timer = NULL;
    (void)pthread_mutex_unlock(&side->lock);
    return is_mine;
}

static inline void asynchron_nats_tick(asynchron_nats_side_t *side)
{
    asynchron_notify_options_t options;
    asynchron_t *timer = asynchron_timer(ASYNCHRON_NATS_LOOK);
    int is_closed;

    asynchron_nats_ref(side);
    memset(&options, 0, sizeof options);
    options.size = sizeof options;
    options.fn = asynchron_nats_ticked;
    options.ctx = side;
    options.drop_ctx = asynchron_nats_unref;
    options.flags = ASYNCHRON_ON_VALUE;

    /* The ticker keeps the side till the end of this call, since it is in a tick, or begins something. */
    (void)pthread_mutex_lock(&side->lock);
    is_closed = side->is_closed;
    side->armed_ns = asynchron_nats_now();
    if (!is_closed && timer != NULL)
        side->timer = asynchron_retain(timer);
    (void)pthread_mutex_unlock(&side->lock);
    if (is_closed)
        (void)asynchron_cancel(timer);
    if (timer == NULL) {
        asynchron_nats_unref(side);
        side->give_up(side);
    } else if (asynchron_notify_with(timer, &options, NULL) != ASYNCHRON_OK) {
        if (asynchron_nats_take_timer(side, timer))
            asynchron_release(timer);
        side->give_up(side);
    }
    asynchron_release(timer);
}

static inline void asynchron_nats_ticked(asynchron_t *timer, void *pointer)
{
    asynchron_nats_side_t *side = (asynchron_nats_side_t *)pointer;

    if (asynchron_nats_take_timer(side, timer))
        asynchron_release(timer);
    if (side->tick(side))
        asynchron_nats_tick(side);
}

/* Whether the ticks go on. The lock is held. */
static inline int asynchron_nats_goes_on(asynchron_nats_side_t *side)
{
    if (side->count == 0 && !side->is_used)
        side->is_ticking = 0;
    side->is_used = 0;
    return side->is_ticking && !side->is_closed;
}

/* ---- Words on the wire ---- */

/* Whether it can stand in a line of the protocol. cnats 3.4.1 does not look: a space in a subject would end the
   connection, and a line feed would begin another command. */
static inline int asynchron_nats_is_word(const char *text)
{
    const char *at = text;

    while ((unsigned char)*at > ' ' && *at != 127)
        at++;
    return at != text && *at == '\0';
}

/* The value of a header, or NULL. It is valid as long as the message. */
static inline const char *asynchron_nats_header(natsMsg *msg, const char *key)
{
    const char *value = NULL;

    return natsMsgHeader_Get(msg, key, &value) == NATS_OK ? value : NULL;
}

/* A domain as a header: what is no printable character, a space or % becomes % and two digits. To be freed. */
static inline char *asynchron_nats_encoded(const char *text)
{
    static const char digits[] = "0123456789ABCDEF";
    char *encoded = (char *)malloc(strlen(text) * 3 + 1), *to = encoded;

    if (encoded == NULL)
        return NULL;
    for (; *text != '\0'; text++) {
        const unsigned char c = (unsigned char)*text;

        if (c > ' ' && c < 127 && c != '%') {
            *to++ = (char)c;
        } else {
            *to++ = '%';
            *to++ = digits[c >> 4];
            *to++ = digits[c & 15];
        }
    }
    *to = '\0';
    return encoded;
}

/* And back, in its place. */
static inline void asynchron_nats_decode(char *text)
{
    char *to = text, hex[3] = "";

    for (; *text != '\0'; text++) {
        if (*text == '%' && text[1] != '\0' && text[2] != '\0') {
            memcpy(hex, text + 1, 2);
            *to++ = (char)strtoul(hex, NULL, 16);
            text += 2;
        } else {
            *to++ = *text;
        }
    }
    *to = '\0';
}

static inline void asynchron_nats_fail(asynchron_t *a, int32_t code, const char *domain, const char *message)
{
    if (asynchron_fail_with(a, code, domain, message, NULL, NULL) == ASYNCHRON_E_NOMEM)
        (void)asynchron_fail(a, code, NULL);
}

#endif /* ASYNCHRON_NATS_SIDE_H */
