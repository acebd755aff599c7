/* A collector that stops its threads by signals, as Boehm's, with one of ours among them that waits: each collection
 * ends. The thread is registered with the collector while a callback runs, as runtimes do it. */
#define GC_THREADS
#define GC_NO_THREAD_REDIRECTS
#include <asynchron.h>
#include <gc.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

static asynchron_t *inside, *leave;

static int32_t enter(asynchron_t *self, void *ctx)
{
    struct GC_stack_base base;
    (void)self, (void)ctx;
    GC_get_stack_base(&base);
    GC_register_my_thread(&base);
    if (asynchron_set_bytes(inside, NULL, 0) != ASYNCHRON_OK)
        abort();
    asynchron_wait(leave, ASYNCHRON_FOREVER);
    GC_unregister_my_thread();
    return 0;
}

int main(void)
{
    asynchron_t *a;
    GC_INIT();
    GC_allow_register_threads();
    a = asynchron_create(NULL), inside = asynchron_create(NULL), leave = asynchron_create(NULL);
    if (asynchron_spawn(a, enter, NULL, NULL) != ASYNCHRON_OK)
        abort();
    asynchron_wait(inside, ASYNCHRON_FOREVER);
    for (int i = 0; i < 100; i++) {
        void *volatile kept = GC_MALLOC(1000);
        (void)kept;
        GC_gcollect();
    }
    if (asynchron_set_bytes(leave, NULL, 0) != ASYNCHRON_OK)
        abort();
    asynchron_wait(a, ASYNCHRON_FOREVER);
    asynchron_release(a), asynchron_release(inside), asynchron_release(leave);
    return 0;
}
