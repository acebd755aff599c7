// Every test of the C++ interface that this standard of the language has, or those named; or of one file ONLY.
#include "check.hpp"

#ifdef ONLY
#include ONLY
#else
#include "broken.cpp"
#include "bytes.cpp"
#include "compute.cpp"
#include "exceptions.cpp"
#include "executor.cpp"
#include "follow.cpp"
#include "handles.cpp"
#include "notify.cpp"
#include "progress.cpp"
#include "recover.cpp"
#include "report.cpp"
#include "several.cpp"
#include "taking.cpp"
#include "then.cpp"
#include "timer.cpp"
#include "together.cpp"
#include "values.cpp"
#include "waiting.cpp"
#ifdef ASYNCHRON_COROUTINES
#include "coroutine.cpp"
#endif
#ifdef ASYNCHRON_PLUGIN
#include "plug_in.cpp"
#endif
#endif

int main(int argc, char **argv)
{
    int run = 0;
    for (const check::test *it = check::test::first(); it != nullptr; it = it->next) {
        if (argc > 1 && std::strcmp(argv[1], it->name) != 0)
            continue;
        std::printf("%s\n", it->name);
        std::fflush(stdout);
        it->run();
        run++;
    }
    CHECK(check::counted::alive() == 0);
#ifdef ASYNCHRON_PLUGIN
    CHECK(asynchron::leave_for(std::chrono::seconds(60)));
#endif
    std::printf("%d tests\n", run);
    return run > 0 ? 0 : 1;
}
