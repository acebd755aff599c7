/* cpp.c: loads the plug-in that cpp.cpp is, has it work, and unloads it. */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include "share.h"

/* A pointer to a function, out of what dlsym() returns. */
static void find(void *module, const char *name, void *function)
{
    void *found = dlsym(module, name);

    memcpy(function, &found, sizeof found);
}

int cpp_host(struct share *share)
{
    void *module = dlopen(PLUGIN, RTLD_NOW | RTLD_LOCAL);
    int (*run)(struct share *) = NULL;
    void (*leave)(void) = NULL;
    int done;

    if (module != NULL) {
        find(module, "plugin_run", &run);
        find(module, "plugin_leave", &leave);
    }
    if (run == NULL || leave == NULL) {
        fprintf(stderr, "%s\n", dlerror());
        return -1;
    }
    done = run(share);
    leave();
    dlclose(module);
    if (dlopen(PLUGIN, RTLD_NOW | RTLD_NOLOAD) != NULL) {
        fprintf(stderr, "the plug-in is still loaded\n");
        return -1;
    }
    return done;
}
