// Every kind of value: bytes, objects on the heap, references, nothing.
#include "check.hpp"

#include <array>
#include <iterator>
#include <map>
#include <memory>
#include <stack>

using asynchron::future;
using asynchron::promise;

namespace {

struct point {
    int x, y;
};

struct large {
    double numbers[100];
};

// Holds futures of its own kind, so it is not complete where those are declared.
struct node {
    int value;
    future<node> rest;
    explicit node(int its_value) : value(its_value) {}
    node(int its_value, future<node> its_rest) : value(its_value), rest(std::move(its_rest)) {}
};

struct no_default {
    std::string text;
    no_default(const char *a, int n) : text(a + std::to_string(n)) {}
};

template <class F, class = void> struct can_get : std::false_type {};
template <class F>
struct can_get<F, typename asynchron::detail::to_void<decltype(std::declval<F>().get())>::type> : std::true_type {};

template <class O, class = void> struct has_value : std::false_type {};
template <class O>
struct has_value<O, typename asynchron::detail::to_void<decltype(std::declval<O>().value())>::type> : std::true_type {};

// Whether ready<T>(U) is anything.
template <class T, class U, class = void> struct can_be_ready : std::false_type {};
template <class T, class U>
struct can_be_ready<T, U, typename asynchron::detail::to_void<decltype(asynchron::ready<T>(std::declval<U>()))>::type>
    : std::true_type {};

} // namespace

TEST(bytes_arrive_as_they_were)
{
    promise<int> p;
    future<int> f = p.get_future();
    CHECK(f.valid() && !f.complete() && f.state() == asynchron::state::pending);
    CHECK(p.set_value(42));
    CHECK(f.complete() && f.state() == asynchron::state::ready);
    CHECK(f.get() == 42 && &f.get() == &f.get());
    static_assert(std::is_same<decltype(f.get()), const int &>::value, "by reference");

    promise<point> q;
    CHECK(q.emplace(point{3, 4}));
    CHECK(q.get_future().get().y == 4);

    promise<large> r;
    large numbers = large();
    numbers.numbers[99] = 1.5;
    CHECK(r.set_value(numbers));
    const future<large> seen = r.get_future();
    CHECK(seen.get().numbers[99] == 1.5 && seen.get().numbers[0] == 0);

    promise<short> t; // converted where it is called: no warning here
    CHECK(t.set_value(5));
    CHECK(t.get_future().get() == 5);

    promise<long double> s; // aligned as strictly as malloc aligns
    CHECK(s.set_value(2.5L));
    CHECK(s.get_future().get() == 2.5L);
}

// Twice what a thread's stack usually has.
TEST(large_bytes_are_not_copied_on_the_stack)
{
    struct large {
        char bytes[16 << 20];
    };
    const std::unique_ptr<large> value(new large());
    value->bytes[12345] = 'x';
    asynchron::promise<large> p;
    CHECK(p.set_value(*value));
    const auto f = p.get_future();
    CHECK(f.get().bytes[12345] == 'x');
}

TEST(objects_arrive_and_die_with_the_last_future)
{
    {
        promise<check::counted> p;
        CHECK(p.emplace());
        CHECK(check::counted::alive() == 1);
        {
            const future<check::counted> f = p.get_future(), g = f;
            CHECK(&f.get() == &g.get());
            p = promise<check::counted>();
            CHECK(check::counted::alive() == 1);
        }
        CHECK(check::counted::alive() == 0);
    }
    promise<std::string> s;
    const std::string text(1000, 'x');
    CHECK(s.set_value(text));
    const future<std::string> f = s.get_future();
    CHECK(f.get() == text);
    promise<no_default> n;
    CHECK(n.emplace("a", 7));
    const future<no_default> g = n.get_future();
    CHECK(g.get().text == "a7");
    promise<std::vector<int>> v;
    CHECK(v.set_value({1, 2, 3})); // braces make a T
    const future<std::vector<int>> h = v.get_future();
    CHECK(h.get().size() == 3);
}

