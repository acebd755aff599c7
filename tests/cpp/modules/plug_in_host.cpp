// Loads a plug-in, uses and unloads it, many times.
//
//     plug_in_host PLUG_IN.so
#include "what.hpp"

#include <dlfcn.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#define CHECK(claim) ((claim) ? void() : (std::fprintf(stderr, "%d: %s\n", __LINE__, #claim), std::exit(1)))

template <class F> static F symbol(void *module, const char *name)
{
    void *const found = dlsym(module, name);
    CHECK(found != nullptr);
    return reinterpret_cast<F>(found);
}

int main(int argc, char **argv)
{
    alarm(100); // a hang is a failure
    CHECK(argc == 2);
    // What the plug-in has, too, and another module might use.
    CHECK(asynchron::ready(record{"of the host"}).get().text == "of the host");
    for (int i = 0; i < 300; i++) {
        void *const module = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
        if (module == nullptr)
            return std::fprintf(stderr, "%s\n", dlerror()), 1;
        const auto leave = symbol<int (*)(int)>(module, "plugin_leave");
        const auto start = symbol<asynchron_t *(*)(int)>(module, "plugin_start");
        CHECK(asynchron::from_handle<int>(start(i), asynchron::adopt).get() == 8);
        asynchron::promise<int> inner;
        const auto join = symbol<asynchron_t *(*)(asynchron_t *)>(module, "plugin_join");
        const auto joined = asynchron::from_handle<int>(join(inner.handle()), asynchron::adopt);
        if (i % 50 == 0) {
            auto value = asynchron::from_handle<void>(symbol<asynchron_t *(*)()>(module, "plugin_value")(), asynchron::adopt);
            CHECK(leave(5) == 0);
            value = asynchron::future<void>();
            value = asynchron::from_handle<void>(symbol<asynchron_t *(*)()>(module, "plugin_value")(), asynchron::adopt);
            CHECK(leave(5) == 0); // nor what was handed over after that
            value = asynchron::future<void>();
        }
        CHECK(leave(60000) == 1);
        dlclose(module);
        usleep(3000); // what still runs in it finds it gone, before the next may lie in the same place
        CHECK(dlopen(argv[1], RTLD_NOW | RTLD_NOLOAD) == nullptr); // it is really gone
        inner.set_value(3); // which passes on without it
        CHECK(joined.get() == 3);
    }
    return 0;
}
