// Several together: after, when_all, when_any, and the waits for them.
#include "check.hpp"

#include <array>
#include <list>

using asynchron::future;
using asynchron::promise;

namespace {

std::vector<future<int>> futures_of(const std::vector<promise<int>> &promises)
{
    std::vector<future<int>> all;
    for (const promise<int> &p : promises)
        all.push_back(p.get_future());
    return all;
}

} // namespace

TEST(after_runs_once_all_are_complete)
{
    std::vector<promise<int>> p(3);
    const auto all = futures_of(p);
    const future<int> sum = asynchron::after(all, [](const std::vector<future<int>> &done) {
        int total = 0;
        for (const auto &f : done)
            total += f.exception() != nullptr ? 100 : f.get();
        return total;
    });
    bool told = false;
    asynchron::after(all, [&] { told = true; });
    p[2].set_value(1);
    p[0].set_exception(std::runtime_error("x"));
    CHECK(!sum.complete() && !told);
    p[1].set_value(2);
    CHECK(sum.get() == 103 && told);
    CHECK(asynchron::after(all, [](const std::vector<future<int>> &) { return asynchron::ready(4); }).get() == 4);
    CHECK(asynchron::after(std::list<future<int>>(), [] { return 1; }).get() == 1);
    CHECK(asynchron::after({p[1].get_future(), p[2].get_future()}, [] { return 2; }).get() == 2);
    (void)THROWN(std::range_error, asynchron::after(all, [] { throw std::range_error("x"); }).get());
    const std::array<future<int>, 2> missing = {{p[1].get_future(), future<int>()}};
    CHECK(THROWN(asynchron::error, asynchron::after(missing, [] {})).code() == ASYNCHRON_E_INVALID);
}

TEST(after_learns_of_sources_that_broke)
{
    future<int> broken;
    {
        std::vector<promise<int>> p(2);
        broken = asynchron::after(futures_of(p), [](const std::vector<future<int>> &done) {
            return THROWN(asynchron::error, done[1].get()).code();
        });
    }
    CHECK(broken.get() == ASYNCHRON_E_BROKEN);
}

TEST(when_all_gathers)
{
    promise<int> p;
    promise<std::string> q;
    promise<void> r;
    const auto f = asynchron::when_all(p.get_future(), q.get_future(), r.get_future());
    q.set_value("two");
    r.set_exception(std::runtime_error("three"));
    CHECK(!f.complete());
    p.set_value(1);
    CHECK(std::get<0>(f.get()).get() == 1 && std::get<1>(f.get()).get() == "two");
    (void)THROWN(std::runtime_error, std::get<2>(f.get()).get());
    (void)asynchron::when_all().get();

    std::vector<promise<int>> many(10);
    const auto all = asynchron::when_all(futures_of(many));
    for (int i = 9; i >= 0; i--)
        many[static_cast<std::size_t>(i)].set_value(i);
    CHECK(all.get().size() == 10 && all.get()[7].get() == 7);
    CHECK(asynchron::when_all(std::vector<future<int>>()).get().empty());
    CHECK(THROWN(asynchron::error, asynchron::when_all(future<int>(), f)).code() == ASYNCHRON_E_INVALID);
}

TEST(when_any_tells_of_the_first)
{
    std::vector<promise<int>> p(3);
    const auto all = futures_of(p);
    const auto f = asynchron::when_any(all);
    CHECK(!f.complete());
    p[1].set_value(5);
    CHECK(f.get().index == 1 && f.get().futures.size() == 3 && f.get().futures[1].get() == 5);
    p[0].set_value(6);
    CHECK(f.get().index == 1);
    CHECK(asynchron::when_any(all).get().index == 0); // complete already: the first of them
    CHECK(asynchron::when_any(std::vector<future<int>>()).get().index == static_cast<std::size_t>(-1));

    promise<std::string> s;
    const auto g = asynchron::when_any(p[2].get_future(), s.get_future());
    s.cancel();
    CHECK(g.get().index == 1 && std::get<1>(g.get().futures).state() == asynchron::state::cancelled);
    CHECK(THROWN(asynchron::error, asynchron::when_any(future<int>())).code() == ASYNCHRON_E_INVALID);
    CHECK(asynchron::when_any().get().index == static_cast<std::size_t>(-1));
}

TEST(when_any_of_one_twice_and_of_broken_ones)
{
    promise<int> p;
    const auto twice = asynchron::when_any(p.get_future(), p.get_future());
    p.set_value(1);
    CHECK(twice.get().index == 0);
    future<asynchron::when_any_result<std::vector<future<int>>>> f;
    {
        std::vector<promise<int>> gone(2);
        f = asynchron::when_any(futures_of(gone));
    }
    CHECK(f.get().futures[f.get().index].exception() != nullptr);
}

TEST(when_any_leaves_nothing_behind)
{
    // One that stays pending for long, and others that come and go: what is registered on it shows in what is alive.
    struct held {
        check::counted counts;
    };
    promise<held> lasting;
    for (int i = 0; i < 100; i++) {
        promise<held> passing;
        const auto f = asynchron::when_any(lasting.get_future(), passing.get_future());
        passing.emplace();
        CHECK(f.get().index == 1);
    }
    CHECK(check::counted::alive() == 0);
    for (int i = 0; i < 100; i++) {
        promise<held> passing;
        const auto f = asynchron::when_any(lasting.get_future(), passing.get_future());
        passing.emplace();
        CHECK(f.get().index == 1);
        const auto g = asynchron::when_any(lasting.get_future(), promise<held>(passing).get_future());
        CHECK(g.get().index == 1);
    }
    CHECK(check::counted::alive() == 0);
    // A result that is cancelled lets go of what it listened to.
    asynchron_t *a = lasting.handle();
    promise<held> other;
    const auto f = asynchron::when_any(lasting.get_future(), other.get_future());
    CHECK(f.cancel());
    other.emplace();
    CHECK(check::counted::alive() == 1);
    other = promise<held>();
    CHECK(check::counted::alive() == 0 && asynchron_poll(a) == ASYNCHRON_PENDING);
}

TEST(when_any_races)
{
    for (int round = 0; round < 300; round++) {
        std::vector<promise<int>> p(4);
        const auto all = futures_of(p);
        std::vector<std::thread> threads;
        for (std::size_t i = 0; i < 2; i++)
            threads.emplace_back([&p, i] { p[i].set_value(static_cast<int>(i)); });
        const auto f = asynchron::when_any(all);
        CHECK(f.get().index < 2 && f.get().futures[f.get().index].complete());
        for (std::thread &thread : threads)
            thread.join();
    }
}

TEST(blocking_for_all_and_for_any)
{
    std::vector<promise<int>> p(3);
    const auto all = futures_of(p);
    std::thread later([&] {
        for (auto &one : p)
            one.set_value(1);
    });
    CHECK(all[asynchron::wait_any(all)].complete());
    asynchron::wait_all(all);
    later.join();
    CHECK(asynchron::wait_any(all) == 0);
    asynchron::wait_all(std::vector<future<int>>());
    CHECK(THROWN(asynchron::error, asynchron::wait_any(std::vector<future<int>>())).code() == ASYNCHRON_E_INVALID);
}