TEST(what_can_only_be_moved_arrives)
{
    promise<std::unique_ptr<int>> p;
    CHECK(p.set_value(std::unique_ptr<int>(new int(5))));
    const future<std::unique_ptr<int>> f = p.get_future();
    CHECK(*f.get() == 5);
}

TEST(references_and_nothing)
{
    int number = 1;
    promise<int &> p;
    const future<int &> f = p.get_future();
    CHECK(p.set_value(number));
    f.get() = 2;
    CHECK(number == 2 && &f.get() == &number);

    const std::string text = "const";
    promise<const std::string &> q;
    CHECK(q.set_value(text));
    CHECK(&q.get_future().get() == &text);

    promise<void> done;
    const future<void> g = done.get_future();
    CHECK(!g.complete());
    CHECK(done.set_value());
    g.get();
    static_assert(std::is_void<decltype(g.get())>::value, "nothing");
}

TEST(a_temporary_future_gives_a_copy)
{
    static_assert(std::is_same<decltype(asynchron::ready(1).get()), int>::value, "a copy");
    const std::string &text = asynchron::ready(std::string("lives on")).get();
    CHECK(text == "lives on");
    std::string all;
    for (char c : asynchron::ready(std::string("abc")).get())
        all.insert(all.begin(), c);
    CHECK(all == "cba");
    static_assert(std::is_same<decltype(asynchron::ready().get()), void>::value, "nothing");
    static_assert(can_get<future<std::string>>::value && can_get<future<check::c_handle &>>::value &&
                      can_get<const future<std::unique_ptr<int>> &>::value,
                  "these last");
    static_assert(can_get<future<std::unique_ptr<int>>>::value && !can_get<const future<std::unique_ptr<int>>>::value,
                  "what cannot be copied would be gone");
}

TEST(a_type_may_hold_futures_of_itself)
{
    promise<node> last;
    const future<node> list = asynchron::ready(node(1, asynchron::ready(node(2, last.get_future()))));
    CHECK(last.set_value(node(3)));
    int sum = 0;
    for (future<node> at = list; at.valid(); at = at.get().rest)
        sum += at.get().value;
    CHECK(sum == 6);
}

TEST(the_first_delivery_wins)
{
    promise<std::string> p;
    promise<std::string> q = p;
    const future<std::string> f = p.get_future();
    CHECK(p.set_value("first"));
    CHECK(!q.set_value("second"));
    CHECK(!q.set_exception(std::runtime_error("third")));
    CHECK(!q.cancel() && !f.cancel("late"));
    CHECK(f.get() == "first");

    promise<int> c;
    CHECK(c.get_future().cancel());
    CHECK(c.is_cancelled() && !c.set_value(1) && !c.cancel());
    CHECK(c.get_future().state() == asynchron::state::cancelled);
}

TEST(many_threads_read_one)
{
    promise<std::string> p;
    const future<std::string> f = p.get_future();
    std::vector<std::thread> readers;
    std::atomic<int> right(0);
    for (int i = 0; i < 8; i++)
        readers.emplace_back([f, &right] {
            if (f.get() == "for all")
                ++right;
        });
    std::thread writer([p]() mutable { p.set_value("for all"); });
    for (std::thread &reader : readers)
        reader.join();
    writer.join();
    CHECK(right == 8);
}

TEST(many_threads_deliver_and_one_wins)
{
    for (int round = 0; round < 200; round++) {
        promise<int> p;
        std::atomic<int> wins(0);
        std::vector<std::thread> writers;
        for (int i = 0; i < 3; i++)
            writers.emplace_back([p, i, &wins]() mutable { wins += p.set_value(i) ? 1 + 10 * i : 0; });
        const int seen = p.get_future().get();
        for (std::thread &writer : writers)
            writer.join();
        CHECK(wins == 1 + 10 * seen);
    }
}

