// Functions that compute: in the background, here and now, on demand.
#include "check.hpp"

#include <memory>

using asynchron::cancellation;
using asynchron::future;
using asynchron::promise;

namespace {

int add(int x, int y) { return x + y; }

struct account {
    int sum;
    int put(int more) { return sum += more; }
};

struct called_both_ways {
    int operator()(int) const { return 1; }
    int operator()(const cancellation &, int) const { return 2; }
};

} // namespace

TEST(spawn_computes_elsewhere)
{
    const auto here = std::this_thread::get_id();
    CHECK(asynchron::spawn([] { return std::this_thread::get_id(); }).get() != here);
    CHECK(asynchron::spawn(add, 1, 2).get() == 3);
    account a = {10};
    CHECK(asynchron::spawn(&account::put, &a, 5).get() == 15 && a.sum == 15);
    CHECK(asynchron::spawn(&account::sum, std::ref(a)).get() == 15);
    asynchron::spawn([&a](int &n) { n = a.sum; }, std::ref(a.sum)).get();
    const auto moved = asynchron::spawn([](std::unique_ptr<int> p) { return p; }, std::unique_ptr<int>(new int(4)));
    CHECK(*moved.get() == 4);
    const std::string text = "copied";
    CHECK(asynchron::spawn([](const std::string &s) { return s.size(); }, text).get() == 6);
    const future<int &> reference = asynchron::spawn([&a]() -> int & { return a.sum; });
    CHECK(&reference.get() == &a.sum);
}

TEST(what_a_function_throws_is_its_result)
{
    (void)THROWN(std::range_error, asynchron::spawn([]() -> int { throw std::range_error("x"); }).get());
    (void)THROWN(std::range_error, asynchron::call([] { throw std::range_error("x"); }).get());
    (void)THROWN(std::range_error, asynchron::on_demand([]() -> std::string { throw std::range_error("x"); }).get());
}

TEST(call_computes_here_and_now)
{
    const auto here = std::this_thread::get_id();
    const auto f = asynchron::call([] { return std::this_thread::get_id(); });
    CHECK(f.complete() && f.get() == here);
    CHECK(asynchron::call(add, 2, 3).get() == 5);
    asynchron::call([] {}).get();
}

TEST(a_future_that_is_returned_is_joined)
{
    promise<std::string> inner;
    const future<std::string> f = asynchron::spawn([&] { return inner.get_future(); });
    const future<std::string> g = asynchron::call([&] { return inner.get_future(); });
    std::thread later([inner]() mutable { inner.set_value("inner"); });
    CHECK(f.get() == "inner" && g.get() == "inner");
    CHECK(asynchron::on_demand([&] { return inner.get_future(); }).get() == "inner");
    later.join();
    const auto throws = []() -> future<int> { throw std::range_error("x"); };
    const auto fails = [] { return asynchron::failed<int>(std::range_error("x")); };
    (void)THROWN(std::range_error, asynchron::spawn(throws).get());
    (void)THROWN(std::range_error, asynchron::call(throws).get());
    (void)THROWN(std::range_error, asynchron::on_demand(throws).get());
    (void)THROWN(std::range_error, asynchron::spawn(fails).get());
    (void)THROWN(std::range_error, asynchron::call(fails).get());
    (void)THROWN(std::range_error, asynchron::on_demand(fails).get());
    // What is returned is started, if nobody else would.
    CHECK(asynchron::spawn([] { return asynchron::on_demand([] { return 6; }); }).get() == 6);
    CHECK(asynchron::on_demand([] { return asynchron::on_demand([] { return 7; }); }).get() == 7);
    const auto none = [] { return future<int>(); };
    CHECK(THROWN(asynchron::error, asynchron::spawn(none).get()).code() == ASYNCHRON_E_INVALID);
    CHECK(THROWN(asynchron::error, asynchron::on_demand(none).get()).code() == ASYNCHRON_E_INVALID);
}

