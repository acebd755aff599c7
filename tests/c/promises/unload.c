/* Not linked to the library: loads it from the path given. */
#define _GNU_SOURCE
#include <asynchron.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition) \
    do { if (!(condition)) { fprintf(stderr, "line %d: %s\n", __LINE__, #condition); exit(1); } } while (0)

#define FUNCTIONS(X) \
    X(asynchron_create) X(asynchron_release) X(asynchron_set_bytes) X(asynchron_get_bytes) X(asynchron_spawn) \
    X(asynchron_wait) X(asynchron_get_timeout) X(asynchron_notify)

#define DECLARE(name) static __typeof__(name) *p_##name;
FUNCTIONS(DECLARE)

static asynchron_t *go;
static int called;

static void load(void *library)
{
#define FIND(name) *(void **)&p_##name = dlsym(library, #name); CHECK(p_##name);
    FUNCTIONS(FIND)
}

static int32_t wait_for_go(asynchron_t *self, void *ctx)
{
    (void)ctx;
    p_asynchron_wait(go, ASYNCHRON_FOREVER);
    return p_asynchron_set_bytes(self, "done", 4);
}

static void call(asynchron_t *a, void *ctx) { (void)a, (void)ctx; called++; }

static void use(void)
{
    asynchron_t *a = p_asynchron_create("a name"), *b = p_asynchron_create(NULL);
    char buffer[8] = "";
    size_t length = 0;

    CHECK(a && b);
    CHECK(p_asynchron_get_timeout(a, 1000, NULL) == ASYNCHRON_TIMEOUT);
    CHECK(p_asynchron_set_bytes(a, "value", 5) == ASYNCHRON_OK);
    CHECK(p_asynchron_get_bytes(a, buffer, sizeof buffer, &length) == ASYNCHRON_OK);
    CHECK(length == 5 && memcmp(buffer, "value", 5) == 0);
    called = 0;
    CHECK(p_asynchron_notify(a, call, NULL) == ASYNCHRON_OK && called == 1);
    p_asynchron_release(a);
    p_asynchron_release(b);
}

int main(int argc, char **argv)
{
    asynchron_t *task;
    char buffer[8];
    void *library, *again;

    CHECK(argc == 2);
    library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        fprintf(stderr, "%s\n", dlerror());
        return 1;
    }
    load(library);
    use();
    go = p_asynchron_create(NULL);
    task = p_asynchron_create(NULL);
    CHECK(p_asynchron_spawn(task, wait_for_go, NULL, NULL) == ASYNCHRON_OK);

    CHECK(dlclose(library) == 0);
    again = dlopen(argv[1], RTLD_NOW | RTLD_NOLOAD);
    CHECK(again); /* it is still there */
    CHECK(dlclose(again) == 0);
    use();
    CHECK(p_asynchron_set_bytes(go, NULL, 0) == ASYNCHRON_OK);
    CHECK(p_asynchron_get_bytes(task, buffer, sizeof buffer, NULL) == ASYNCHRON_OK);
    p_asynchron_release(task);

    for (int i = 0; i < 100; i++) {
        void *old = *(void **)&p_asynchron_create;
        library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
        CHECK(library);
        load(library);
        CHECK(*(void **)&p_asynchron_create == old); /* the same one */
        use();
        CHECK(dlclose(library) == 0);
    }
    task = p_asynchron_create(NULL);
    CHECK(p_asynchron_spawn(task, wait_for_go, NULL, NULL) == ASYNCHRON_OK);
    CHECK(p_asynchron_get_bytes(task, buffer, sizeof buffer, NULL) == ASYNCHRON_OK);
    p_asynchron_release(task);
    p_asynchron_release(go);
    return 0;
}
