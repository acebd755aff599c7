// A C++11 program that uses the library for real: owners that release, lambdas as callbacks, a report loop.
#include <asynchron.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace {

static_assert(sizeof(asynchron_status_t) == sizeof(std::int32_t), "a status is 32 bits wide in C++, too");
static_assert(sizeof(asynchron_state_t) == sizeof(std::int32_t), "a state is 32 bits wide in C++, too");
static_assert(ASYNCHRON_E_CLOSED == -7 && ASYNCHRON_STATE_CANCELLED == 3, "and the numbers are the same");
static_assert(ASYNCHRON_FOREVER == UINT64_MAX, "a constant expression");

struct Release {
    void operator()(asynchron_t *a) const { asynchron_release(a); }
    void operator()(asynchron_report_t *r) const { asynchron_report_release(r); }
};
using Handle = std::unique_ptr<asynchron_t, Release>;
using Report = std::unique_ptr<asynchron_report_t, Release>;

void check(bool good, const char *what)
{
    if (!good) {
        std::fprintf(stderr, "not so: %s\n", what);
        std::exit(1);
    }
}

template <class T> T value_of(asynchron_t *a)
{
    asynchron_value_t value{};
    check(asynchron_get(a, &value) == ASYNCHRON_OK, "there is a value");
    check(value.len == sizeof(T), "of the right size");
    return *static_cast<const T *>(value.data);
}

// Squares are computed in the background and summed up as they come.
void report_loop()
{
    Report report(asynchron_report_create(nullptr, 0));
    std::vector<int> numbers;
    for (int i = 0; i < 32; ++i)
        numbers.push_back(i);
    for (int &number : numbers) {
        Handle square(asynchron_create(nullptr));
        check(asynchron_report_add(report.get(), square.get(), &number) == ASYNCHRON_OK, "added");
        auto compute = [](asynchron_t *self, void *ctx) -> std::int32_t {
            const int n = *static_cast<int *>(ctx);
            const int result = n * n;
            return asynchron_set_bytes(self, &result, sizeof result) == ASYNCHRON_OK ? 0 : 1;
        };
        auto forget = [](void *ctx) { delete static_cast<int *>(ctx); };
        check(asynchron_spawn(square.get(), compute, new int(number), forget) == ASYNCHRON_OK, "spawned");
    }
    int sum = 0, items = 0;
    for (;;) {
        asynchron_item_t item{};
        const auto status = asynchron_report_next(report.get(), ASYNCHRON_FOREVER, &item);
        if (status == ASYNCHRON_END)
            break;
        check(status == ASYNCHRON_OK, "an item");
        Handle square(item.asynchron);
        const int number = *static_cast<int *>(item.tag);
        check(value_of<int>(square.get()) == number * number, "the tag belongs to the value");
        sum += number * number;
        ++items;
    }
    check(items == 32 && sum == 31 * 32 * 63 / 6, "every square once");
    check(asynchron_report_pending(report.get()) == 0, "nothing is left in the report");
}

void blocked_thread()
{
    Handle a(asynchron_create("three"));
    int seen = 0;
    std::thread waiter([&] { seen = value_of<int>(a.get()); });
    const int three = 3;
    check(asynchron_set_bytes(a.get(), &three, sizeof three) == ASYNCHRON_OK, "delivered");
    waiter.join();
    check(seen == 3, "the waiter saw it");
}

void failure_with_an_object()
{
    Handle a(asynchron_create(nullptr));
    auto *payload = new std::string("the whole story, longer than any small string may be");
    const auto forget = [](void *p) { delete static_cast<std::string *>(p); };
    check(asynchron_fail_with(a.get(), 5, "program", "told short", payload, forget) == ASYNCHRON_OK, "failed");
    asynchron_error_t error{};
    check(asynchron_get(a.get(), nullptr) == ASYNCHRON_FAILED, "get says so");
    check(asynchron_error(a.get(), &error) == ASYNCHRON_OK && error.code == 5, "and why");
    check(std::string(error.domain) == "program" && std::string(error.message) == "told short", "in words");
    check(static_cast<const std::string *>(error.payload)->compare(0, 9, "the whole") == 0, "and in full");
}

void notified_of_a_cancel()
{
    Handle a(asynchron_create(nullptr));
    std::string told;
    const auto tell = [](asynchron_t *self, void *ctx) {
        asynchron_error_t error{};
        if (asynchron_error(self, &error) == ASYNCHRON_OK)
            static_cast<std::string *>(ctx)->append(error.message);
    };
    check(asynchron_notify(a.get(), tell, &told) == ASYNCHRON_OK, "registered");
    check(told.empty(), "not told too early");
    check(asynchron_cancel_with(a.get(), "enough") == ASYNCHRON_OK, "cancelled");
    check(told == "enough", "told once, with the reason");
    check(asynchron_state(a.get()) == ASYNCHRON_STATE_CANCELLED, "and the state is that");
}

} // namespace

int main()
{
    report_loop();
    blocked_thread();
    failure_with_an_object();
    notified_of_a_cancel();
    std::puts("C++ is at home");
    return 0;
}
