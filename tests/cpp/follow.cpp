// One completes as another does.
#include "check.hpp"

#include <deque>
#include <memory>

using asynchron::future;
using asynchron::promise;

TEST(who_follows_completes_as_the_other_does_with_the_same_value)
{
    promise<std::string> p, q, r;
    promise<void> done, all_done;
    const auto f = p.get_future(), g = q.get_future();
    CHECK(q.follow(f) && g.follow(f) && !g.complete());
    p.set_value("there");
    CHECK(&g.get() == &f.get() && g.get() == "there"); // not a copy
    CHECK(!q.follow(f) && !g.follow(f));
    CHECK(r.follow(f) && r.get_future().get() == "there"); // at once
    all_done.follow(f);
    CHECK(all_done.get_future().complete() && done.get_future().follow(all_done.get_future()));

    promise<int> failed, off, one, two;
    int n = 3;
    promise<int &> of, reference;
    one.follow(failed.get_future());
    two.follow(off.get_future());
    reference.follow(of.get_future());
    failed.set_exception(std::out_of_range("no"));
    off.cancel("enough");
    of.set_value(n);
    (void)THROWN(std::out_of_range, one.get_future().get());
    CHECK(THROWN(asynchron::cancelled, two.get_future().get()).reason() == std::string("enough"));
    CHECK(&reference.get_future().get() == &n);
    CHECK(THROWN(asynchron::error, f.follow(f)).code() == ASYNCHRON_E_INVALID);
    CHECK(THROWN(asynchron::error, f.follow(f)).message() == std::string("a future cannot follow itself"));
    CHECK(THROWN(asynchron::error, f.follow(future<std::string>())).code() == ASYNCHRON_E_INVALID);
}

TEST(who_follows_may_be_delivered_or_cancelled_before)
{
    promise<int> source, delivered, off;
    CHECK(delivered.follow(source.get_future()) && off.follow(source.get_future()));
    const auto f = delivered.get_future(), g = off.get_future();
    CHECK(delivered.set_value(1) && g.cancel() && !source.is_cancelled());
    source.set_value(2);
    CHECK(f.get() == 1 && g.state() == asynchron::state::cancelled);
}

TEST(a_promise_that_follows_may_go)
{
    promise<int> source;
    future<int> f, g;
    {
        promise<int> p;
        f = p.get_future();
        CHECK(p.follow(source.get_future()));
    }
    CHECK(!f.complete());
    source = promise<int>(); // its last promise: it breaks, and what follows it
    CHECK(THROWN(asynchron::error, f.get()).code() == ASYNCHRON_E_BROKEN);
}

TEST(a_function_that_returns_a_pending_future_holds_no_thread)
{
    promise<int> inner;
    const auto late = inner.get_future();
    const check::counted held;
    std::vector<future<int>> all;
    for (int i = 0; i < 50; i++)
        all.push_back(asynchron::spawn([late, held] { return late; }));
    while (check::counted::alive() > 1) // each has returned, and is gone
        std::this_thread::yield();
    for (const auto &f : all)
        CHECK(f.state() == asynchron::state::running);
    inner.set_value(5);
    for (const auto &f : all)
        CHECK(f.get() == 5);
}

TEST(what_is_computed_on_demand_may_return_a_pending_future)
{
    promise<int> inner;
    const auto late = inner.get_future();
    const auto f = asynchron::on_demand([late] { return late; });
    CHECK(f.get_for(std::chrono::milliseconds(1)) == nullptr && f.state() == asynchron::state::running);
    inner.set_value(5);
    CHECK(f.get() == 5);
    const auto lazy = asynchron::on_demand([] { return asynchron::on_demand([] { return 6; }); });
    CHECK(lazy.get() == 6);
}

namespace {

// Each step goes on when the program's loop comes to it.
std::deque<promise<int>> steps;

future<int> count_down(int n)
{
    steps.emplace_back();
    return steps.back().get_future().then([n](int one) { return n > one ? count_down(n - one) : asynchron::ready(n); });
}

} // namespace

TEST(a_loop_of_steps_keeps_nothing_and_ends)
{
    const auto f = count_down(100000);
    while (!steps.empty()) {
        promise<int> step = std::move(steps.front());
        steps.pop_front();
        step.set_value(1);
    }
    CHECK(f.get() == 1);
}

TEST(what_can_only_be_moved_is_moved_out_of_the_last_that_follows)
{
    typedef std::unique_ptr<int> moved;
    const auto make = [] { return moved(new int(4)); };
    promise<moved> p, q;
    auto f = p.get_future();
    {
        auto source = asynchron::call(make);
        q.follow(source);
        CHECK(p.follow(q.get_future()));
        const auto still = source; // a reader of the same value
        p = q = promise<moved>();
        CHECK(THROWN(asynchron::error, std::move(f).take()).code() == ASYNCHRON_ALREADY && *still.get() == 4);
    }
    CHECK(*std::move(f).take() == 4);
    CHECK(*asynchron::spawn([make] { return asynchron::spawn([make] { return asynchron::spawn(make); }); }).get() == 4);
}
