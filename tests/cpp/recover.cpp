// What follows a failure, and what follows anyhow.
#include "check.hpp"

#include <memory>

using asynchron::future;
using asynchron::promise;

namespace {

template <class T = int> future<T> broken_off() { return asynchron::failed<T>(std::range_error("thrown")); }

} // namespace

TEST(a_failure_is_caught_and_nothing_else)
{
    const auto catcher = [](const asynchron::error &e) {
        CHECK(e.message() == std::string("thrown") && e.domain() == std::string("c++"));
        return 5;
    };
    CHECK(broken_off().catch_error(catcher).get() == 5);
    CHECK(asynchron::ready(1).catch_error(catcher).get() == 1);
    const auto off = asynchron::failed<int>(asynchron::cancelled("enough")).catch_error(catcher);
    CHECK(THROWN(asynchron::cancelled, off.get()).reason() == std::string("enough"));
    promise<int> p, gone;
    const auto later = p.get_future().catch_error([] { return 6; });
    p.set_exception(std::out_of_range("no"));
    CHECK(later.get() == 6);
    const auto broken = gone.get_future().catch_error([](const asynchron::error &e) { return e.code(); });
    gone = promise<int>();
    CHECK(broken.get() == ASYNCHRON_E_BROKEN);
    CHECK(THROWN(asynchron::error, future<int>().catch_error(catcher)).code() == ASYNCHRON_E_INVALID);
}

TEST(what_was_thrown_can_be_caught_by_its_type)
{
    const auto by_type = [](const std::exception_ptr &thrown) -> std::string {
        try {
            std::rethrow_exception(thrown);
        } catch (const std::range_error &e) {
            return e.what();
        }
    };
    CHECK(broken_off<std::string>().catch_error(by_type).get() == "thrown");
    const auto other = asynchron::failed<std::string>(std::out_of_range("no")).catch_error(by_type);
    (void)THROWN(std::out_of_range, other.get()); // passed on, since it is thrown again
}

TEST(a_catcher_gives_what_the_type_can_be_made_from)
{
    typedef std::unique_ptr<int> moved;
    int n = 0;
    CHECK(broken_off<std::string>().catch_error([] { return "text"; }).get() == "text");
    CHECK(broken_off().catch_error([] { return asynchron::spawn([] { return 7; }); }).get() == 7);
    CHECK(&broken_off<int &>().catch_error([&]() -> int & { return n; }).get() == &n);
    broken_off<void>().catch_error([&] { return ++n; }).get();
    broken_off<void>().catch_error([&] { ++n; }).get();
    CHECK(n == 2);
    CHECK(*broken_off<moved>().catch_error([] { return moved(new int(8)); }).get() == 8);
    CHECK(*asynchron::call([] { return moved(new int(9)); }).catch_error([] { return moved(); }).get() == 9);
    (void)THROWN(std::logic_error, broken_off().catch_error([]() -> int { throw std::logic_error("again"); }).get());
}

TEST(what_has_to_be_cleared_away_is_and_the_outcome_passes_on)
{
    typedef std::unique_ptr<int> moved;
    int ran = 0;
    const auto clear = [&] { ran++; };
    CHECK(asynchron::ready(std::string("text")).finally(clear).get() == "text");
    (void)THROWN(std::range_error, broken_off().finally(clear).get());
    CHECK(THROWN(asynchron::cancelled, asynchron::failed<int>(asynchron::cancelled("enough")).finally(clear).get())
              .reason() == std::string("enough"));
    asynchron::ready().finally([&] { return ++ran; }).get();
    CHECK(*asynchron::call([] { return moved(new int(9)); }).finally(clear).get() == 9);
    CHECK(ran == 5);
    (void)THROWN(std::logic_error, asynchron::ready(1).finally([] { throw std::logic_error("in the end"); }).get());
    CHECK(THROWN(asynchron::error, future<int>().finally(clear)).code() == ASYNCHRON_E_INVALID);
}

TEST(what_clears_away_may_take_its_time)
{
    promise<void> cleared;
    promise<int> counted, failing;
    const auto f = asynchron::ready(3).finally([&] { return cleared.get_future(); });
    const auto g = broken_off().finally([&] { return counted.get_future(); });
    const auto h = asynchron::ready(3).finally([&] { return failing.get_future(); });
    CHECK(!f.complete() && !g.complete());
    cleared.set_value();
    counted.set_value(1);
    failing.set_exception(std::out_of_range("not cleared"));
    CHECK(f.get() == 3);
    (void)THROWN(std::range_error, g.get());
    (void)THROWN(std::out_of_range, h.get());
}