TEST(on_demand_waits_to_be_asked)
{
    std::atomic<int> runs(0);
    const auto f = asynchron::on_demand([&] { return ++runs; });
    const auto g = f.then([](int n) { return n; });
    CHECK(!f.wait_for(std::chrono::seconds(0)) && !f.complete() && runs == 0 && !g.complete());
    CHECK(f.get() == 1 && f.get() == 1 && runs == 1 && g.get() == 1);

    const auto here = std::this_thread::get_id();
    CHECK(asynchron::on_demand([] { return std::this_thread::get_id(); }).get() == here);
    const auto waited = asynchron::on_demand([&] { ++runs; });
    CHECK(waited.wait_for(std::chrono::nanoseconds(1)) && runs == 2);
    const check::counted held;
    {
        const auto never = asynchron::on_demand([held] { CHECK(false); });
        CHECK(check::counted::alive() == 2);
    }
    CHECK(check::counted::alive() == 1);
}

TEST(what_is_on_demand_is_computed_where_it_is_joined_or_waited_for)
{
    const auto lazy = [] { return asynchron::on_demand([] { return std::this_thread::get_id(); }); };
    const auto here = std::this_thread::get_id();
    CHECK(asynchron::call(lazy).complete() && asynchron::call(lazy).get() == here);
    CHECK(asynchron::ready(1).then([&](int) { return lazy(); }).get() == here);
    CHECK(asynchron::after({asynchron::ready(1)}, lazy).get() == here);
    CHECK(asynchron::spawn(lazy).get() != here);
    const auto f = lazy();
    asynchron::spawn([f] { f.wait(); }).wait();
    CHECK(f.complete() && f.get() != here);
}

TEST(all_wait_for_one_run)
{
    std::atomic<int> runs(0), sum(0);
    const auto f = asynchron::on_demand([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
        return ++runs;
    });
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; i++)
        threads.emplace_back([&] { sum += f.get(); });
    for (std::thread &thread : threads)
        thread.join();
    CHECK(runs == 1 && sum == 4);
}

TEST(a_function_sees_that_it_was_cancelled)
{
    promise<void> begun;
    std::atomic<bool> over(false);
    const auto work = [&](const cancellation &wanted, int step) {
        begun.set_value();
        while (!wanted.requested())
            std::this_thread::sleep_for(std::chrono::milliseconds(step));
        (void)THROWN(asynchron::cancelled, wanted.check());
        over = true;
        return 1;
    };
    const auto f = asynchron::spawn(work, 1);
    begun.get_future().wait();
    CHECK(f.state() == asynchron::state::running);
    CHECK(f.cancel("stop"));
    CHECK(std::string(THROWN(asynchron::cancelled, f.get()).reason()) == "stop");
    while (!over)
        std::this_thread::yield();
    CHECK(!cancellation().requested());
    cancellation().check();
    CHECK(asynchron::call(called_both_ways(), 1).get() == 1); // only where it is needed
    CHECK(asynchron::on_demand([](const cancellation &c) { return c.requested(); }).get() == false);
}

TEST(a_joined_function_sees_that_its_result_was_cancelled)
{
    promise<void> begun, over;
    const auto f = asynchron::spawn([&](const cancellation &wanted) {
        begun.set_value();
        while (!wanted.requested())
            std::this_thread::yield();
        over.set_value();
        return asynchron::ready(1);
    });
    begun.get_future().wait();
    CHECK(f.cancel());
    over.get_future().wait();
}

TEST(function_and_arguments_are_gone_before_the_result_is_there)
{
    for (int i = 0; i < 100; i++) {
        auto alive = std::make_shared<int>(i);
        const auto f = asynchron::spawn([alive](const std::shared_ptr<int> &p) { return *p; }, alive);
        CHECK(f.get() == i && alive.use_count() == 1);
        const auto g = asynchron::spawn([alive] { return asynchron::ready(*alive); });
        CHECK(g.get() == i && alive.use_count() == 1);
        const auto h = asynchron::spawn([alive]() -> int { throw std::runtime_error("x"); });
        h.wait();
        CHECK(alive.use_count() == 1);
    }
}

TEST(tasks_that_wait_for_tasks_do_not_starve)
{
    struct sum {
        static int of(int n) { return n == 0 ? 0 : n + asynchron::spawn(of, n - 1).get(); }
    };
    CHECK(asynchron::spawn(sum::of, 20).get() == 210);
}

TEST(a_dropped_future_does_not_wait_nor_stop_the_function)
{
    promise<void> go, over;
    {
        const auto dropped = asynchron::spawn([&] {
            go.get_future().wait();
            over.set_value();
        });
    }
    go.set_value();
    over.get_future().wait();
}
