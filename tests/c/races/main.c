/* Runs what the other file has: linked with it, or, if LOADED is defined, in a module that is loaded. */

#include "scene.h"

#ifdef LOADED
#include <dlfcn.h>

int main(int argc, char **argv)
{
    void *module = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
    if (!module) {
        fprintf(stderr, "%s\n", dlerror());
        return 1;
    }
    int (*run)(const char *) = (int (*)(const char *))dlsym(module, "run");
    return run(argc > 2 ? argv[2] : NULL);
}

#else

int main(int argc, char **argv)
{
    return run(argc > 1 ? argv[1] : NULL);
}

#endif
