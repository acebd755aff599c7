// A plug-in that hands over every kind of thing by the C++ interface, each with a destructor that takes its time: what
// waits for the result alone unloads it too early.
#define ASYNCHRON_PLUGIN
#include "what.hpp"

#include <chrono>
#include <memory>
#include <thread>

using asynchron::future;

namespace {

// Its last instructions lie in this module.
struct slow {
    volatile int alive = 1;
    slow() = default;
    slow(const slow &) {}
    ~slow()
    {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
        alive = 0;
    }
};

future<int> coroutine(future<std::string> text)
{
    const std::string seen = co_await text;
    co_return static_cast<int>(seen.size());
}

future<void> takes() { (void)co_await asynchron::spawn([] { return std::make_unique<slow>(); }); }

future<int> in_several_ways()
{
    asynchron::promise<void> gate; // so that all is registered before anything is complete
    const auto text = asynchron::spawn([open = gate.get_future(), held = slow()] {
        (void)held;
        open.wait();
        return std::string("four");
    });
    text.notify([held = slow()] { (void)held; });
    const auto failed = text.then([](const std::string &) -> int { throw own("own"); });
    const auto any = asynchron::when_any(text, failed);
    const auto lazy = asynchron::on_demand([held = slow()] {
        (void)held;
        return record{"lazy"};
    });
    const auto size = coroutine(text);
    const auto both = asynchron::when_all(size, any, failed, takes()).then([size, lazy, held = slow()](const auto &) {
        (void)held;
        return size.get() + static_cast<int>(lazy.get().text.size());
    });
    both.notify([held = slow()] { (void)slow(held); }); // goes on when the host has the result
    gate.set_value();
    return both;
}

} // namespace

EXPORTED asynchron_t *plugin_start(int) { return in_several_ways().release(); }

// Whether it may go: 1. It may not while the host has the value: 0.
EXPORTED int plugin_leave(int milliseconds) { return asynchron::leave_for(std::chrono::milliseconds(milliseconds)); }

// A value that the plug-in frees.
EXPORTED asynchron_t *plugin_value() { return asynchron::ready(record{"a record"}).release(); }

// A future that is joined to one of the host's: complete once that is.
EXPORTED asynchron_t *plugin_join(asynchron_t *inner)
{
    return asynchron::call([inner] { return asynchron::from_handle<int>(inner); }).release();
}