TEST(ready_and_failed_are_complete_from_the_start)
{
    CHECK(asynchron::ready(7).get() == 7);
    CHECK(asynchron::ready().complete());
    const std::string text = "a copy";
    const future<std::string> f = asynchron::ready(text);
    CHECK(f.get() == text && &f.get() != &text);
    const future<int> g = asynchron::failed<int>(std::out_of_range("far"));
    CHECK(g.complete() && std::string(THROWN(std::out_of_range, g.get()).what()) == "far");
}

TEST(ready_of_a_type_that_is_said)
{
    std::string text = "a copy";
    const future<std::string> f = asynchron::ready<std::string>(text);
    CHECK(f.get() == text && &f.get() != &text);
    const std::string constant = "const";
    CHECK(asynchron::ready<std::string>(constant).get() == "const");
    CHECK(asynchron::ready<std::string>(std::string("moved")).get() == "moved");
    CHECK(asynchron::ready<std::string>("made of it").get() == "made of it");
    CHECK(asynchron::ready<std::vector<int>>({1, 2, 3}).get().size() == 3);
    CHECK(asynchron::ready<short>(5).get() == 5);
    const auto only_moved = asynchron::ready<std::unique_ptr<int>>(std::unique_ptr<int>(new int(6)));
    CHECK(*only_moved.get() == 6);
    const future<std::string &> g = asynchron::ready<std::string &>(text);
    CHECK(&g.get() == &text && &asynchron::ready<const std::string &>(text).get() == &text);
    static_assert(std::is_same<decltype(asynchron::ready(text)), future<std::string>>::value, "as before");
    static_assert(std::is_same<decltype(asynchron::ready("x")), future<const char *>>::value, "as before");
    static_assert(can_be_ready<std::string, const char *>::value && !can_be_ready<int, const char *>::value, "converted");
    static_assert(!can_be_ready<std::unique_ptr<int>, int *>::value, "only as it converts by itself");
    static_assert(can_be_ready<const int &, int &>::value && !can_be_ready<int &, const int &>::value &&
                      !can_be_ready<const std::string &, const char *>::value &&
                      !can_be_ready<const std::string &, std::string>::value &&
                      !can_be_ready<const long &, int &>::value,
                  "no reference to what is gone");
}

TEST(names)
{
    promise<int> p("the answer");
    CHECK(std::string(p.get_future().name()) == "the answer");
    CHECK(std::string(promise<int>().get_future().name()).find("asynchron-") == 0);
}

TEST(without_state)
{
    future<int> f;
    CHECK(!f.valid() && !f.complete() && f.exception() == nullptr && f.handle() == nullptr);
    CHECK(THROWN(asynchron::error, f.get()).code() == ASYNCHRON_E_INVALID);
    CHECK(THROWN(asynchron::error, f.wait()).code() == ASYNCHRON_E_INVALID);
    CHECK(THROWN(asynchron::error, f.cancel()).code() == ASYNCHRON_E_INVALID);
    CHECK(THROWN(asynchron::error, f.then([](int) {})).code() == ASYNCHRON_E_INVALID);
    CHECK(THROWN(asynchron::error, f.notify([] {})).code() == ASYNCHRON_E_INVALID);
    promise<std::string> p, q = std::move(p);
    CHECK(!p.valid() && q.valid());
    CHECK(THROWN(asynchron::error, p.set_value("x")).code() == ASYNCHRON_E_INVALID);
    CHECK(THROWN(asynchron::error, p.set_exception(std::runtime_error("x"))).code() == ASYNCHRON_E_INVALID);
    const promise<std::string> copy = p;
    CHECK(!copy.valid() && !copy.get_future().valid());
    CHECK(std::string(THROWN(asynchron::error, f.get()).what()) == "asynchron: there is no asynchron (code -1)");
}

