/* elsewhere_curl_epoll.c: another file of the test program, with functions of its own of the header. */
#define _POSIX_C_SOURCE 200809L
#include <asynchron/curl_epoll.h>

#ifdef __cplusplus
extern "C" {
#endif
int elsewhere_fd(asynchron_curl_t *c);
void elsewhere_turn(asynchron_curl_t *c);
#ifdef __cplusplus
}
#endif

int elsewhere_fd(asynchron_curl_t *c)
{
    return asynchron_curl_epoll_fd(c);
}

void elsewhere_turn(asynchron_curl_t *c)
{
    asynchron_curl_epoll_turn(c);
}
