// What cannot be copied is taken out while promises live.
#include "check.hpp"

#include <memory>
#include <stdexcept>
#include <utility>

namespace {

using asynchron::future;
using asynchron::promise;
typedef std::unique_ptr<int> pointer;

pointer made(int n) { return pointer(new int(n)); }

// Has two threads begin at the same moment.
class meeting {
    std::atomic<int> missing_;

public:
    meeting() : missing_(2) {}
    void meet()
    {
        --missing_;
        while (missing_ > 0)
            std::this_thread::yield();
    }
};

bool is_taken(const asynchron::error &e)
{
    return e.code() == ASYNCHRON_ALREADY && std::strstr(e.message(), "taken out already") != nullptr;
}

// Cannot be moved out, once.
struct stubborn {
    int n;
    bool refuses;
    explicit stubborn(int its_n) : n(its_n), refuses(true) {}
    stubborn(stubborn &&other) : n(other.n), refuses(false)
    {
        if (other.refuses) {
            other.refuses = false;
            throw std::range_error("not yet");
        }
    }
};

} // namespace

TEST(a_promise_that_lives_does_not_keep_a_value_from_being_taken)
{
    {
        promise<pointer> p;
        p.set_value(made(5));
        const pointer v = p.get_future().get();
        CHECK(*v == 5);
    }
    {
        const promise<pointer> p;
        promise<pointer> copy(p);
        auto f = p.get_future();
        std::thread other([](promise<pointer> mine) { mine.set_value(made(6)); }, std::move(copy));
        CHECK(*f.get() == 6);
        CHECK(*std::move(f).take() == 6 && !f.valid());
        other.join();
    }
    {
        promise<pointer> p;
        auto f = p.get_future();
        std::thread other([&p] { p.set_value(made(7)); });
        CHECK(*std::move(f).get() == 7);
        other.join();
    }
    {
        promise<pointer> p;
        p.set_value(made(8));
        CHECK(*p.get_future().try_get().take() == 8);
    }
    // Another future, or an outcome, does.
    promise<pointer> p;
    p.set_value(made(9));
    {
        const auto held = p.get_future();
        CHECK(THROWN(asynchron::error, p.get_future().get()).code() == ASYNCHRON_ALREADY && *held.get() == 9);
    }
    {
        auto f = p.get_future();
        const auto held = f.try_get();
        CHECK(THROWN(asynchron::error, std::move(f).take()).code() == ASYNCHRON_ALREADY && *held.value() == 9);
    }
    CHECK(*p.get_future().get() == 9);
    // One that is cancelled when nobody wants it.
    promise<pointer> minding;
    auto wanted = minding.get_future();
    minding.cancel_unwanted();
    minding.set_value(made(10));
    CHECK(*std::move(wanted).take() == 10);
    // The first one, and another after the last has gone.
    auto again = asynchron::call([] { return made(11); });
    for (int i = 0; i < 2; i++)
        (void)promise<pointer>::from_handle(again.handle());
    const auto third = promise<pointer>::from_handle(again.handle());
    CHECK(*std::move(again).take() == 11);
    (void)third;
}

TEST(a_future_of_a_value_that_was_taken_says_so)
{
    promise<pointer> p, follower;
    p.set_value(made(5));
    future<void> before(p.get_future());
    CHECK(follower.follow(p.get_future()));
    CHECK(THROWN(asynchron::error, p.get_future().get()).code() == ASYNCHRON_ALREADY); // `before` holds it
    before = future<void>();
    follower = promise<pointer>();
    CHECK(*p.get_future().get() == 5);

    auto f = p.get_future();
    CHECK(f.complete() && f.state() == asynchron::state::ready);
    CHECK(is_taken(THROWN(asynchron::error, f.get())));
    CHECK(is_taken(THROWN(asynchron::error, f.get_for(std::chrono::seconds(1)))));
    CHECK(is_taken(THROWN(asynchron::error, p.get_future().get())));
    CHECK(is_taken(THROWN(asynchron::error, std::move(f).take())) && f.valid());
    const auto got = f.try_get();
    CHECK(!got && got.is_failed() && !got.is_cancelled() && is_taken(got.error()));
    CHECK(is_taken(THROWN(asynchron::error, got.value())));
    CHECK(is_taken(THROWN(asynchron::error, f.then([](const pointer &) {}).get())));
    promise<pointer> late;
    CHECK(late.follow(f) && is_taken(THROWN(asynchron::error, late.get_future().get())));
    CHECK(!p.set_value(made(6)));
}

