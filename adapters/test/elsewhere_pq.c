/* elsewhere_pq.c: another file of the test program, with functions of its own of the header. */
#define _POSIX_C_SOURCE 200809L
#include <asynchron/pq.h>

#ifdef __cplusplus
extern "C" {
#endif
asynchron_t *elsewhere_exec(asynchron_pq_t *p, const char *sql);
void elsewhere_release(asynchron_pq_t *p);
#ifdef __cplusplus
}
#endif

asynchron_t *elsewhere_exec(asynchron_pq_t *p, const char *sql)
{
    return asynchron_pq_exec(p, sql);
}

void elsewhere_release(asynchron_pq_t *p)
{
    asynchron_pq_release(p);
}
