/* elsewhere_nats.c: another file of the test program, with functions and a list of lines of its own of the header. */
#define _POSIX_C_SOURCE 200809L
#include <asynchron/nats.h>

#ifdef __cplusplus
extern "C" {
#endif
asynchron_t *elsewhere_request(natsConnection *nc, const char *subject, const char *data, uint64_t beat_ns);
asynchron_status_t elsewhere_stop(asynchron_nats_server_t *server);
#ifdef __cplusplus
}
#endif

asynchron_t *elsewhere_request(natsConnection *nc, const char *subject, const char *data, uint64_t beat_ns)
{
    return asynchron_nats_request_with(nc, subject, data, strlen(data), ASYNCHRON_FOREVER, beat_ns);
}

asynchron_status_t elsewhere_stop(asynchron_nats_server_t *server)
{
    const asynchron_status_t status = asynchron_nats_stop(server, ASYNCHRON_FOREVER);

    asynchron_nats_release(server);
    return status;
}
