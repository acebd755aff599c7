// Times that are over.
#include "check.hpp"

#include <memory>

using asynchron::future;
using asynchron::promise;
using std::chrono::milliseconds;

TEST(a_timer_is_ready_when_its_time_is_over_and_not_before)
{
    const auto began = std::chrono::steady_clock::now();
    const auto f = asynchron::timer(milliseconds(20)), now = asynchron::timer(milliseconds(0));
    CHECK(now.complete() && asynchron::timer(milliseconds(-1)).complete());
    f.get();
    CHECK(std::chrono::steady_clock::now() - began >= milliseconds(20));
    const auto never = asynchron::timer(std::chrono::hours::max());
    CHECK(!never.complete() && never.cancel());
    // It is kept by nobody but the library.
    promise<int> p;
    asynchron::timer(milliseconds(5)).notify([p]() mutable { p.set_value(1); });
    const auto g = p.get_future();
    p = promise<int>();
    CHECK(g.get() == 1);
}

TEST(what_is_not_complete_in_time_fails)
{
    promise<int> p, q, r;
    const auto f = p.get_future(), g = q.get_future();
    CHECK(f.expire_after(milliseconds(5)));
    const auto late = THROWN(asynchron::error, f.get());
    CHECK(late.code() == ASYNCHRON_TIMEOUT && std::string(late.domain()) == "asynchron");
    CHECK(!f.expire_after(milliseconds(5)) && !p.set_value(1));
    // Taken back, and in time.
    CHECK(q.expire_after(std::chrono::hours(1)) && q.expire_after(std::chrono::hours::max()));
    CHECK(q.set_value(2) && g.get() == 2);
    CHECK(r.expire_after(milliseconds(0)) && r.get_future().complete());
    CHECK(THROWN(asynchron::error, future<int>().expire_after(milliseconds(1))).code() == ASYNCHRON_E_INVALID);
}
