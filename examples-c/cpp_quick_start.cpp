// cpp_quick_start.cpp: quick_start.c in C++. One value, three threads.
//
//     Thread 1:  value = A()     blocks; prints 3 once Thread 2 has delivered it
//     Thread 2:  A.result = 3
//     Thread 3:  value = A()     returns at once with 3
#include <asynchron.hpp>
#include <cstdio>
#include <thread>
#include "check.h"

int main()
{
    asynchron::promise<int> promise("A"); // the one that delivers; a name is for people, and optional
    const asynchron::future<int> A = promise.get_future();
    asynchron::promise<void> calling; // a gate: opens when Thread 1 is about to call A

    // Calls before the value is there, and so blocks until it is.
    std::thread one([&] {
        CHECK(!A.complete());
        calling.set_value();
        std::printf("%d\n", A.get());
        CHECK(A.get() == 3);
    });

    // Delivers. Only the first delivery counts; the result says whether this was it.
    std::thread two([&] {
        calling.get_future().wait();
        CHECK(promise.set_value(3));
        CHECK(!promise.set_value(4));
    });
    one.join();
    two.join();

    // Calls after delivery: the same function, which now has nothing to wait for.
    std::thread three([&] {
        CHECK(A.complete());
        CHECK(A.get() == 3);
    });
    three.join();

    // The same with less code: a function in the background, and one that goes on with its value.
    const auto text = asynchron::spawn([](int a, int b) { return a * b; }, 6, 7).then([](int n) {
        return std::to_string(n);
    });
    CHECK(text.get() == "42");
    return EXIT_SUCCESS;
}
