// Several together: after, when_all, when_any, and the waits for them.
#include "check.hpp"

#include <array>
#include <list>
#include <map>
#if defined(__cpp_lib_ranges) && (!defined(__clang__) || __clang_major__ >= 16) // an older one refuses libstdc++'s
#define HAS_VIEWS
#include <ranges>
#include <span>
#endif

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

// A range that makes its futures as it goes, and keeps none.
struct made_as_it_goes {
    struct held {
        int n;
        check::counted counts;
        explicit held(int its_n) : n(its_n) {}
    };
    struct iterator {
        typedef std::input_iterator_tag iterator_category;
        typedef future<held> value_type;
        typedef std::ptrdiff_t difference_type;
        typedef const future<held> *pointer;
        typedef future<held> reference;
        int at;
        future<held> operator*() const { return asynchron::ready(held(at)); }
        iterator &operator++()
        {
            ++at;
            return *this;
        }
        bool operator!=(const iterator &other) const { return at != other.at; }
    };
    int n;
    iterator begin() const { return iterator{0}; }
    iterator end() const { return iterator{n}; }
};

// The same, but each lies in the iterator until that goes on.
struct kept_until_the_next {
    struct iterator : made_as_it_goes::iterator {
        typedef future<made_as_it_goes::held> &reference;
        mutable future<made_as_it_goes::held> kept;
        explicit iterator(int n) : made_as_it_goes::iterator{n} {}
        future<made_as_it_goes::held> &operator*() const { return kept = made_as_it_goes::iterator::operator*(); }
    };
    int n;
    iterator begin() const { return iterator(0); }
    iterator end() const { return iterator(n); }
};

template <class Range> void check_what_is_made_as_it_goes(const Range &three)
{
    {
        const asynchron::detail::several all(three);
        CHECK(all.size() == 3 && check::counted::alive() == 3); // kept for the length of the call
    }
    CHECK(check::counted::alive() == 0);
    asynchron::wait_all(three);
    CHECK(asynchron::wait_any(three) == 0);
    CHECK(asynchron::when_all(three).get()[2].get().n == 2);
    CHECK(asynchron::when_any(three).get().futures[1].get().n == 1);
    CHECK(asynchron::after(three, [](const std::vector<future<made_as_it_goes::held>> &all) {
              return all[2].get().n;
          }).get() == 2);
    int sum = 0;
    for (auto &f : asynchron::report(three))
        sum += f.get().n;
    CHECK(sum == 3);
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
    const auto e = THROWN(asynchron::error, asynchron::wait_any(std::vector<future<int>>()));
    CHECK(e.code() == ASYNCHRON_E_INVALID && std::string(e.message()) == "there is nothing to wait for");
    const std::array<future<int>, 2> missing = {{p[1].get_future(), future<int>()}};
    CHECK(std::string(THROWN(asynchron::error, asynchron::wait_any(missing)).message()) == "there is no asynchron");
    CHECK(THROWN(asynchron::error, asynchron::wait_all(missing)).code() == ASYNCHRON_E_INVALID);
}

TEST(blocking_for_all_and_for_any_in_time)
{
    using namespace std::chrono;
    const std::size_t none = static_cast<std::size_t>(-1);
    std::vector<promise<int>> p(2);
    const auto all = futures_of(p);
    auto begun = steady_clock::now();
    CHECK(!asynchron::wait_all_for(all, milliseconds(10)) && asynchron::wait_any_for(all, milliseconds(10)) == none);
    CHECK(steady_clock::now() - begun >= milliseconds(20));
    CHECK(p[1].set_value(1));
    CHECK(!asynchron::wait_all_for(all, seconds(0)) && asynchron::wait_any_for(all, seconds(0)) == 1);
    begun = steady_clock::now();
    CHECK(!asynchron::wait_all_until(all, begun + milliseconds(10)));
    CHECK(asynchron::wait_any_until({all[0]}, steady_clock::now() + milliseconds(10)) == none);
    CHECK(steady_clock::now() - begun >= milliseconds(20));
    CHECK(asynchron::wait_any_until(all, system_clock::now() + hours(1)) == 1);
    CHECK(p[0].set_value(1));
    CHECK(asynchron::wait_all_for(all, hours(1)) && asynchron::wait_all_until({all[0], all[1]}, system_clock::now()));
    CHECK(asynchron::wait_any_for({all[0]}, hours::max()) == 0);
    CHECK(asynchron::wait_all_for(std::vector<future<int>>(), seconds(0)));
    const std::vector<future<int>> empty;
    CHECK(THROWN(asynchron::error, asynchron::wait_any_for(empty, seconds(1))).code() == ASYNCHRON_E_INVALID);
    CHECK(THROWN(asynchron::error, asynchron::wait_any_until(empty, begun)).code() == ASYNCHRON_E_INVALID);
}

