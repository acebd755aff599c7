/* asynchron/nats_answer.h: what a worker of asynchron/nats.h sends back. Include that instead: nothing here is for its
   user.
 *
 * A value is the message's payload, without any header. So a plain client of NATS understands it, and a plain responder
 * can give it. What is no value has headers, and its text as the payload.
 */
#ifndef ASYNCHRON_NATS_ANSWER_H
#define ASYNCHRON_NATS_ANSWER_H

#include "nats_side.h"

/* Sends what is no value. */
static inline natsStatus asynchron_nats_send(natsConnection *nc, const char *reply, const char *status,
                                             const int32_t *code, const char *domain, const char *text, size_t len)
{
    natsMsg *msg = NULL;
    char digits[16];
    char *encoded = NULL;
    natsStatus s = natsMsg_Create(&msg, reply, NULL, text, (int)len);

    if (s == NATS_OK)
        s = natsMsgHeader_Set(msg, ASYNCHRON_NATS_STATUS, status);
    if (s == NATS_OK && code != NULL) {
        (void)snprintf(digits, sizeof digits, "%ld", (long)*code);
        s = natsMsgHeader_Set(msg, ASYNCHRON_NATS_CODE, digits);
    }
    if (s == NATS_OK && domain != NULL && domain[0] != '\0') {
        encoded = asynchron_nats_encoded(domain);
        if (encoded != NULL)
            s = natsMsgHeader_Set(msg, ASYNCHRON_NATS_DOMAIN, encoded);
    }
    if (s == NATS_OK)
        s = natsConnection_PublishMsg(nc, msg);
    free(encoded);
    natsMsg_Destroy(msg);
    return s;
}

/* The same; a text that is too long is cut. */
static inline void asynchron_nats_send_text(natsConnection *nc, const char *reply, const char *status,
                                            const int32_t *code, const char *domain, const char *text)
{
    const size_t len = strlen(text);
    size_t most = len < INT_MAX ? len : INT_MAX;

    while (asynchron_nats_send(nc, reply, status, code, domain, text, most) == NATS_MAX_PAYLOAD && most > 0)
        most /= 2;
}

static inline void asynchron_nats_send_failure(natsConnection *nc, const char *reply, natsStatus code, const char *text)
{
    const int32_t number = (int32_t)code;

    if (reply != NULL)
        asynchron_nats_send_text(nc, reply, ASYNCHRON_NATS_FAILED, &number, "nats",
                                 text == NULL ? natsStatus_GetText(code) : text);
}

/* Sends what `self` has become. */
static inline void asynchron_nats_answer(natsConnection *nc, const char *reply, asynchron_t *self)
{
    asynchron_value_t value;
    asynchron_error_t error;
    natsStatus s;

    if (reply == NULL)
        return;
    if (asynchron_get_timeout(self, 0, &value) == ASYNCHRON_OK) {
        if (value.len == 0 && value.data != NULL)
            asynchron_nats_send_failure(nc, reply, NATS_INVALID_ARG, "the value is a pointer, which cannot be sent");
        else {
            s = value.len > INT_MAX ? NATS_MAX_PAYLOAD : natsConnection_Publish(nc, reply, value.data, (int)value.len);
            if (s == NATS_MAX_PAYLOAD)
                asynchron_nats_send_failure(nc, reply, s, "the value is longer than the server's max_payload");
        }
    } else if (asynchron_error(self, &error) == ASYNCHRON_OK) {
        if (asynchron_poll(self) == ASYNCHRON_CANCELLED)
            asynchron_nats_send_text(nc, reply, ASYNCHRON_NATS_CANCELLED, NULL, NULL, error.message);
        else
            asynchron_nats_send_text(nc, reply, ASYNCHRON_NATS_FAILED, &error.code, error.domain, error.message);
    }
}

#endif /* ASYNCHRON_NATS_ANSWER_H */
