// Many in the order in which they complete.
#include "check.hpp"

#include <poll.h>
#ifdef __linux__
#include <sys/epoll.h>
#include <unistd.h>
#endif

#include <algorithm>
#include <iterator>
#include <set>

using asynchron::future;
using asynchron::promise;

TEST(a_range_for_sees_them_in_completion_order)
{
    std::vector<promise<std::string>> p(3);
    std::vector<future<std::string>> all;
    for (auto &one : p)
        all.push_back(one.get_future());
    p[1].set_value("b");
    std::string order;
    for (auto &f : asynchron::report(all)) {
        static_assert(std::is_same<decltype(f), future<std::string> &>::value, "futures");
        if (f == all[1])
            CHECK(p[2].set_value("c"));
        else if (f == all[2])
            CHECK(p[0].set_value("a"));
        order += f.get();
    }
    CHECK(order == "bca");
    for (auto &f : asynchron::report(std::vector<future<int>>()))
        CHECK(!f.valid());
    order.clear();
    for (auto &f : asynchron::report({all[0], all[2], all[0]}))
        order += f.get();
    CHECK(order == "aca");
}

TEST(an_item_may_be_taken_away)
{
    promise<int> p;
    p.set_value(3);
    std::vector<future<int>> kept;
    for (auto &f : asynchron::report({p.get_future()}))
        kept.push_back(std::move(f));
    CHECK(kept.size() == 1 && kept[0].get() == 3);
}

TEST(more_may_be_added_while_it_goes)
{
    asynchron::completions<int> tasks;
    tasks.add(asynchron::spawn([] { return 5; }));
    int sum = 0;
    for (auto &f : tasks) {
        sum += f.get();
        if (f.get() > 1) {
            const int n = f.get();
            tasks.add(asynchron::spawn([n] { return n - 1; }));
        }
    }
    CHECK(sum == 15 && tasks.pending() == 0);
    CHECK(THROWN(asynchron::error, tasks.add(future<int>())).code() == ASYNCHRON_E_INVALID);
}

TEST(next_and_its_time_and_waking)
{
    promise<int> p, q;
    asynchron::completions<int> two = asynchron::report({p.get_future(), q.get_future()});
    CHECK(two.pending() == 2);
    CHECK(!two.next_for(std::chrono::milliseconds(1)).valid());
    two.wake();
    CHECK(!two.next().valid());
    two.wake();
    for (auto &f : two)
        CHECK(!f.valid()); // woken: the loop ends
    CHECK(two.remove(q.get_future()) && !two.remove(q.get_future()));
    pollfd ready = {two.fd(), POLLIN, 0};
    CHECK(poll(&ready, 1, 0) == 0);
    p.set_value(4);
    CHECK(poll(&ready, 1, 1000) == 1);
    CHECK(two.next().get() == 4);
    CHECK(!two.next().valid());
}

TEST(next_until_a_time)
{
    using namespace std::chrono;
    promise<int> p, q;
    asynchron::completions<int> two = asynchron::report({p.get_future(), q.get_future()});
    const auto begun = steady_clock::now();
    CHECK(!two.next_until(begun + milliseconds(20)).valid());
    CHECK(steady_clock::now() - begun >= milliseconds(20) && two.pending() == 2);
    two.wake();
    CHECK(!two.next_until(system_clock::now() + hours(1)).valid() && two.pending() == 2);
    p.set_value(1);
    CHECK(two.next_until(steady_clock::now() - hours(1)).get() == 1);
    CHECK(two.remove(q.get_future()));
    CHECK(!two.next_until(steady_clock::now() + hours(1)).valid() && two.pending() == 0); // the end is not waited for
}

TEST(many_threads_share_one)
{
    std::vector<promise<int>> p(200);
    std::vector<future<int>> all;
    for (auto &one : p)
        all.push_back(one.get_future());
    const auto shared = asynchron::report(all);
    std::atomic<int> sum(0);
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; i++)
        threads.emplace_back([&] {
            for (auto &f : shared)
                sum += f.get();
        });
    int i = 0;
    for (auto &one : p)
        one.set_value(i++);
    for (std::thread &thread : threads)
        thread.join();
    CHECK(sum == 199 * 200 / 2);
}

TEST(its_iterators_go_with_the_algorithms)
{
    const auto done = asynchron::report({asynchron::ready(1), asynchron::ready(2)});
    std::set<int> seen;
    std::transform(done.begin(), done.end(), std::inserter(seen, seen.end()),
                   [](const future<int> &f) { return f.get(); });
    CHECK((seen == std::set<int>{1, 2}));
#if defined(__cpp_lib_ranges)
    static_assert(std::ranges::input_range<asynchron::completions<int>>);
#endif
}

TEST(a_report_that_was_moved_from)
{
    auto first = asynchron::report({asynchron::ready(1)});
    const auto second = std::move(first);
    CHECK(second.next().get() == 1);
    const auto e = THROWN(asynchron::error, first.next());
    CHECK(e.code() == ASYNCHRON_E_INVALID && std::string(e.message()) == "there is no report");
}

TEST(an_iterator_goes_on_though_its_completions_were_moved_or_are_gone)
{
    auto first = asynchron::report({asynchron::ready(1), asynchron::ready(2), asynchron::ready(3)});
    auto it = first.begin();
    CHECK(it->get() == 1);
    {
        const auto moved = std::move(first);
        ++it;
        CHECK(it->get() == 2 && moved.pending() == 1);
    }
    ++it;
    CHECK(it->get() == 3);
    ++it;
    CHECK(it == asynchron::completions<int>::iterator());
    CHECK(THROWN(asynchron::error, first.begin()).code() == ASYNCHRON_E_INVALID);
}

TEST(a_closed_report_takes_no_more_and_its_descriptor_says_that_it_is_over)
{
    const auto readable = [](int fd) {
        pollfd polled = {fd, POLLIN, 0};
        return ::poll(&polled, 1, 0) == 1;
    };
    promise<int> p;
    const auto f = p.get_future();
    auto report = asynchron::report({f});
    const int fd = report.fd();
    report.close();
    report.close();
    CHECK(THROWN(asynchron::error, report.add(f)).code() == ASYNCHRON_E_CLOSED);
    CHECK(!readable(fd) && report.pending() == 1);
    p.set_value(2);
    CHECK(readable(fd) && report.next().get() == 2);
    CHECK(readable(fd) && !report.next().valid() && readable(fd));
    const auto moved = std::move(report);
    CHECK(THROWN(asynchron::error, report.close()).code() == ASYNCHRON_E_INVALID);
    CHECK(THROWN(asynchron::error, report.rearm()).code() == ASYNCHRON_E_INVALID);
}

#ifdef __linux__
TEST(an_edge_triggered_loop_that_stops_early_is_told_again)
{
    const auto f = asynchron::ready(1);
    asynchron::completions<int> report;
    const int loop = ::epoll_create1(EPOLL_CLOEXEC);
    CHECK(loop >= 0);
    epoll_event event = epoll_event();
    event.events = EPOLLIN | EPOLLET;
    CHECK(::epoll_ctl(loop, EPOLL_CTL_ADD, report.fd(), &event) == 0);
    const auto rings = [&] { return ::epoll_wait(loop, &event, 1, 0) == 1; };
    report.add(f);
    report.add(f);
    CHECK(rings() && report.next() == f && !rings());
    report.rearm();
    CHECK(rings() && report.next() == f);
    report.rearm(); // nothing is there
    CHECK(!rings());
    ::close(loop);
}
#endif
