// C++20: a future is awaited, and is what a coroutine returns.
#include "check.hpp"

#include <functional>
#include <memory>

using asynchron::future;
using asynchron::promise;

namespace {

future<int> sum(future<int> a, future<int> b) { co_return co_await a + co_await b; }
future<std::string> text(int n) { co_return std::string(static_cast<std::size_t>(n), 'x'); }
future<short> converted() { co_return 5; }
future<std::vector<int>> braces() { co_return {1, 2}; }
future<void> nothing(future<void> first) { co_await first; }
future<int &> reference(int &n) { co_return n; }
future<std::unique_ptr<int>> only_moved(int n) { co_return std::make_unique<int>(n); }
future<int> throws(bool late, future<void> gate)
{
    if (late)
        co_await gate;
    throw std::range_error("thrown");
}

// Says when it is gone.
struct trace {
    std::string *order;
    const char *what;
    ~trace() { *order += what; }
};

future<int> traced(std::string *order, trace, future<void> gate)
{
    const trace local{order, "local "};
    co_await gate;
    co_return 1;
}

template <class F> concept can_be_awaited = requires(F &&f) { operator co_await(static_cast<F &&>(f)); };

// Goes on twice, and looks between whether anybody still wants it.
future<int> looks(asynchron::cancellation stop, int n, future<void> gate, bool *done)
{
    co_await gate;
    stop.check();
    *done = true;
    co_return n;
}

// A coroutine of some other kind, which nobody waits for.
struct detached {
    struct promise_type {
        detached get_return_object() noexcept { return {}; }
        std::suspend_never initial_suspend() noexcept { return {}; }
        std::suspend_never final_suspend() noexcept { return {}; }
        void return_void() noexcept {}
        void unhandled_exception() noexcept { std::terminate(); }
    };
};

// One whose owner destroys it.
struct owned {
    struct promise_type {
        owned get_return_object() noexcept { return owned{std::coroutine_handle<promise_type>::from_promise(*this)}; }
        std::suspend_never initial_suspend() noexcept { return {}; }
        std::suspend_always final_suspend() noexcept { return {}; }
        void return_void() noexcept {}
        void unhandled_exception() noexcept { std::terminate(); }
    };
    std::coroutine_handle<promise_type> coroutine;
};

// The same, of what can only be moved.
owned waits_for_moved(future<std::unique_ptr<int>> f, std::atomic<int> *resumed, check::counted)
{
    check::counted local;
    *resumed += *co_await std::move(f);
}

future<int> sum_of_moved(std::function<future<std::unique_ptr<int>>(int)> make)
{
    const std::unique_ptr<int> a = co_await make(1);
    auto b = co_await make(2);
    static_assert(std::is_same_v<decltype(b), std::unique_ptr<int>>);
    co_return *a + *b;
}

owned waits(future<int> f, std::atomic<int> *resumed, check::counted)
{
    check::counted local;
    *resumed += co_await f;
}

// Takes the coroutine that awaits it out, and waits for nothing.
struct handle_of {
    std::coroutine_handle<> *out;
    bool await_ready() const noexcept { return false; }
    bool await_suspend(std::coroutine_handle<> coroutine) const noexcept
    {
        *out = coroutine;
        return false;
    }
    void await_resume() const noexcept {}
};

future<int> known(std::coroutine_handle<> *out, future<int> f, check::counted)
{
    co_await handle_of{out};
    co_return co_await f;
}

} // namespace

TEST(a_coroutine_computes_its_future)
{
    promise<int> p, q;
    const auto f = sum(p.get_future(), q.get_future());
    CHECK(!f.complete());
    p.set_value(1);
    CHECK(!f.complete());
    q.set_value(2);
    CHECK(f.complete() && f.get() == 3);
    CHECK(text(3).get() == "xxx" && converted().get() == 5 && braces().get().size() == 2);
    nothing(asynchron::ready()).get();
    int n = 0;
    CHECK(&reference(n).get() == &n);
    const auto moved = only_moved(5);
    CHECK(*moved.get() == 5);
}

TEST(a_coroutine_goes_on_where_it_was_completed)
{
    promise<void> gate;
    std::thread::id ran;
    const auto f = [](future<void> g, std::thread::id *id) -> future<void> {
        co_await g;
        *id = std::this_thread::get_id();
    }(gate.get_future(), &ran);
    std::thread other([&] { gate.set_value(); });
    const auto expected = other.get_id();
    f.get();
    other.join();
    CHECK(ran == expected);
}

