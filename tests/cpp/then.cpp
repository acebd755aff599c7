// Going on after one: with the value, or however it ended; with a future, which is joined.
#include "check.hpp"

#include <memory>

using asynchron::future;
using asynchron::promise;

TEST(then_goes_on_with_the_value)
{
    promise<int> p;
    const auto f = p.get_future();
    const future<std::string> text = f.then([](int n) { return std::to_string(n); });
    const future<void> nothing = text.then([](const std::string &s) { CHECK(s == "12"); });
    const future<int> after_nothing = nothing.then([] { return 5; });
    CHECK(!text.complete());
    CHECK(p.set_value(12));
    CHECK(text.complete() && text.get() == "12" && after_nothing.get() == 5);
    CHECK(text.then(&std::string::size).get() == 2); // as std::invoke calls
}

#if defined(__cpp_generic_lambdas)
TEST(a_generic_lambda_gets_the_value)
{
    // Their bodies do not compile with anything else.
    CHECK(asynchron::ready(std::string("abc")).then([](const auto &s) { return s.size(); }).get() == 3);
    asynchron::ready(1).notify([](const auto &f) { CHECK(f.get() == 1); });
    CHECK(asynchron::spawn([](const auto &s) { return s.length(); }, std::string("ab")).get() == 2);
    CHECK(asynchron::after({asynchron::ready(4)}, [](const auto &all) { return all.front().get(); }).get() == 4);
}
#endif

TEST(then_takes_what_can_only_be_moved)
{
    promise<std::unique_ptr<int>> p;
    std::unique_ptr<int> held(new int(2));
    struct move_only {
        std::unique_ptr<int> two;
        std::unique_ptr<int> operator()(const std::unique_ptr<int> &n) && { return std::unique_ptr<int>(new int(*n * *two)); }
    };
    const auto f = p.get_future().then(move_only{std::move(held)});
    p.set_value(std::unique_ptr<int>(new int(21)));
    CHECK(*f.get() == 42);
}

TEST(then_hands_references_on)
{
    int number = 1;
    promise<int &> p;
    const future<int &> f = p.get_future().then([](int &n) -> int & { return ++n; });
    p.set_value(number);
    CHECK(&f.get() == &number && number == 2);
}

TEST(a_failure_passes_on_whole_and_past_the_function)
{
    bool ran = false;
    promise<int> p, q;
    const auto f = p.get_future().then([&](int n) {
        ran = true;
        return n;
    });
    const auto g = f.then([&](int) { ran = true; });
    p.set_exception(std::out_of_range("far"));
    (void)THROWN(std::out_of_range, g.get());
    CHECK(g.exception() == p.get_future().exception());
    const auto h = q.get_future().then([&](int) { ran = true; });
    q.cancel("off");
    CHECK(std::string(THROWN(asynchron::cancelled, h.get()).reason()) == "off");
    CHECK(!ran);
}

TEST(a_function_that_takes_the_future_runs_however_it_ended)
{
    const auto recover = [](const future<int> &f) {
        CHECK(f.complete());
        try {
            return f.get();
        } catch (const std::exception &) {
            return -1;
        }
    };
    promise<int> p, q, r;
    const future<int> f = p.get_future().then(recover), g = q.get_future().then(recover), h = r.get_future().then(recover);
    p.set_exception(std::runtime_error("no"));
    q.set_value(3);
    r.cancel();
    CHECK(f.get() == -1 && g.get() == 3 && h.get() == -1);
    CHECK(asynchron::ready().then([](future<void> done) { return done.complete(); }).get());
}

TEST(what_then_throws_is_the_failure_of_its_result)
{
    const auto f = asynchron::ready(1).then([](int) -> int { throw std::range_error("thrown"); });
    CHECK(std::string(THROWN(std::range_error, f.get()).what()) == "thrown");
}

TEST(a_future_that_then_returns_is_joined)
{
    promise<int> p;
    promise<std::string> inner;
    const future<std::string> f = p.get_future().then([&](int) { return inner.get_future(); });
    p.set_value(1);
    CHECK(!f.complete());
    inner.set_value("joined");
    CHECK(f.get() == "joined");
    const future<std::string> g = inner.get_future();
    CHECK(&f.get() == &g.get()); // shared, not copied

    int number = 1;
    const auto refer = [&](int) { return asynchron::call([&]() -> int & { return number; }); };
    CHECK(&asynchron::ready(1).then(refer).get() == &number);
    asynchron::ready().then([] { return asynchron::ready(); }).get();
    CHECK(asynchron::ready(2).then([](int n) { return asynchron::spawn([n] { return n * 2; }); }).get() == 4);
}

