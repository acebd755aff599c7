/* Loads a plug-in in C++, uses and unloads it, many times, in a program that has nothing of C++ itself.
 *
 *     plug_in_host PLUG_IN.so
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <asynchron.h>

#define CHECK(claim) ((claim) ? (void)0 : (fprintf(stderr, "%d: %s\n", __LINE__, #claim), exit(1)))

static void find(void *module, const char *name, void *out)
{
    void *found = dlsym(module, name);
    CHECK(found != NULL);
    memcpy(out, &found, sizeof found);
}

int main(int argc, char **argv)
{
    int i;
    alarm(100); /* a hang is a failure */
    CHECK(argc == 2);
    for (i = 0; i < 100; i++) {
        int (*leave)(int milliseconds);
        asynchron_t *(*start)(int n);
        asynchron_t *(*make)(void);
        asynchron_value_t value = { NULL, 0 };
        asynchron_t *a;
        void *module = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
        if (module == NULL)
            return fprintf(stderr, "%s\n", dlerror()), 1;
        find(module, "plugin_leave", &leave);
        find(module, "plugin_start", &start);
        find(module, "plugin_value", &make);
        a = start(i);
        CHECK(asynchron_get(a, &value) == ASYNCHRON_OK && value.len == sizeof(int));
        CHECK(*(const int *)value.data == 8);
        asynchron_release(a);
        if (i % 20 == 0) {
            a = make();
            CHECK(leave(5) == 0);
            asynchron_release(a);
            a = make();
            CHECK(leave(5) == 0);
            asynchron_release(a);
        }
        CHECK(leave(60000) == 1);
        dlclose(module);
        usleep(3000); /* what still runs in it finds it gone, before the next may lie in the same place */
        CHECK(dlopen(argv[1], RTLD_NOW | RTLD_NOLOAD) == NULL); /* it is really gone */
    }
    return 0;
}