TEST(every_future_converts_to_one_of_void)
{
    promise<std::string> p;
    future<std::string> f = p.get_future();
    const future<void> done = f;
    CHECK(done == f && !done.complete());
    const auto takes = [](const future<void> &any) { return any.handle(); };
    CHECK(takes(f) == f.handle() && takes(future<int>()) == nullptr);
    p.set_exception(std::range_error("as well"));
    (void)THROWN(std::range_error, done.get());
    const future<void> taken = std::move(f);
    CHECK(!f.valid() && taken == done);
    int number = 1;
    future<void> assigned;
    assigned = asynchron::ready<int &>(number);
    assigned.get();
    static_assert(std::is_nothrow_constructible<future<void>, future<int>>::value &&
                      !std::is_convertible<future<void>, future<int>>::value &&
                      !std::is_convertible<future<short>, future<int>>::value,
                  "one way");
}

TEST(futures_are_values)
{
    promise<int> p, q;
    future<int> f = p.get_future(), g = f, h = q.get_future();
    CHECK(f == g && f != h);
    std::swap(f, h);
    CHECK(h == g && f != g);
    const future<int> moved = std::move(h);
    CHECK(!h.valid() && moved == g);
    static_assert(std::is_nothrow_copy_constructible<future<int>>::value, "a counted reference");
    static_assert(std::is_nothrow_move_constructible<promise<int>>::value, "moved as cheaply");
    static_assert(sizeof(future<std::string>) == sizeof(void *), "a handle");
}

#if defined(__cpp_aligned_new)
TEST(a_strictly_aligned_type_stays_so)
{
    struct alignas(256) strict {
        char c;
    };
    promise<strict> p;
    CHECK(p.set_value(strict{'x'}));
    const future<strict> f = p.get_future();
    CHECK(f.get().c == 'x' && reinterpret_cast<std::uintptr_t>(&f.get()) % 256 == 0);
}
#endif

namespace {

// Says how often it was copied.
struct copies {
    std::string text;
    int n = 0;
    explicit copies(std::string t) : text(std::move(t)) {}
    copies(const copies &other) : text(other.text), n(other.n + 1) {}
    copies(copies &&other) noexcept : text(std::move(other.text)), n(other.n) {}
    copies &operator=(copies &&) = default;
};

} // namespace

TEST(the_last_handle_takes_the_value_out)
{
    promise<copies> p;
    auto f = p.get_future(), other = f;
    p.set_value(copies("whole"));
    p = promise<copies>();
    CHECK(std::move(f).take().n == 1 && !f.valid()); // a copy: the other has it, too
    CHECK(other.get().text == "whole" && std::move(other).take().n == 0 && !other.valid());
    // Of what is no object, and of bytes.
    int n = 1;
    promise<int &> r;
    r.set_value(n);
    CHECK(&r.get_future().take() == &n);
    asynchron::ready().take();
    CHECK(asynchron::ready(3).take() == 3);
    promise<int> failing;
    failing.set_exception(std::out_of_range("no"));
    auto failed = failing.get_future();
    (void)THROWN(std::out_of_range, std::move(failed).take());
    CHECK(failed.valid());
    CHECK(THROWN(asynchron::error, future<int>().take()).code() == ASYNCHRON_E_INVALID);
}

TEST(what_can_only_be_moved_is_taken_out)
{
    const auto make = [](int n) { return std::unique_ptr<int>(new int(n)); };
    // Whoever delivered it, and the thread that computed it, are just letting go.
    for (int i = 0; i < 200; i++) {
        CHECK(*asynchron::spawn(make, i).take() == i);
        promise<std::unique_ptr<int>> p;
        auto f = p.get_future();
        std::thread other([](promise<std::unique_ptr<int>> mine, int n) { mine.set_value(std::unique_ptr<int>(new int(n))); },
                          std::move(p), i);
        CHECK(*std::move(f).get() == i);
        other.join();
    }
    typedef std::vector<std::unique_ptr<int>> many; // says that it can be copied
    CHECK(asynchron::spawn([] { return many(3); }).get().size() == 3);
    // Joined: the value is in one place, and both may be its last owner.
    auto inner = asynchron::call(make, 7);
    auto joined = asynchron::call([&] { return inner; });
    inner = future<std::unique_ptr<int>>();
    CHECK(*std::move(joined).take() == 7);
    // What others hold stays.
    auto mine = asynchron::call(make, 8), theirs = mine;
    CHECK(THROWN(asynchron::error, std::move(mine).take()).code() == ASYNCHRON_ALREADY);
    CHECK(mine.valid() && *mine.get() == 8 && *theirs.get() == 8);
}