TEST(what_a_coroutine_throws_is_the_failure_of_its_future)
{
    promise<void> gate;
    const auto early = throws(false, gate.get_future()), late = throws(true, gate.get_future());
    (void)THROWN(std::range_error, early.get());
    CHECK(!late.complete());
    gate.set_value();
    (void)THROWN(std::range_error, late.get());
    promise<int> failing;
    const auto f = sum(failing.get_future(), asynchron::ready(1));
    failing.set_exception(std::out_of_range("awaited"));
    (void)THROWN(std::out_of_range, f.get());
    promise<int> off;
    const auto g = sum(off.get_future(), asynchron::ready(1));
    off.cancel("off");
    CHECK(g.state() == asynchron::state::cancelled);
    CHECK(THROWN(asynchron::error, sum(future<int>(), future<int>()).get()).code() == ASYNCHRON_E_INVALID);
}

TEST(nothing_of_a_coroutine_is_left_when_its_future_is_complete)
{
    std::string order;
    promise<void> gate;
    const auto f = traced(&order, trace{&order, "parameter "}, gate.get_future());
    order.clear(); // of the temporaries
    f.notify([&] { order += "complete"; });
    gate.set_value();
    CHECK(order == "local parameter complete");
}

TEST(an_awaited_value_is_seen_in_place_or_copied)
{
    promise<std::string> p;
    p.set_value("long enough to be on the heap, surely");
    const auto f = [](future<std::string> s) -> future<bool> {
        const std::string &seen = co_await s;
        const std::string &copied = co_await future<std::string>(s);
        static_assert(std::is_same_v<decltype(operator co_await(s).await_resume()), const std::string &>);
        static_assert(std::is_same_v<decltype(operator co_await(std::move(s)).await_resume()), std::string>);
        static_assert(can_be_awaited<future<std::unique_ptr<int>> &> && can_be_awaited<future<int>>);
        static_assert(!can_be_awaited<const future<std::unique_ptr<int>>>, "what cannot be copied would be gone");
        static_assert(std::is_same_v<decltype(operator co_await(std::declval<const future<int>>()).await_resume()), int>);
        co_return &seen == &s.get() && &copied != &seen && copied == seen;
    }(p.get_future());
    CHECK(f.get());
}

TEST(a_coroutine_of_another_kind_awaits_a_future)
{
    promise<int> p;
    int seen = 0;
    [](future<int> f, int *out) -> detached { *out = co_await f; }(p.get_future(), &seen);
    CHECK(seen == 0);
    p.set_value(3);
    CHECK(seen == 3);
}

TEST(awaiting_asks_for_what_is_on_demand)
{
    int runs = 0;
    const auto lazy = asynchron::on_demand([&] { return ++runs; });
    CHECK(sum(lazy, lazy).get() == 2 && runs == 1);
}

TEST(a_coroutine_goes_on_though_its_future_is_dropped_or_cancelled)
{
    promise<void> gate;
    bool over = false, other = false;
    const auto go = [](future<void> g, bool *done) -> future<void> {
        co_await g;
        *done = true;
    };
    go(gate.get_future(), &over);
    const auto f = go(gate.get_future(), &other);
    CHECK(f.cancel());
    gate.set_value();
    CHECK(over && other && f.state() == asynchron::state::cancelled);
}

TEST(a_coroutine_learns_by_a_cancellation_that_it_is_cancelled)
{
    promise<void> gate;
    bool done = false, done_too = false, not_done = false;
    const auto f = asynchron::call(looks, 1, gate.get_future(), &not_done);
    const auto g = asynchron::call(looks, 2, gate.get_future(), &done);
    const auto h = asynchron::spawn(looks, 3, gate.get_future(), &done_too);
    CHECK(f.cancel("enough"));
    gate.set_value();
    CHECK(g.get() == 2 && done && h.get() == 3 && done_too);
    CHECK(!not_done && std::string(THROWN(asynchron::cancelled, f.get()).reason()) == "enough");
}

TEST(a_coroutine_whose_source_breaks_learns_so)
{
    future<int> f;
    {
        promise<int> p;
        f = sum(p.get_future(), asynchron::ready(1));
    }
    CHECK(THROWN(asynchron::error, f.get()).code() == ASYNCHRON_E_BROKEN);
}

TEST(a_loop_of_many_awaits_needs_no_stack)
{
    const auto f = [](int n) -> future<int> {
        int total = 0;
        for (int i = 0; i < n; i++)
            total += co_await asynchron::ready(1);
        co_return total;
    }(100000);
    CHECK(f.get() == 100000);
    struct nest {
        static future<int> down(int n, future<int> end)
        {
            if (n == 0)
                co_return co_await end;
            co_return 1 + co_await down(n - 1, end);
        }
    };
    promise<int> end;
    const auto g = nest::down(1000, end.get_future());
    end.set_value(0);
    CHECK(g.get() == 1000);
}

