// Several as one.
#include "check.hpp"

#include <memory>

using asynchron::future;
using asynchron::promise;
using asynchron::rest;

TEST(all_is_ready_once_each_has_a_value_and_fails_with_the_first)
{
    std::vector<promise<int>> p(3);
    std::vector<future<int>> each;
    for (auto &one : p)
        each.push_back(one.get_future());
    const auto f = asynchron::all(each);
    p[2].set_value(1);
    p[0].set_value(2);
    CHECK(!f.complete() && p[1].set_value(3));
    f.get();
    CHECK(asynchron::all(std::vector<future<int>>()).complete());

    promise<std::string> q;
    promise<int> r;
    const auto g = asynchron::all({q.get_future(), r.get_future()}, rest::cancel); // of several types
    q.set_exception(std::range_error("no"));
    (void)THROWN(std::range_error, g.get());
    CHECK(r.is_cancelled());
    CHECK(THROWN(asynchron::error, asynchron::all({future<int>()})).code() == ASYNCHRON_E_INVALID);
}

TEST(any_has_the_first_value_and_race_the_first_end)
{
    promise<std::string> p, q, r;
    const std::vector<future<std::string>> each = {p.get_future(), q.get_future(), r.get_future()};
    const auto value = asynchron::any(each), end = asynchron::race(each);
    const auto listed = asynchron::any({each[0], each[1]}, rest::cancel);
    p.set_exception(std::range_error("no"));
    (void)THROWN(std::range_error, end.get());
    CHECK(!value.complete() && !listed.complete());
    q.set_value("there");
    CHECK(value.get() == "there" && listed.get() == "there" && &value.get() == &each[1].get());
    CHECK(!r.is_cancelled());
    promise<int> slow, fast;
    const auto first = asynchron::race({slow.get_future(), fast.get_future()}, rest::cancel);
    fast.set_value(1);
    CHECK(first.get() == 1 && slow.is_cancelled());
    CHECK(THROWN(asynchron::cancelled, slow.get_future().get()).reason() == std::string("unneeded"));
    promise<int> left;
    CHECK(asynchron::race({left.get_future()}, rest::cancel).cancel() && left.is_cancelled());
    CHECK(THROWN(asynchron::error, asynchron::any(std::vector<future<int>>())).code() == ASYNCHRON_E_INVALID);
    CHECK(THROWN(asynchron::error, asynchron::race(std::vector<future<int>>())).code() == ASYNCHRON_E_INVALID);
}

TEST(what_can_only_be_moved_can_be_the_first)
{
    typedef std::unique_ptr<int> moved;
    auto f = asynchron::any({asynchron::call([] { return moved(new int(4)); })});
    CHECK(*std::move(f).take() == 4);
}
