// Where functions run.
#include "check.hpp"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>

using asynchron::executor;
using asynchron::future;
using asynchron::promise;
using std::chrono::milliseconds;

namespace {

// A loop of the program's, which takes what can be copied.
class loop {
    std::mutex lock_;
    std::deque<std::function<void()>> due_;

public:
    void post(std::function<void()> f)
    {
        const std::lock_guard<std::mutex> held(lock_);
        due_.push_back(std::move(f));
    }
    // How many there were.
    int run()
    {
        for (int n = 0;; n++) {
            std::function<void()> next;
            {
                const std::lock_guard<std::mutex> held(lock_);
                if (due_.empty())
                    return n;
                next = std::move(due_.front());
                due_.pop_front();
            }
            next();
        }
    }
    void clear()
    {
        const std::lock_guard<std::mutex> held(lock_);
        due_.clear();
    }
};

} // namespace

TEST(an_executor_has_threads_of_its_own)
{
    executor one(1, "one");
    std::atomic<int> at_once(0), most(0);
    std::vector<future<int>> all;
    for (int i = 0; i < 50; i++)
        all.push_back(one.spawn(
            [&](int n) {
                most = std::max(most.load(), ++at_once);
                std::this_thread::yield();
                at_once--;
                return n;
            },
            i));
    for (int i = 0; i < 50; i++)
        CHECK(all[static_cast<std::size_t>(i)].get() == i);
    CHECK(most == 1);
    // A task that waits for a task makes way.
    CHECK(one.spawn([one] { return one.spawn([] { return 3; }).get(); }).get() == 3);
    (void)THROWN(std::range_error, one.spawn([] { throw std::range_error("no"); }).get());
    CHECK(one.spawn([](const asynchron::computation &self) { return self.progress(1, 1); }).get());
    one.shutdown();
    CHECK(THROWN(asynchron::error, one.spawn([] {})).code() == ASYNCHRON_E_CLOSED);
    const auto here = std::this_thread::get_id();
    CHECK(executor::background().spawn([] { return std::this_thread::get_id(); }).get() != here);
}

TEST(a_shutdown_waits_or_cancels_what_has_not_begun)
{
    executor pool(1), other = pool;
    promise<int> begun, go;
    const auto open = go.get_future();
    const auto running = pool.spawn([open, begun]() mutable {
        begun.set_value(1);
        return open.get();
    });
    begun.get_future().wait();
    // It sleeps in a wait of the library, so the next begins, and is done.
    CHECK(pool.spawn([] { return 2; }).get() == 2);
    CHECK(!pool.shutdown_for(milliseconds(1), asynchron::closing::cancel) && !running.complete());
    CHECK(THROWN(asynchron::error, other.spawn([] {})).code() == ASYNCHRON_E_CLOSED);
    go.set_value(3);
    pool.shutdown();
    CHECK(running.complete() && running.get() == 3);
    executor mine(1);
    CHECK(mine.spawn([&] { return THROWN(asynchron::error, mine.shutdown()).code(); }).get() == ASYNCHRON_E_DEADLOCK);
    mine.shutdown();
    const auto moved = std::move(mine);
    CHECK(THROWN(asynchron::error, mine.shutdown()).code() == ASYNCHRON_E_INVALID && mine.handle() == nullptr);
    CHECK(executor::from_handle(moved.handle()).handle() == moved.handle());
}

TEST(a_loop_of_the_program_is_an_executor)
{
    loop loop;
    executor on = executor::of(loop);
    const auto here = std::this_thread::get_id();
    const auto f = on.spawn([] { return std::this_thread::get_id(); });
    CHECK(!f.complete() && loop.run() == 1 && f.get() == here);
    // Callbacks.
    promise<int> p;
    int told = 0;
    p.get_future().notify(on, [&](const future<int> &done) { told = done.get(); });
    std::thread([p]() mutable { p.set_value(4); }).join();
    CHECK(told == 0 && loop.run() == 1 && told == 4);
    // What is thrown away is broken, and nothing waits for it.
    const check::counted held;
    const auto broken = on.spawn([held] {});
    loop.clear();
    CHECK(THROWN(asynchron::error, broken.get()).code() == ASYNCHRON_E_BROKEN && check::counted::alive() == 1);
    on.shutdown();
}

TEST(what_follows_runs_where_the_executor_has_it_run)
{
    loop loop;
    executor on = executor::of(loop);
    const auto here = std::this_thread::get_id();
    const auto where = [] { return std::this_thread::get_id(); };
    promise<int> p, q;
    const auto value = p.get_future().then(on, [](int n) { return n + 1; });
    const auto whole = p.get_future().then(on, [](const future<int> &f) { return f.get(); });
    const auto joined = p.get_future().then(on, [](int n) { return asynchron::ready(std::to_string(n)); });
    const auto failed = q.get_future().then(on, [](int n) { return n; });
    const auto both = asynchron::after(on, {p.get_future(), q.get_future()}, where);
    const auto ranged = asynchron::after(on, std::vector<future<int>>{p.get_future()}, where);
    std::thread([p, q]() mutable {
        p.set_value(1);
        q.set_exception(std::range_error("no"));
    }).join();
    CHECK(!value.complete() && !whole.complete() && !both.complete() && !ranged.complete());
    loop.run();
    CHECK(value.get() == 2 && whole.get() == 1 && joined.get() == "1");
    CHECK(both.get() == here && ranged.get() == here);
    (void)THROWN(std::range_error, failed.get());
    // Thrown away: broken. Closed: as without it.
    const auto lost = p.get_future().then(on, [](int n) { return n; });
    loop.clear();
    CHECK(THROWN(asynchron::error, lost.get()).code() == ASYNCHRON_E_BROKEN);
    on.shutdown();
    CHECK(p.get_future().then(on, [](int n) { return n; }).get() == 1);
    const auto moved = std::move(on);
    CHECK(THROWN(asynchron::error, p.get_future().then(on, [](int) {})).code() == ASYNCHRON_E_INVALID);
    CHECK(THROWN(asynchron::error, p.get_future().notify(on, [] {})).code() == ASYNCHRON_E_INVALID);
    CHECK(THROWN(asynchron::error, future<int>().then(moved, [](int) {})).code() == ASYNCHRON_E_INVALID);
}

TEST(what_is_posted_may_run_at_once_or_be_refused)
{
    const auto at_once = executor::posting([](const asynchron::task &task) { task(); });
    const auto here = std::this_thread::get_id();
    CHECK(at_once.spawn([] { return std::this_thread::get_id(); }).get() == here);
    const check::counted held;
    const auto refuses = executor::posting([held](asynchron::task) { throw std::runtime_error("full"); });
    (void)THROWN(std::system_error, refuses.spawn([held] {}));
    bool told = false;
    asynchron::ready().notify(refuses, [&] { told = true; }); // as without it
    CHECK(told && check::counted::alive() == 2);
    // It has run, and then throws: it was accepted.
    const auto late = executor::posting([](const asynchron::task &task) {
        task();
        task();
        throw std::runtime_error("too late");
    });
    CHECK(late.spawn([] { return 5; }).get() == 5);
}
