/* plugin.c: loads a plug-in, uses it, and unloads it while its last work is just being given up.
 *
 *     plugin ./collatz_plugin.so
 *
 * The plug-in computes on threads, which must not be in its code when that goes. To have a result
 * is not enough for this: the function may still be on its last instructions. So the plug-in has an
 * executor of its own, and shuts it down before it is unloaded. plugin.h has what both agree upon.
 */
#include <dlfcn.h>
#include "check.h"
#include "plugin.h"

enum { TIMES = 10, NUMBERS = 4 };

static const uint64_t numbers[NUMBERS] = {27, 97, 871, 6171};
static const uint32_t steps[NUMBERS] = {111, 118, 178, 261};

/* All that is done with the plug-in while it is there. */
static void use(const struct plugin *plugin, asynchron_t *results[NUMBERS])
{
    asynchron_t *endless;

    for (int i = 0; i < NUMBERS; i++)
        CHECK((results[i] = plugin->compute(numbers[i])) != NULL);
    CHECK((endless = plugin->compute(0)) != NULL);
    CHECK(asynchron_wait_all(results, NUMBERS, ASYNCHRON_FOREVER) == ASYNCHRON_OK);

    /* Whoever ends the plug-in has it stop first. It runs on for a moment: until it looks. */
    CHECK(asynchron_cancel(endless) == ASYNCHRON_OK);
    asynchron_release(endless);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: plugin PLUG-IN, with a slash in its name\n");
        return EXIT_FAILURE;
    }
    for (int time = 1; time <= TIMES; time++) {
        asynchron_t *results[NUMBERS];
        void *module = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
        const struct plugin *plugin;

        if (module == NULL) {
            fprintf(stderr, "%s\n", dlerror());
            return EXIT_FAILURE;
        }
        CHECK((plugin = dlsym(module, "plugin")) != NULL);
        CHECK(plugin->begin() == ASYNCHRON_OK);
        use(plugin, results);
        plugin->end();
        CHECK(dlclose(module) == 0);
        CHECK(dlopen(argv[1], RTLD_NOW | RTLD_NOLOAD) == NULL); /* it is really gone */

        /* What it delivered as bytes was copied, and belongs to the library, which stays. */
        for (int i = 0; i < NUMBERS; i++) {
            asynchron_value_t value;

            CHECK(asynchron_get(results[i], &value) == ASYNCHRON_OK && value.len == sizeof steps[i]);
            CHECK(*(const uint32_t *)value.data == steps[i]);
            asynchron_release(results[i]);
        }
    }
    for (int i = 0; i < NUMBERS; i++)
        printf("%u steps from %u to 1\n", (unsigned)steps[i], (unsigned)numbers[i]);
    printf("loaded and unloaded %d times\n", TIMES);
    return EXIT_SUCCESS;
}