// Whoever completes it holds it until all that it calls has returned: so it is of no use to wait for that there.
TEST(what_can_only_be_moved_is_refused_at_once_inside_of_what_its_completion_calls)
{
    typedef std::unique_ptr<int> moved;
    int refused = 0;
    const auto take = [&](future<moved> &f) {
        const auto error = THROWN(asynchron::error, std::move(f).take());
        CHECK(error.code() == ASYNCHRON_ALREADY && std::strstr(error.message(), "take it afterwards") != nullptr);
        CHECK(f.valid() && *f.get() == 4);
        refused++;
    };
    promise<moved> p, q;
    promise<void> gate;
    auto f = p.get_future(), g = q.get_future();
    f.notify([&] { take(f); });
    f.notify([&](const future<moved> &) { take(f); });
    future<void>(f).notify([&] { take(f); });
    f.then([&](const moved &) { take(f); });
    f.then([&](const future<moved> &) { take(f); });
    asynchron::after({f}, [&] { take(f); });
    asynchron::after({future<void>(f)}, [&] { take(f); });
    asynchron::when_all(f, asynchron::ready()).notify([&] { take(f); }); // by way of another
    auto joined = asynchron::call([&] { return f; });
    joined.notify([&] { take(joined); });
    joined.then([&](const moved &) { take(f); }).then([&] { take(joined); });
    g.notify([&] { take(g); }); // which is completed inside of another's callback, and called later
    gate.get_future().notify([&] { CHECK(q.set_value(moved(new int(4)))); });
    CHECK(p.set_value(moved(new int(4))) && gate.set_value());
    CHECK(refused == 12);
    f.notify([&] { take(f); }); // complete already
    CHECK(refused == 13);
    // Afterwards it is to be had.
    joined = future<moved>();
    CHECK(*std::move(f).take() == 4 && *std::move(g).take() == 4);
}

TEST(what_a_value_holds_says_whether_it_is_copied)
{
    typedef std::vector<std::unique_ptr<int>> many; // says that it can be copied
    using asynchron::detail::is_copied;
    static_assert(is_copied<std::pair<int, std::string>>::value && is_copied<std::tuple<int, std::vector<int>>>::value &&
                      is_copied<std::tuple<>>::value && is_copied<std::array<std::string, 2>>::value &&
                      is_copied<std::map<int, std::string>>::value && is_copied<std::stack<int>>::value &&
                      is_copied<std::back_insert_iterator<many>>::value && is_copied<std::shared_ptr<many>>::value,
                  "these are");
    static_assert(!is_copied<std::pair<int, many>>::value && !is_copied<std::pair<const many, int>>::value &&
                      !is_copied<std::tuple<int, std::pair<many, int>>>::value && !is_copied<std::array<many, 2>>::value &&
                      !is_copied<std::map<int, many>>::value && !is_copied<std::vector<std::tuple<many>>>::value &&
                      !is_copied<std::stack<std::unique_ptr<int>>>::value,
                  "these are not");
#if __cplusplus >= 201703L
    static_assert(is_copied<std::optional<std::string>>::value && !is_copied<std::optional<many>>::value);
    static_assert(is_copied<std::variant<int, std::string>>::value && !is_copied<std::variant<int, many>>::value);
#endif
    // So these compile.
    CHECK(asynchron::call([] { return std::make_pair(1, many(3)); }).get().second.size() == 3);
    CHECK(std::get<1>(asynchron::call([] { return std::make_tuple(1, many(3)); }).take()).size() == 3);
}