TEST(a_joined_future_fails_in_every_way)
{
    const auto inner_of = [](future<int> inner) { return asynchron::ready(1).then([inner](int) { return inner; }); };
    (void)THROWN(std::range_error, inner_of(asynchron::failed<int>(std::range_error("inner"))).get());
    promise<int> cancelled;
    const auto f = inner_of(cancelled.get_future());
    cancelled.cancel("inner");
    CHECK(std::string(THROWN(asynchron::cancelled, f.get()).reason()) == "inner");
    CHECK(THROWN(asynchron::error, inner_of(future<int>()).get()).code() == ASYNCHRON_E_INVALID);

    bool ran = false;
    const auto outer = [&](int) {
        ran = true;
        return asynchron::ready(1);
    };
    const auto failed = asynchron::failed<int>(std::range_error("outer"));
    const auto g = failed.then(outer);
    (void)THROWN(std::range_error, g.get());
    CHECK(g.exception() == failed.exception() && !ran);
    promise<int> p;
    const auto h = p.get_future().then(outer);
    p.cancel("outer");
    CHECK(std::string(THROWN(asynchron::cancelled, h.get()).reason()) == "outer" && !ran);
    const auto thrown = asynchron::ready(1).then([](int) -> future<int> { throw std::range_error("function"); });
    (void)THROWN(std::range_error, thrown.get());
    const auto both = asynchron::failed<int>(std::range_error("x")).then([](const future<int> &) {
        return asynchron::ready(8);
    });
    CHECK(both.get() == 8);
}

TEST(a_cancelled_result_does_not_run_the_function)
{
    bool ran = false;
    promise<int> p;
    const auto f = p.get_future().then([&](int) { ran = true; });
    const auto g = p.get_future().then([&](int) {
        ran = true;
        return asynchron::ready();
    });
    CHECK(f.cancel() && g.cancel());
    CHECK(p.set_value(1)); // not touched by it
    CHECK(!ran);
}

TEST(then_runs_also_if_its_result_is_dropped_and_if_the_promise_is)
{
    int ran = 0;
    {
        promise<int> p, q;
        p.get_future().then([&](int n) { ran += n; });
        p.get_future().then([&](int n) {
            ran += n;
            return asynchron::ready();
        });
        q.get_future().then([&](const future<int> &f) { ran += f.exception() != nullptr ? 10 : 0; });
        p.set_value(1);
        CHECK(ran == 2);
    }
    CHECK(ran == 12);
}

TEST(the_function_is_gone_before_its_result_is_there)
{
    promise<int> p;
    auto alive = std::make_shared<int>(0);
    const auto f = p.get_future().then([alive](int n) { return n; });
    long seen = 0;
    f.notify([&] { seen = alive.use_count(); });
    p.set_value(1);
    CHECK(seen == 1);
}

TEST(the_function_may_assign_to_the_future_it_goes_on_from)
{
    future<int> f = asynchron::ready(1);
    const auto g = f.then([&](int n) {
        f = future<int>();
        return n;
    });
    CHECK(!f.valid() && g.get() == 1);
}

TEST(a_long_chain_needs_no_stack)
{
    promise<int> p;
    future<int> last = p.get_future();
    for (int i = 0; i < 100000; i++)
        last = last.then([](int n) { return n + 1; });
    p.set_value(0);
    CHECK(last.get() == 100000);
    promise<int> q;
    last = q.get_future();
    for (int i = 0; i < 20000; i++)
        last = last.then([](int n) { return asynchron::ready(n + 1); });
    q.set_value(0);
    CHECK(last.get() == 20000);
}

TEST(a_future_that_is_joined_to_itself_says_so)
{
    promise<int> p;
    future<int> f;
    f = p.get_future().then([&](int) { return f; });
    p.set_value(1);
    const auto e = THROWN(asynchron::error, f.get());
    CHECK(e.code() == ASYNCHRON_E_DEADLOCK && e.domain() == std::string("asynchron"));
    future<int> lazy;
    lazy = asynchron::on_demand([&] { return lazy; });
    CHECK(THROWN(asynchron::error, lazy.get()).code() == ASYNCHRON_E_DEADLOCK);
}
