// Time: for so long, until then by any clock, never too short; and waits that can never end.
#include "check.hpp"

#include <limits>

using namespace std::chrono;

namespace {

// A clock that nothing else in the process uses, and that a test may set.
struct set_clock {
    typedef milliseconds duration;
    typedef duration::rep rep;
    typedef duration::period period;
    typedef std::chrono::time_point<set_clock> time_point;
    static constexpr bool is_steady = false;
    static std::atomic<long> &at()
    {
        static std::atomic<long> ms(0);
        return ms;
    }
    static time_point now() { return time_point(milliseconds(at().load())); }
};

template <class F, class = void> struct get_for_of_a_temporary : std::false_type {};
template <class F>
struct get_for_of_a_temporary<
    F, typename asynchron::detail::to_void<decltype(std::declval<F>().get_for(seconds(1)))>::type> : std::true_type {};

} // namespace

TEST(get_for_points_to_the_value_or_nowhere)
{
    asynchron::promise<int> p;
    const auto f = p.get_future();
    CHECK(f.get_for(seconds(0)) == nullptr);
    const auto begun = steady_clock::now();
    CHECK(f.get_for(milliseconds(20)) == nullptr);
    CHECK(steady_clock::now() - begun >= milliseconds(20));
    CHECK(p.set_value(9));
    const int *found = f.get_for(seconds(0));
    CHECK(found != nullptr && *found == 9 && found == &f.get());
    CHECK(f.get_until(steady_clock::now() - hours(1)) == found);

    int number = 3;
    asynchron::promise<int &> q;
    CHECK(q.set_value(number));
    const auto g = q.get_future();
    CHECK(g.get_for(seconds(1)) == &number);

    asynchron::promise<void> v;
    const auto h = v.get_future();
    CHECK(!h.get_for(milliseconds(1)) && !h.get_until(system_clock::now()));
    v.set_value();
    CHECK(h.get_for(milliseconds(1)) && h.get_until(system_clock::now()));

    const auto failed = asynchron::failed<int>(std::runtime_error("no"));
    (void)THROWN(std::runtime_error, failed.get_for(seconds(1)));
    (void)THROWN(std::runtime_error, failed.get_until(steady_clock::now()));
    static_assert(get_for_of_a_temporary<const asynchron::future<int> &>::value &&
                      !get_for_of_a_temporary<asynchron::future<int>>::value,
                  "a pointer into a temporary would dangle");
}

TEST(wait_for_says_whether_it_is_complete)
{
    asynchron::promise<int> p;
    const auto f = p.get_future();
    CHECK(!f.wait_for(milliseconds(1)) && !f.wait_until(steady_clock::now() + milliseconds(1)));
    CHECK(p.set_exception(std::runtime_error("however")));
    CHECK(f.wait_for(seconds(0)) && f.wait_until(steady_clock::now() - hours(1)));
    f.wait();
}

TEST(until_ends_when_its_clock_says_so)
{
    asynchron::promise<int> p;
    const auto f = p.get_future();
    auto begun = steady_clock::now();
    CHECK(!f.wait_until(begun + milliseconds(20)));
    CHECK(steady_clock::now() - begun >= milliseconds(20));
    CHECK(!f.wait_until(system_clock::now() + milliseconds(5)));

    // It is set back meanwhile: the time is not over when the first wait is.
    set_clock::at() = 0;
    begun = steady_clock::now();
    std::thread setter([] {
        std::this_thread::sleep_for(milliseconds(60));
        set_clock::at() = 1000;
    });
    CHECK(!f.wait_until(set_clock::time_point(milliseconds(10))));
    CHECK(steady_clock::now() - begun >= milliseconds(60));
    setter.join();
    CHECK(f.get_until(set_clock::time_point(milliseconds(10))) == nullptr);
}

TEST(every_until_goes_by_its_clock)
{
    asynchron::promise<int> p;
    const auto f = p.get_future();
    const auto reported = asynchron::report({f});
    const auto ten = set_clock::time_point(milliseconds(10));
    const std::function<bool()> waits[] = {
        [&] { return asynchron::wait_all_until({f, f}, ten); },
        [&] { return asynchron::wait_any_until({f, f}, ten) != static_cast<std::size_t>(-1); },
        [&] { return reported.next_until(ten).valid(); },
    };
    for (const auto &wait : waits) {
        set_clock::at() = 0;
        const auto begun = steady_clock::now();
        std::thread setter([] {
            std::this_thread::sleep_for(milliseconds(40));
            set_clock::at() = 1000;
        });
        CHECK(!wait());
        CHECK(steady_clock::now() - begun >= milliseconds(40));
        setter.join();
    }
}

