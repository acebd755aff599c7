// check.hpp: the tests of the C++ interface, one TEST after the other. CHECK may be used on any thread.
#ifndef CHECK_HPP
#define CHECK_HPP

#include <asynchron.hpp>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

namespace check {

struct test {
    const char *name;
    void (*run)();
    test *next;

    static test *&first()
    {
        static test *list = nullptr;
        return list;
    }
    test(const char *its_name, void (*its_run)()) : name(its_name), run(its_run), next(first()) { first() = this; }
};

[[noreturn]] inline void fail(const char *file, int line, const char *what, const char *claim)
{
    std::fprintf(stderr, "%s:%d: %s: %s\n", file, line, what, claim);
    std::exit(1);
}

// Calls it, which is to throw an E. Returns a copy of that.
template <class E, class F> E thrown(const char *file, int line, const char *claim, F f)
{
    try {
        f();
    } catch (const E &e) {
        return e;
    } catch (const std::exception &e) {
        fail(file, line, e.what(), claim);
    } catch (...) {
        fail(file, line, "throws something else", claim);
    }
    fail(file, line, "does not throw", claim);
}

// Counts those that are alive, on any thread.
struct counted {
    static std::atomic<int> &alive()
    {
        static std::atomic<int> n(0);
        return n;
    }
    counted() { ++alive(); }
    counted(const counted &) { ++alive(); }
    counted &operator=(const counted &) = default;
    ~counted() { --alive(); }
};

// An asynchron as C holds one.
struct c_handle {
    asynchron_t *a;
    c_handle() : a(asynchron_create(nullptr)) {}
    c_handle(const c_handle &) = delete;
    void operator=(const c_handle &) = delete;
    ~c_handle() { asynchron_release(a); }
};

} // namespace check

#define CHECK(claim) ((claim) ? void() : check::fail(__FILE__, __LINE__, "does not hold", #claim))
#define THROWN(type, expression) \
    check::thrown<type>(__FILE__, __LINE__, #expression, [&] { (void)(expression); })
#define TEST(name)                                      \
    static void name();                                 \
    static const check::test test_##name(#name, &name); \
    static void name()

#endif