TEST(coroutines_on_background_threads)
{
    const auto work = [](int n) -> future<int> {
        int total = 0;
        for (int i = 0; i < n; i++)
            total += co_await asynchron::spawn([i] { return i; });
        co_return total;
    };
    std::vector<future<int>> all;
    for (int i = 0; i < 20; i++)
        all.push_back(work(50));
    int total = 0;
    for (auto &f : asynchron::report(all))
        total += f.get();
    CHECK(total == 20 * 49 * 50 / 2);
    const auto both = [](future<int> a, future<int> b) -> future<int> {
        const auto [x, y] = co_await asynchron::when_all(a, b);
        co_return x.get() + y.get();
    };
    CHECK(both(work(3), work(4)).get() == 9);
}

TEST(a_coroutine_that_is_joined)
{
    const auto f = asynchron::spawn([](int n) -> future<int> { co_return co_await asynchron::ready(n) + 1; }, 4);
    CHECK(f.get() == 5);
    CHECK(f.then([](int n) -> future<int> { co_return n * 2; }).get() == 10);
}

TEST(a_coroutine_that_is_destroyed_while_it_waits_is_not_resumed)
{
    promise<int> p;
    std::atomic<int> resumed(0);
    std::coroutine_handle<> theirs;
    owned mine = waits(p.get_future(), &resumed, check::counted());
    const auto f = known(&theirs, p.get_future(), check::counted());
    mine.coroutine.destroy();
    theirs.destroy();
    CHECK(check::counted::alive() == 0 && THROWN(asynchron::error, f.get()).code() == ASYNCHRON_E_BROKEN);
    p.set_value(1);
    CHECK(resumed == 0);
}

TEST(a_coroutine_that_is_due_may_be_destroyed_by_a_callback)
{
    std::atomic<int> resumed(0);
    promise<int> p, inner;
    owned first;
    // Both are due by then: one was registered after this callback, and one waits for what is completed inside of it.
    owned second = waits(inner.get_future(), &resumed, check::counted());
    p.get_future().notify([&] {
        inner.set_value(1);
        first.coroutine.destroy();
        second.coroutine.destroy();
    });
    first = waits(p.get_future(), &resumed, check::counted());
    p.set_value(1);
    CHECK(resumed == 0 && check::counted::alive() == 0);
}

// In an earlier callback, so that the coroutine is due there, and in a later one, so that it has been resumed.
TEST(a_coroutine_may_be_destroyed_while_another_thread_completes_what_it_waited_for)
{
    for (int round = 0; round < 1000; round++) {
        for (const bool early : {true, false}) {
            promise<int> p;
            std::atomic<int> resumed(0);
            std::atomic<bool> inside(false), destroyed(false);
            const auto stay = [&] {
                inside = true;
                while (!destroyed)
                    std::this_thread::yield();
            };
            if (early)
                p.get_future().notify(stay);
            owned mine = waits(p.get_future(), &resumed, check::counted());
            if (!early)
                p.get_future().notify(stay);
            std::thread other([&] { p.set_value(1); });
            while (!inside)
                std::this_thread::yield();
            CHECK(mine.coroutine.done() == !early);
            mine.coroutine.destroy();
            CHECK(check::counted::alive() == 0);
            destroyed = true;
            other.join();
            CHECK(resumed == (early ? 0 : 1));
        }
    }
}

TEST(a_coroutine_may_be_destroyed_from_inside_its_own_resume)
{
    struct ends_itself {
        bool await_ready() const noexcept { return false; }
        void await_suspend(std::coroutine_handle<> coroutine) const noexcept { coroutine.destroy(); }
        void await_resume() const noexcept {}
    };
    promise<int> p;
    int seen = 0;
    [](future<int> f, int *out, check::counted) -> detached {
        check::counted local;
        *out = co_await f;
        co_await ends_itself();
    }(p.get_future(), &seen, check::counted());
    std::thread other([&] { p.set_value(3); });
    other.join();
    CHECK(seen == 3 && check::counted::alive() == 0);
}