// So those that are asked for later see it.
TEST(what_can_be_copied_is_copied_while_a_promise_lives)
{
    promise<std::string> p;
    p.set_value("long enough to be on the heap, surely");
    for (int i = 0; i < 2; i++) {
        CHECK(p.get_future().take() == "long enough to be on the heap, surely");
        CHECK(p.get_future().get() == "long enough to be on the heap, surely");
    }
}

TEST(what_follows_gives_its_value_away_while_the_promises_of_both_live)
{
    promise<pointer> source;
    const promise<pointer> into;
    auto f = into.get_future();
    CHECK(f.follow(source.get_future()));
    source.set_value(made(4));
    {
        const auto held = source.get_future();
        CHECK(THROWN(asynchron::error, std::move(f).take()).code() == ASYNCHRON_ALREADY && *held.get() == 4);
    }
    CHECK(*std::move(f).take() == 4);
    CHECK(is_taken(THROWN(asynchron::error, source.get_future().get())));
    CHECK(is_taken(THROWN(asynchron::error, into.get_future().get())));
}

TEST(a_value_that_could_not_be_moved_out_stays)
{
    promise<stubborn> p;
    p.emplace(4);
    auto f = p.get_future();
    (void)THROWN(std::range_error, std::move(f).take());
    CHECK(f.valid() && f.get().n == 4);
    CHECK(std::move(f).take().n == 4);
    CHECK(is_taken(THROWN(asynchron::error, p.get_future().get())));
}

// At each step of it, since the moment is short.
TEST(who_reads_a_value_while_one_takes_it_keeps_it)
{
    asynchron::detail::taking value;
    CHECK(value.is_here());
    CHECK(!value.take([] { return false; }) && value.is_here());
    CHECK(!value.take([&] { return value.is_here(); }) && value.is_here());
    CHECK(!value.take([&] { return !value.take([] { return true; }) && value.is_here(); }));
    // Called off, it stays so, also if another begins, or begins and gives up.
    CHECK(!value.take([&] {
        CHECK(value.is_here());
        CHECK(!value.take([&] { return value.is_here(); }));
        return !value.take([] { return false; });
    }));
    CHECK(value.take([] { return true; }) && !value.is_here() && !value.take([] { return true; }));
    value.put_back();
    CHECK(value.is_here() && value.take([] { return true; }) && !value.is_here());
}

TEST(taking_while_another_promise_hands_out_a_future_gives_it_to_one)
{
    for (int round = 0; round < 2000; round++) {
        promise<pointer> p;
        p.set_value(made(round));
        auto f = p.get_future();
        meeting both;
        std::thread other([&both, round](promise<pointer> mine) {
            both.meet();
            const auto got = mine.get_future().try_get();
            CHECK(got ? got.value() != nullptr && *got.value() == round : is_taken(got.error()));
        }, p);
        both.meet();
        CHECK(*std::move(f).take() == round); // when the other has let go, at the latest
        other.join();
        CHECK(is_taken(THROWN(asynchron::error, p.get_future().get())));
    }
}

// Both have a future. So each waits for the other, until one gives up, and lets go of its own.
TEST(of_two_that_take_at_once_one_at_most_has_it)
{
    promise<pointer> p;
    p.set_value(made(3));
    std::atomic<int> taken(0);
    const auto take = [&](future<pointer> f) {
        try {
            taken += *std::move(f).take() == 3;
        } catch (const asynchron::error &e) {
            CHECK(e.code() == ASYNCHRON_ALREADY);
        }
    };
    std::thread other(take, p.get_future());
    take(p.get_future());
    other.join();
    const auto left = p.get_future().try_get();
    CHECK(left ? taken == 0 && *left.value() == 3 : taken == 1 && is_taken(left.error()));
}

TEST(taking_while_the_last_promise_goes_is_as_safe)
{
    for (int round = 0; round < 2000; round++) {
        promise<pointer> p;
        auto f = p.get_future();
        meeting both;
        std::thread other([&both, round](promise<pointer> mine) {
            both.meet();
            mine.set_value(made(round));
            auto last = mine.get_future(); // keeps it for longer than the promises
            mine = promise<pointer>();
            const auto got = std::move(last).try_get();
            CHECK(got ? got.value() != nullptr && *got.value() == round : is_taken(got.error()));
        }, std::move(p));
        both.meet();
        CHECK(*std::move(f).take() == round);
        other.join();
    }
}
