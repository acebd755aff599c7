/* collect.h: what C expects of the hosts, and how it collects and compares that. */
#ifndef COLLECT_H
#define COLLECT_H

#include <stdio.h>
#include <stdlib.h>

#include "share.h"

/* Ends the program with a failure, and says where, when `claim` does not hold. */
#define CHECK(claim)                                                                   \
    do {                                                                               \
        if (!(claim)) {                                                                \
            fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #claim); \
            exit(EXIT_FAILURE);                                                        \
        }                                                                              \
    } while (0)

enum { PYTHON, LUA, CPP, RUST, JAVA, HOSTS };
enum { TEXT = 80 };

struct language {
    const char *name;
    int64_t (*value)(int64_t number);
    const char *domain;  /* of its failures */
    int32_t code;        /* of its failures; -1: their number */
    const char *failing; /* what stands before "NAME fails NUMBER" in the message */
};
extern const struct language languages[HOSTS];

struct scene {
    asynchron_t **all;
    asynchron_report_t *report;
    asynchron_t *gate;
    uint32_t count, hosts;
    uint32_t late[HOSTS];  /* TOO_LATE: C was first */
    uint32_t raced[HOSTS]; /* RACED, and C was first */
};

int kind(uint32_t round);

/* Takes all out of the report and looks at each. Whether each was as it has to be, and there once. */
int collect(struct scene *scene, uint64_t within);

/* Whether a host has told what C has seen. */
int compare(const struct scene *scene, const struct share *share);

/* Whether one copy of libasynchron is mapped into the process. */
int one_library(void);

#endif