TEST(a_list_in_braces_is_a_range)
{
    promise<int> p, q;
    promise<std::string> text;
    const auto a = p.get_future(), b = q.get_future();
    q.set_value(2);
    text.set_value("x");
    CHECK(asynchron::wait_any({a, b}) == 1);
    CHECK(asynchron::when_any({a, b}).get().index == 1);
    const future<std::vector<future<int>>> both = asynchron::when_all({a, b});
    CHECK(!both.complete());
    p.set_value(1);
    CHECK(both.get().size() == 2 && both.get()[1].get() == 2);
    asynchron::wait_all({a, b});
    asynchron::wait_all({a, text.get_future(), asynchron::ready()}); // of several types
    CHECK(asynchron::when_all<void>({a, text.get_future()}).get().size() == 2);
    CHECK(asynchron::when_all({a}).get().size() == 1 && asynchron::when_any({b}).get().index == 0);
    asynchron::wait_all({});
    CHECK(THROWN(asynchron::error, asynchron::when_all({a, future<int>()})).code() == ASYNCHRON_E_INVALID);
    CHECK(THROWN(asynchron::error, asynchron::when_any({a, future<int>()})).code() == ASYNCHRON_E_INVALID);
}

TEST(a_range_may_make_its_futures_as_it_goes)
{
    check_what_is_made_as_it_goes(made_as_it_goes{3});
    check_what_is_made_as_it_goes(kept_until_the_next{3});
    CHECK(check::counted::alive() == 0);
    static_assert(asynchron::detail::yields_in_place<std::list<future<int>>::const_iterator>::value &&
                      asynchron::detail::yields_in_place<const future<int> *>::value &&
                      !asynchron::detail::yields_in_place<made_as_it_goes::iterator>::value &&
                      !asynchron::detail::yields_in_place<kept_until_the_next::iterator>::value,
                  "only what lies in the range is borrowed");
    const future<int> array[] = {asynchron::ready(1), asynchron::ready(2)};
    asynchron::wait_all(array);
    CHECK(asynchron::when_all(array).get()[1].get() == 2);
    // Those that a report yields are a range, too.
    CHECK(asynchron::when_all(asynchron::report(made_as_it_goes{4})).get().size() == 4);
    CHECK(check::counted::alive() == 0);
}

#ifdef HAS_VIEWS
TEST(views_are_ranges)
{
    struct job {
        future<int> f;
        int id;
    };
    const std::vector<job> jobs = {{asynchron::ready(1), 1}, {asynchron::ready(2), 2}};
    std::map<int, future<int>> by_name = {{1, asynchron::ready(3)}, {2, asynchron::ready(4)}};
    const auto copied = jobs | std::views::transform([](const job &j) { return j.f; });
    const auto in_place = jobs | std::views::transform(&job::f);
    const auto values = by_name | std::views::values;
    asynchron::wait_all(copied);
    asynchron::wait_all(in_place);
    asynchron::wait_all(values);
    CHECK(asynchron::wait_any(by_name | std::views::values) == 0);
    CHECK(asynchron::when_all(copied).get()[1].get() == 2 && asynchron::when_all(in_place).get()[1].get() == 2);
    CHECK(asynchron::when_any(values).get().futures[1].get() == 4);
    CHECK(asynchron::after(values, [](const std::vector<future<int>> &all) { return all.size(); }).get() == 2);
    std::vector<future<int>> all = {asynchron::ready(1), asynchron::ready(2), asynchron::ready(3)};
    // A filter can only be gone through by whoever may change it.
    const auto odd = [](const future<int> &f) { return f.get() % 2 != 0; };
    asynchron::wait_all(all | std::views::filter(odd));
    auto filtered = all | std::views::filter(odd);
    CHECK(asynchron::when_all(filtered).get().size() == 2);
    CHECK(asynchron::when_any(filtered).get().futures.size() == 2);
    CHECK(asynchron::after(filtered, [] { return 1; }).get() == 1);
    int sum = 0;
    for (auto &f : asynchron::report(filtered))
        sum += f.get();
    for (auto &f : asynchron::report(copied))
        sum += f.get();
    CHECK(sum == 7);
    asynchron::wait_all(std::span(all).first(1));
    CHECK(asynchron::when_all(std::views::iota(0, 3) | std::views::transform([](int n) { return asynchron::ready(n); }))
              .get()[2]
              .get() == 2);
}
#endif

TEST(when_all_does_not_keep_its_sources_and_when_any_does)
{
    const auto lazy = [] { return asynchron::on_demand([] { return 1; }); };
    promise<int> p;
    // A temporary that nobody can ask any more counts as complete, for nobody would wake otherwise.
    const auto all = asynchron::when_all({lazy(), asynchron::ready(2)});
    CHECK(all.complete());
    CHECK(THROWN(asynchron::error, all.get()[0].get()).code() == ASYNCHRON_E_BROKEN && all.get()[1].get() == 2);
    const auto tuple = asynchron::when_all(lazy(), asynchron::ready());
    CHECK(std::get<0>(tuple.get()).exception() != nullptr);
    const auto after = asynchron::after({lazy()}, [] { return 3; });
    CHECK(after.get() == 3);
    // What somebody computes is kept by that.
    CHECK(asynchron::when_all({asynchron::spawn([] { return 4; })}).get()[0].get() == 4);
    const auto any = asynchron::when_any({lazy(), p.get_future()});
    CHECK(!any.complete());
    p.set_value(5);
    CHECK(any.get().index == 1 && any.get().futures[0].get() == 1);
}
