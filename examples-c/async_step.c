/* async_step.c: ask, and then ask again for what the first answer names, while no thread waits.
 *
 * A step whose own work takes time does not return a value: it asks, and has what it computes
 * follow the answer. So a chain of questions is written in one piece, in the order in which they
 * are posed, and the thread is free between them.
 */
#include <asynchron.h>
#include <string.h>
#include "check.h"

enum { MOST = 8, NOT_FOUND = 404 };

/* A store that answers later: whoever runs the loop answers the questions in their order. */
static struct {
    char key[32];
    asynchron_t *answer;
} questions[MOST];
static size_t posed, answered;

static const char *const entries[][2] = {
    { "user/7", "mail/3" }, { "mail/3", "ada@example.org" }, { "user/8", "mail/9" }
};

/* The answer to come. NULL: there is no memory, or too many are asking. */
static asynchron_t *ask(const char *key)
{
    asynchron_t *answer = posed < MOST ? asynchron_create(NULL) : NULL;

    if (answer == NULL)
        return NULL;
    (void)snprintf(questions[posed].key, sizeof questions[posed].key, "%s", key);
    questions[posed++].answer = asynchron_retain(answer);
    return answer;
}

static void answer_one(void)
{
    const char *key = questions[answered].key;
    asynchron_t *answer = questions[answered++].answer;
    asynchron_status_t status = ASYNCHRON_FAILED;
    size_t i;

    for (i = 0; i < sizeof entries / sizeof *entries; ++i)
        if (strcmp(entries[i][0], key) == 0)
            status = asynchron_set_bytes(answer, entries[i][1], strlen(entries[i][1]) + 1);
    if (status != ASYNCHRON_OK)
        (void)asynchron_fail(answer, NOT_FOUND, NULL);
    asynchron_release(answer);
}

/* The step: the user's entry names another one, which is asked for. Here `self` ends as that answer
 * does, with its value or its failure; what is returned does not count any more. */
static int32_t ask_for_mail(asynchron_t *self, asynchron_t *const *user, size_t n, void *unused)
{
    asynchron_value_t value;
    asynchron_t *mail;

    (void)n;
    (void)unused;
    CHECK(asynchron_get(user[0], &value) == ASYNCHRON_OK);
    mail = ask(value.data);
    if (mail == NULL || asynchron_follow(self, mail) != ASYNCHRON_OK) {
        asynchron_release(mail);
        return ASYNCHRON_E_NOMEM;
    }
    asynchron_release(mail); /* the store has its own handle, and `self` needs none */
    return 0;
}

static asynchron_t *mail_of(const char *user)
{
    asynchron_t *entry = ask(user);
    asynchron_t *mail = asynchron_then(entry, NULL, ask_for_mail, NULL, NULL);

    asynchron_release(entry);
    return mail;
}

int main(void)
{
    asynchron_t *seven = mail_of("user/7"), *eight = mail_of("user/8"), *nobody = mail_of("user/9");
    asynchron_value_t value;
    asynchron_error_t error;

    CHECK(seven != NULL && eight != NULL && nobody != NULL);

    /* The loop. After the first answers the steps have run, and wait for others: no thread does. */
    while (answered < 3)
        answer_one();
    CHECK(posed == 5 && asynchron_state(seven) == ASYNCHRON_STATE_RUNNING);
    while (answered < posed)
        answer_one();

    CHECK(asynchron_get(seven, &value) == ASYNCHRON_OK);
    printf("user 7 has %s\n", (const char *)value.data);

    /* A failure arrives as it was, from either question. */
    CHECK(asynchron_error(eight, &error) == ASYNCHRON_OK && error.code == NOT_FOUND);
    CHECK(asynchron_error(nobody, &error) == ASYNCHRON_OK && error.code == NOT_FOUND);
    printf("users 8 and 9 have none\n");

    asynchron_release(seven);
    asynchron_release(eight);
    asynchron_release(nobody);
    return EXIT_SUCCESS;
}