// Whoever completes it, and whenever.
TEST(awaiting_a_temporary_moves_out_what_can_only_be_moved)
{
    typedef std::unique_ptr<int> moved;
    std::vector<std::thread> threads;
    const auto made = [](int n) { return std::make_unique<int>(n); };
    const auto later = [](int n) -> future<moved> {
        co_await asynchron::spawn([] {});
        co_return std::make_unique<int>(n);
    };
    for (int i = 0; i < 100; i++) {
        CHECK(sum_of_moved([&](int n) { return asynchron::spawn(made, n); }).get() == 3);
        CHECK(sum_of_moved(only_moved).get() == 3);
        CHECK(sum_of_moved(later).get() == 3);
        CHECK(sum_of_moved([&](int n) {
                  promise<moved> p;
                  auto f = p.get_future();
                  threads.emplace_back([p, n]() mutable { p.set_value(std::make_unique<int>(n)); });
                  return f;
              }).get() == 3);
        CHECK(sum_of_moved([&](int n) { return asynchron::on_demand([n, made] { return made(n); }); }).get() == 3);
        CHECK(sum_of_moved([&](int n) { return asynchron::call([&] { return later(n); }); }).get() == 3);
        CHECK(sum_of_moved([&](int n) { return asynchron::ready(made(n)); }).get() == 3);
        for (std::thread &thread : threads)
            thread.join();
        threads.clear();
    }
    // By whoever goes on with it, and whoever has it afterwards.
    promise<moved> p;
    auto f = p.get_future();
    const auto sum = sum_of_moved([&](int n) { return n == 1 ? std::move(f) : asynchron::ready(made(n)); });
    CHECK(p.set_value(made(5)) && sum.get() == 7); // though the promise lives
    promise<moved> q;
    CHECK(q.set_value(made(6)));
    const auto at_once = sum_of_moved([&](int n) { return n == 1 ? q.get_future() : asynchron::ready(made(n)); });
    CHECK(at_once.complete() && at_once.get() == 8);
    const auto gone = sum_of_moved([&](int) { return q.get_future(); });
    CHECK(THROWN(asynchron::error, gone.get()).code() == ASYNCHRON_ALREADY);
}

TEST(awaiting_a_temporary_that_has_no_value_throws_what_it_failed_with)
{
    typedef std::unique_ptr<int> moved;
    promise<moved> failing, off;
    const auto f = sum_of_moved([&](int) { return failing.get_future(); });
    failing.set_exception(std::out_of_range("awaited"));
    CHECK(f.complete()); // here, since nothing is moved
    (void)THROWN(std::out_of_range, f.get());
    const auto g = sum_of_moved([&](int) { return off.get_future(); });
    off.cancel("off");
    CHECK(g.state() == asynchron::state::cancelled);
    const auto h = sum_of_moved([&](int) { return failing.get_future(); }); // complete already
    (void)THROWN(std::out_of_range, h.get());
    CHECK(THROWN(asynchron::error, sum_of_moved([](int) { return future<moved>(); }).get()).code() == ASYNCHRON_E_INVALID);
    const auto held = asynchron::ready(std::make_unique<int>(1));
    const auto refused = sum_of_moved([&](int) { return held; });
    CHECK(THROWN(asynchron::error, refused.get()).code() == ASYNCHRON_ALREADY && *held.get() == 1);
}

TEST(a_coroutine_that_awaits_a_temporary_may_be_destroyed_while_it_waits)
{
    typedef std::unique_ptr<int> moved;
    std::atomic<int> resumed(0);
    promise<moved> p;
    waits_for_moved(p.get_future(), &resumed, check::counted()).coroutine.destroy();
    CHECK(check::counted::alive() == 0 && p.set_value(std::make_unique<int>(1)) && resumed == 0);
    for (int round = 0; round < 300; round++) {
        promise<moved> q;
        std::atomic<bool> inside(false), destroyed(false);
        q.get_future().notify([&] {
            inside = true;
            while (!destroyed)
                std::this_thread::yield();
        });
        const owned due = waits_for_moved(q.get_future(), &resumed, check::counted());
        std::thread other([&] { q.set_value(std::make_unique<int>(1)); });
        while (!inside)
            std::this_thread::yield();
        due.coroutine.destroy();
        CHECK(check::counted::alive() == 0);
        destroyed = true;
        other.join();
    }
    CHECK(resumed == 0);
}

TEST(a_coroutine_does_not_take_what_its_own_resumer_holds)
{
    typedef std::unique_ptr<int> moved;
    promise<moved> p;
    const auto f = [](future<moved> mine) -> future<int> {
        CHECK(*co_await mine == 3);
        const auto error = THROWN(asynchron::error, std::move(mine).take());
        CHECK(error.code() == ASYNCHRON_ALREADY && std::strstr(error.message(), "take it afterwards") != nullptr);
        co_return *co_await std::move(mine);
    }(p.get_future());
    CHECK(p.set_value(std::make_unique<int>(3)));
    CHECK(f.get() == 3);
}