TEST(an_outcome_gives_its_value_away)
{
    typedef std::unique_ptr<int> moved;
    const auto make = [] { return asynchron::call([] { return moved(new int(5)); }); };
    CHECK(*make().try_get().take() == 5);
    auto f = make();
    auto got = std::move(f).try_get();
    CHECK(!f.valid() && got && *got.value() == 5);
    const moved mine = std::move(got).take();
    CHECK(*mine == 5 && !got && got.is_failed() && got.error().code() == ASYNCHRON_E_INVALID);
    CHECK(THROWN(asynchron::error, got.value()).code() == ASYNCHRON_E_INVALID);
    // What others hold stays.
    const auto held = make();
    auto seen = held.try_get();
    CHECK(THROWN(asynchron::error, std::move(seen).take()).code() == ASYNCHRON_ALREADY);
    CHECK(seen && *seen.value() == 5 && *held.get() == 5);
    // Moved from, there is nothing.
    const auto to = std::move(seen);
    CHECK(to && !seen && seen.error().code() == ASYNCHRON_E_INVALID);
    CHECK(asynchron::ready(std::string("copied")).try_get().take() == "copied");
    asynchron::ready().try_get().take();
    int n = 1;
    CHECK(&asynchron::ready<int &>(n).try_get().take() == &n);
    (void)THROWN(std::out_of_range, asynchron::failed<moved>(std::out_of_range("no")).try_get().take());
}

TEST(the_value_of_a_temporary_outcome_lives_on)
{
    const auto make = [] { return asynchron::ready(std::string("long enough to be on the heap, surely")); };
    const std::string &text = make().try_get().value();
    std::string all;
    for (char c : make().try_get().value())
        all += c;
    CHECK(text == all && all == make().get());
    using asynchron::outcome;
    static_assert(std::is_same<decltype(std::declval<outcome<std::string>>().value()), std::string>::value &&
                      std::is_same<decltype(std::declval<const outcome<std::string>>().value()), std::string>::value &&
                      std::is_same<decltype(std::declval<outcome<std::string> &>().value()), const std::string &>::value &&
                      std::is_same<decltype(std::declval<outcome<int &>>().value()), int &>::value &&
                      std::is_same<decltype(std::declval<outcome<void>>().value()), void>::value,
                  "a copy of a temporary");
    static_assert(has_value<outcome<std::unique_ptr<int>> &>::value && !has_value<outcome<std::unique_ptr<int>>>::value &&
                      !has_value<const outcome<std::unique_ptr<int>>>::value,
                  "what cannot be copied would be gone");
    // Moved out of the last handle only.
    promise<copies> p;
    p.emplace("whole");
    auto f = p.get_future();
    p = promise<copies>();
    CHECK(f.try_get().value().n == 1 && f.get().text == "whole");
    CHECK(std::move(f).try_get().value().n == 0);
}

