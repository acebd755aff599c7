// cpp_report.cpp: report.c in C++. Many futures, taken in the order in which they complete.
//
// A table orders three dishes. The kitchen serves them as they get done, and the waiter carries each one out without
// knowing which comes next.
#include <asynchron.hpp>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>
#include "check.h"

struct sold_out : std::runtime_error {
    sold_out() : std::runtime_error("sold out") {}
};

enum dish { STEAK, SOUP, SALAD, DISHES };

static const char *const menu[DISHES] = {"steak", "soup", "salad"};

int main()
{
    std::vector<asynchron::promise<int>> kitchen;
    std::vector<asynchron::future<int>> orders;
    for (const char *name : menu) {
        kitchen.emplace_back(name);
        orders.push_back(kitchen.back().get_future());
    }

    // Notes from now on in which order they complete.
    const asynchron::completions<int> served = asynchron::report(orders);

    // Completes the orders in an order of its own.
    std::thread cook([&kitchen] {
        CHECK(kitchen[SALAD].set_value(7));
        CHECK(kitchen[STEAK].set_exception(sold_out()));
        CHECK(kitchen[SOUP].set_value(9));
    });

    // Blocks until the next one is complete, and ends when all have been seen.
    std::string carried;
    int bill = 0;
    for (auto &order : served) {
        carried += std::string(order.name()) + " ";
        try {
            bill += order.get(); // complete: never blocks
            std::printf("%s: %d\n", order.name(), order.get());
        } catch (const sold_out &e) { // the kitchen's own exception
            std::printf("%s: %s\n", order.name(), e.what());
        }
    }
    CHECK(carried == "salad steak soup ");
    CHECK(bill == 7 + 9);
    cook.join();
    return EXIT_SUCCESS;
}
