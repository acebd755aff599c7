// What a plug-in has on top, in a program that takes itself for one: when it may be unloaded.
#include "check.hpp"

#include <functional>

using asynchron::future;

namespace {

const std::chrono::seconds AT_ONCE(0), LONG(60);

} // namespace

TEST(what_is_handed_over_after_a_leave_has_timed_out_is_waited_for)
{
    CHECK(asynchron::leave_for(LONG)); // nothing is left of other tests
    for (int i = 0; i < 3; i++) {
        auto first = asynchron::ready(std::string("first"));
        CHECK(!asynchron::leave_for(AT_ONCE));
        first = future<std::string>();
        auto second = asynchron::ready(std::string("second")); // when nothing was left of what it waited for
        CHECK(!asynchron::leave_for(AT_ONCE));
        auto third = asynchron::ready(std::string("third")); // and when something was
        second = future<std::string>();
        CHECK(!asynchron::leave_for(AT_ONCE));
        CHECK(third.get() == "third");
        third = future<std::string>();
        CHECK(asynchron::leave_for(LONG));
    }
    CHECK(asynchron::leave_for(AT_ONCE));
}

TEST(functions_that_hand_over_more_while_it_leaves_are_all_waited_for)
{
    for (int round = 0; round < 200; round++) {
        std::atomic<int> left(20);
        std::function<void()> go_on = [&] {
            const auto value = asynchron::ready(std::string("in use"));
            if (left.fetch_sub(1) > 1)
                asynchron::spawn([&] { go_on(); }).notify([&, value] { CHECK(value.get() == "in use"); });
        };
        asynchron::spawn([&] { go_on(); });
        if (round % 2 == 0)
            while (!asynchron::leave_for(std::chrono::microseconds(round)))
                continue;
        else
            asynchron::leave();
        CHECK(left == 0); // all of it has run, and none of it runs any more
    }
}
