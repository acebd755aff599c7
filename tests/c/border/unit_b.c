/* The other unit; C and C++ alike. */
#include <asynchron.h>
#include <asynchron.h>

#ifdef __cplusplus
extern "C"
#endif
asynchron_status_t deliver(asynchron_t *a, int number);

asynchron_status_t deliver(asynchron_t *a, int number) { return asynchron_set_bytes(a, &number, sizeof number); }
