// How far the work is, and cancelling what has not begun.
#include "check.hpp"

using asynchron::computation;
using asynchron::future;
using asynchron::promise;

namespace {

bool is_at(const asynchron::future_base &f, std::uint64_t done, std::uint64_t total)
{
    const asynchron::progress seen = f.progress();
    return seen.done == done && seen.total == total;
}

struct called_in_three_ways {
    int operator()(asynchron::cancellation) const { return 1; }
    int operator()(computation) const { return 2; }
    int operator()() const { return 3; }
};

} // namespace

TEST(a_promise_says_how_far_it_is_and_the_last_word_stays)
{
    promise<int> p;
    const auto f = p.get_future();
    CHECK(is_at(f, 0, 0) && is_at(future<int>(), 0, 0));
    CHECK(p.progress(3, 10) && is_at(f, 3, 10));
    CHECK(p.progress(4, 0) && is_at(future<void>(f), 4, 0));
    CHECK(p.set_value(1) && !p.progress(10, 10) && is_at(f, 4, 0));
    promise<std::string> q;
    q.cancel();
    CHECK(!q.progress(1, 1) && is_at(q.get_future(), 0, 0));
    promise<int> moved = std::move(p);
    CHECK(THROWN(asynchron::error, p.progress(1, 2)).code() == ASYNCHRON_E_INVALID);
}

TEST(a_function_that_computes_says_how_far_it_is)
{
    promise<void> gate;
    const auto open = gate.get_future();
    std::atomic<bool> reached(false);
    const auto f = asynchron::spawn(
        [&](computation self, int total) {
            CHECK(self.progress(1, static_cast<std::uint64_t>(total)));
            reached = true;
            open.get();
            return !self.requested() && self.progress(2, 2);
        },
        7);
    while (!reached)
        std::this_thread::yield();
    CHECK(is_at(f, 1, 7));
    gate.set_value();
    CHECK(f.get() && is_at(f, 2, 2));
    CHECK(asynchron::call([](const computation &self) { return self.progress(5, 5); }).get());
    CHECK(asynchron::on_demand([](computation self) { return self.progress(5, 5); }).get());
    // Both are taken as before; nothing to say, nothing said.
    CHECK(asynchron::call([](asynchron::cancellation self) { return self.requested(); }).get() == false);
    CHECK(asynchron::call(called_in_three_ways()).get() == 3);
    CHECK(!computation().progress(1, 1) && !computation().requested());
    computation kept;
    asynchron::call([&](computation self) { kept = self; });
    CHECK(!kept.progress(1, 1)); // complete
}

TEST(what_has_not_begun_can_be_cancelled_alone)
{
    promise<int> p;
    const auto f = p.get_future();
    CHECK(f.cancel_pending("not begun") && !f.cancel_pending() && !p.cancel_pending());
    CHECK(THROWN(asynchron::cancelled, f.get()).reason() == std::string("not begun"));
    promise<int> gate, q;
    CHECK(q.cancel_pending("by the promise") && q.is_cancelled());
    const auto open = gate.get_future();
    std::atomic<bool> begun(false);
    const auto g = asynchron::spawn([&] {
        begun = true;
        return open.get();
    });
    while (!begun)
        std::this_thread::yield();
    CHECK(!g.cancel_pending() && !g.cancel_pending("too late") && !g.complete());
    gate.set_value(6);
    CHECK(g.get() == 6 && !g.cancel_pending());
    CHECK(THROWN(asynchron::error, future<int>().cancel_pending()).code() == ASYNCHRON_E_INVALID);
}