// Where an exact difference of the two times would overflow.
TEST(until_the_ends_of_time)
{
    asynchron::promise<int> p;
    const auto f = p.get_future();
    CHECK(!f.wait_until(time_point<steady_clock, hours>(hours::min())));
    CHECK(!f.wait_until(time_point<system_clock, seconds>(seconds::min())));
    CHECK(f.get_until(time_point<steady_clock, duration<double>>(duration<double>(-1e300))) == nullptr);
    std::thread delivers([&p] {
        std::this_thread::sleep_for(milliseconds(20));
        p.set_value(1);
    });
    CHECK(f.get_until(time_point<steady_clock, seconds>(seconds::max())) != nullptr);
    delivers.join();
    CHECK(f.get_until(time_point<system_clock, hours>(hours::max())) != nullptr);
    CHECK(f.wait_until(time_point<steady_clock, duration<double>>(duration<double>(1e300))));
}

TEST(every_duration_has_its_nanoseconds)
{
    using asynchron::detail::nanoseconds_of;
    CHECK(nanoseconds_of(seconds(2)) == 2000000000u && nanoseconds_of(nanoseconds(3)) == 3);
    CHECK(nanoseconds_of(seconds(0)) == 0 && nanoseconds_of(seconds(-5)) == 0);
    CHECK(nanoseconds_of(hours::max()) == ASYNCHRON_FOREVER && nanoseconds_of(hours::min()) == 0);
    CHECK(nanoseconds_of(nanoseconds::max()) == ASYNCHRON_FOREVER);
    CHECK((nanoseconds_of(duration<double>(1e-10)) == 1)); // not 0, which would not wait
    CHECK((nanoseconds_of(duration<long, std::pico>(1500)) == 2));
    CHECK((nanoseconds_of(duration<double>(0.25)) == 250000000u));
    CHECK((nanoseconds_of(duration<double>(1e300)) == ASYNCHRON_FOREVER));
    CHECK((nanoseconds_of(duration<float>(std::numeric_limits<float>::infinity())) == ASYNCHRON_FOREVER));
    CHECK((nanoseconds_of(duration<double>(std::numeric_limits<double>::quiet_NaN())) == 0));
    CHECK((nanoseconds_of(duration<unsigned char>(2)) == 2000000000u));
}

TEST(a_function_that_waits_for_itself_learns_so)
{
    asynchron::promise<asynchron::future<int>> self;
    const auto f = asynchron::spawn([self]() -> int { return self.get_future().get().get() + 1; });
    self.set_value(f);
    CHECK(THROWN(asynchron::error, f.get()).code() == ASYNCHRON_E_DEADLOCK);

    asynchron::promise<asynchron::future<int>> again;
    const auto g = asynchron::spawn([again] {
        const auto me = again.get_future().get();
        const auto code = [](const asynchron::error &e) { return e.code() == ASYNCHRON_E_DEADLOCK; };
        CHECK(code(THROWN(asynchron::error, me.wait())));
        CHECK(code(THROWN(asynchron::error, me.wait_for(seconds(1)))));
        CHECK(code(THROWN(asynchron::error, me.get_until(steady_clock::now() + seconds(1)))));
        return 1;
    });
    again.set_value(g);
    CHECK(g.get() == 1);
}

TEST(a_function_that_goes_on_after_a_cancel_can_be_waited_for)
{
    int used = 0; // by the function, on this stack
    asynchron::promise<void> begun, go;
    const auto open = go.get_future();
    const auto f = asynchron::spawn([&used, open, begun]() mutable {
        begun.set_value();
        open.wait();
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
        used = 1;
    });
    begun.get_future().wait();
    CHECK(f.cancel() && !f.wait_returned_for(std::chrono::milliseconds(1)));
    go.set_value();
    f.wait_returned();
    CHECK(used == 1 && f.wait_returned_for(std::chrono::seconds(0)));
    asynchron::ready().wait_returned(); // none ever ran
    asynchron::future<int> self;
    self = asynchron::on_demand([&] { return THROWN(asynchron::error, self.wait_returned()).code(); });
    CHECK(self.get() == ASYNCHRON_E_DEADLOCK);
    CHECK(THROWN(asynchron::error, asynchron::future<int>().wait_returned()).code() == ASYNCHRON_E_INVALID);
}
