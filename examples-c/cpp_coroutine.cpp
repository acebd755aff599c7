// cpp_coroutine.cpp: a coroutine that waits for futures, and is one (C++20).
//
// Two prices are asked for at the same time, on background threads. The coroutine blocks no thread while it waits for
// them; it goes on where the price that it waits for came in.
#include <asynchron.hpp>
#include <cstdio>
#include <stdexcept>
#include <string>
#include "check.h"

#ifndef ASYNCHRON_COROUTINES
#error "this example wants the coroutines of C++20"
#endif

static int price_of(const std::string &what)
{
    if (what == "moon")
        throw std::runtime_error("not for sale");
    return static_cast<int>(what.size());
}

// Parameters are taken by value: they live as long as the coroutine, references might not.
static asynchron::future<int> total(std::string a, std::string b)
{
    const auto first = asynchron::spawn(price_of, a), second = asynchron::spawn(price_of, b);
    co_return co_await first + co_await second;
}

static asynchron::future<std::string> receipt(std::string a, std::string b)
{
    try {
        const int sum = co_await total(a, b); // what a coroutine throws comes out here
        co_return a + " and " + b + ": " + std::to_string(sum);
    } catch (const std::runtime_error &e) {
        co_return std::string("sorry: ") + e.what();
    }
}

int main()
{
    const auto fine = receipt("soup", "salad"), failed = receipt("soup", "moon");
    CHECK(fine.get() == "soup and salad: 9"); // main is no coroutine, and blocks
    CHECK(failed.get() == "sorry: not for sale");
    std::printf("%s\n%s\n", fine.get().c_str(), failed.get().c_str());
    return EXIT_SUCCESS;
}
