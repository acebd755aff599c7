// What the C++ interface costs beside the calls of C that it makes: an int is created, set, got and let go, in one
// thread.
//
//     build/cpp                times of interleaved rounds, on one processor, and their ratios
//     build/cpp WAY NUMBER     one way, so many times, for whoever counts instructions
#include <asynchron.hpp>

#include <sched.h>
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <vector>

namespace {

void must(bool holds)
{
    if (!holds) {
        std::fprintf(stderr, "cpp: wrong value\n");
        std::exit(1);
    }
}

// With one reference.
void c(int i)
{
    asynchron_value_t value;
    asynchron_t *a = asynchron_create(nullptr);
    asynchron_set_bytes(a, &i, sizeof i);
    must(asynchron_get(a, &value) == ASYNCHRON_OK && *static_cast<const int *>(value.data) == i);
    asynchron_release(a);
}

void ready(int i) { must(asynchron::ready(i).get() == i); }

// With two: one for whoever delivers, one for whoever gets.
void c_two(int i)
{
    asynchron_value_t value;
    asynchron_t *a = asynchron_create(nullptr), *b = asynchron_retain(a);
    asynchron_set_bytes(a, &i, sizeof i);
    must(asynchron_get(b, &value) == ASYNCHRON_OK && *static_cast<const int *>(value.data) == i);
    asynchron_release(b);
    asynchron_release(a);
}

void promise(int i)
{
    asynchron::promise<int> p;
    const asynchron::future<int> f = p.get_future();
    p.set_value(i);
    must(f.get() == i);
}

struct way {
    const char *name;
    void (*once)(int);
    const char *text;
    std::size_t beside; // which of these it is compared with
};

const way ways[] = {
    {"c", c, "C: create, set_bytes, get, release", 0},
    {"ready", ready, "C++: ready(i).get()", 0},
    {"c_two", c_two, "C: create, retain, set_bytes, get, release, release", 2},
    {"promise", promise, "C++: promise, get_future, set_value, get", 2},
};
constexpr std::size_t WAYS = sizeof ways / sizeof *ways;
constexpr int ROUNDS = 101, LIVES = 100000;

template <class F> __attribute__((noinline)) void many(F once, int n)
{
    for (int i = 0; i < n; i++)
        once(i);
}

// Each of the ways inlined into a loop of its own, as a program would have it.
void many_of(std::size_t which, int n)
{
    switch (which) {
    case 0:
        return many([](int i) { c(i); }, n);
    case 1:
        return many([](int i) { ready(i); }, n);
    case 2:
        return many([](int i) { c_two(i); }, n);
    default:
        return many([](int i) { promise(i); }, n);
    }
}

double now()
{
    timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return static_cast<double>(t.tv_sec) * 1e9 + static_cast<double>(t.tv_nsec);
}

double median(std::vector<double> all)
{
    std::sort(all.begin(), all.end());
    return all[all.size() / 2];
}

void measure()
{
    std::vector<double> times[WAYS], ratios[WAYS], to_c[WAYS];
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(0, &one);
    sched_setaffinity(0, sizeof one, &one);
    std::thread([] {}).join(); // malloc is cheaper where there has never been a second thread
    for (int round = 0; round < ROUNDS; round++) {
        double ns[WAYS];
        for (std::size_t k = 0; k < WAYS; k++) {
            const std::size_t which = (k + static_cast<std::size_t>(round)) % WAYS;
            const double begun = now();
            many_of(which, LIVES);
            ns[which] = (now() - begun) / LIVES;
        }
        for (std::size_t k = 0; k < WAYS; k++) {
            times[k].push_back(ns[k]);
            ratios[k].push_back(ns[k] / ns[ways[k].beside]);
            to_c[k].push_back(ns[k] / ns[0]);
        }
    }
    std::printf("%-56s %6s %12s %12s\n", "", "ns", "to its C", "to the first");
    for (std::size_t k = 0; k < WAYS; k++)
        std::printf("%-56s %6.1f %12.2f %12.2f\n", ways[k].text, median(times[k]), median(ratios[k]), median(to_c[k]));
}

} // namespace

int main(int argc, char **argv)
{
    if (argc < 3) {
        measure();
        return 0;
    }
    for (std::size_t k = 0; k < WAYS; k++)
        if (std::strcmp(argv[1], ways[k].name) == 0)
            many_of(k, std::atoi(argv[2]));
    return 0;
}