TEST(try_get_says_how_it_ended_without_throwing)
{
    promise<std::string> p;
    const auto f = p.get_future();
    p.set_value("there");
    const auto got = f.try_get();
    CHECK(got && got.has_value() && !got.is_failed() && !got.is_cancelled() && got.value() == "there");
    CHECK(&got.value() == &f.get() && got.error().code() == 0);
    promise<int> cancelled, failed, thrown;
    cancelled.cancel("enough");
    failed.set_exception(asynchron::error(5, "domain", "message"));
    thrown.set_exception(std::out_of_range("no"));
    const auto off = cancelled.get_future().try_get();
    CHECK(!off && off.is_cancelled() && !off.is_failed() && off.error().message() == std::string("enough"));
    (void)THROWN(asynchron::cancelled, off.value());
    const auto bad = failed.get_future().try_get();
    CHECK(!bad && bad.is_failed() && bad.error().code() == 5 && bad.error().domain() == std::string("domain"));
    const auto out = thrown.get_future().try_get();
    CHECK(out.is_failed() && out.error().domain() == std::string("c++") && out.error().message() == std::string("no"));
    (void)THROWN(std::out_of_range, out.value());
    CHECK(future<int>().try_get().error().code() == ASYNCHRON_E_INVALID);
    CHECK(from_handle<double>(asynchron::ready(1).handle()).try_get().is_failed()); // another type
    CHECK(asynchron::ready().try_get().has_value());
    future<int> self;
    self = asynchron::on_demand([&] { return self.try_get().error().code(); });
    CHECK(self.get() == ASYNCHRON_E_DEADLOCK);
}

TEST(an_object_of_c_is_taken_out_of_its_last_handle)
{
    static int dropped;
    dropped = 0;
    const auto drop = [](void *p) {
        dropped++;
        std::free(p);
    };
    const auto make = [&](asynchron_t *a) {
        int *const made = static_cast<int *>(std::malloc(sizeof(int)));
        *made = 5;
        CHECK(asynchron_set_pointer(a, made, drop) == ASYNCHRON_OK);
        return made;
    };
    auto f = from_handle<int &>(asynchron_create(nullptr), asynchron::adopt), other = f;
    const int *const made = make(f.handle());
    CHECK(THROWN(asynchron::error, std::move(f).take_pointer()).code() == ASYNCHRON_ALREADY);
    CHECK(f.valid() && &f.get() == made);
    other = future<int &>();
    int *const taken = std::move(f).take_pointer();
    CHECK(taken == made && *taken == 5 && !f.valid() && dropped == 0);
    std::free(taken);
    // Inside of what its completion calls, others hold it: it does not wait.
    auto g = from_handle<const int &>(asynchron_create(nullptr), asynchron::adopt);
    g.notify([&] {
        const auto error = THROWN(asynchron::error, std::move(g).take_pointer());
        CHECK(std::strstr(error.message(), "take it afterwards") != nullptr && g.valid());
    });
    make(g.handle());
    g = future<const int &>();
    CHECK(dropped == 1);
    // What is there without a pointer, or failed.
    auto bytes = from_handle<int &>(asynchron::ready(1).handle());
    CHECK(THROWN(asynchron::error, std::move(bytes).take_pointer()).code() == ASYNCHRON_E_INVALID);
    auto off = asynchron::failed<int &>(asynchron::cancelled("no"));
    (void)THROWN(asynchron::cancelled, std::move(off).take_pointer());
    int n = 1;
    CHECK(asynchron::ready<int &>(n).take_pointer() == &n);
}

TEST(a_large_value_fits_whether_room_was_made_for_it_or_not)
{
    struct some {
        char bytes[4096];
    };
    struct more {
        char bytes[4097];
    };
    static_assert(asynchron::detail::kind<some>::room == 4096 && asynchron::detail::kind<more>::room == 0 &&
                      asynchron::detail::kind<long long>::room == 0 && asynchron::detail::kind<std::string>::room == 0,
                  "room");
    const auto make = [](char c) {
        some s;
        std::memset(s.bytes, c, sizeof s.bytes);
        return s;
    };
    CHECK(asynchron::spawn(make, 'x').get().bytes[4095] == 'x');
    CHECK(asynchron::call(make, 'y').then([](const some &s) { return s; }).get().bytes[4095] == 'y');
    CHECK(asynchron::ready(make('z')).get().bytes[0] == 'z');
    promise<some> p("named");
    const auto f = p.get_future();
    CHECK(p.set_value(make('w')) && f.get().bytes[4095] == 'w' && f.name() == std::string("named"));
    CHECK(asynchron::call([] { return more(); }).get().bytes[4096] == 0);
}
