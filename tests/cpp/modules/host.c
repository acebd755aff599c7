/* Loads two modules, neither of which sees the other's symbols, and hands what the first makes to the second. Prints what
 * that says.
 *
 *     host MAKER.so ASKER.so
 */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <asynchron.h>

static void *symbol(const char *module, const char *name)
{
    void *handle = dlopen(module, RTLD_NOW | RTLD_LOCAL);
    return handle != NULL ? dlsym(handle, name) : NULL;
}

int main(int argc, char **argv)
{
    asynchron_t *(*make)(int what);
    const char *(*ask)(int what, asynchron_t *a);
    void *found[2] = { NULL, NULL };
    int what;
    alarm(60); /* a hang is a failure */
    if (argc == 3) {
        found[0] = symbol(argv[1], "make");
        found[1] = symbol(argv[2], "ask");
    }
    if (found[0] == NULL || found[1] == NULL)
        return fprintf(stderr, "%s\n", dlerror()), 1;
    memcpy(&make, &found[0], sizeof make);
    memcpy(&ask, &found[1], sizeof ask);
    for (what = 0; what < 8; what++) {
        asynchron_t *a = make(what);
        puts(ask(what, a));
        asynchron_release(a);
    }
    return 0;
}
