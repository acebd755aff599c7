// A promise that goes without delivering: nobody waits in vain.
#include "check.hpp"

namespace {

bool is_broken(const asynchron::future<int> &f)
{
    const auto e = THROWN(asynchron::error, f.get());
    return e.code() == ASYNCHRON_E_BROKEN && std::string(e.domain()) == "asynchron";
}

} // namespace

TEST(the_last_promise_to_go_breaks_it)
{
    asynchron::future<int> f;
    {
        asynchron::promise<int> p;
        f = p.get_future();
        {
            const asynchron::promise<int> copy = p, another = copy;
        }
        CHECK(!f.complete());
        const asynchron::promise<int> moved = std::move(p);
        p = asynchron::promise<int>(); // what it had before is gone
        CHECK(!f.complete());
    }
    CHECK(is_broken(f));
    const std::string message = THROWN(asynchron::error, f.get()).message();
    CHECK(message.find(f.name()) != std::string::npos);
}

TEST(assigning_to_a_promise_breaks_what_it_had)
{
    asynchron::promise<int> p, q;
    const auto f = p.get_future(), g = q.get_future();
    p = q;
    CHECK(is_broken(f) && !g.complete());
    q = asynchron::promise<int>();
    CHECK(!g.complete());
    CHECK(p.set_value(1));
    CHECK(g.get() == 1);
}

TEST(a_delivered_one_stays_as_it_is)
{
    asynchron::future<int> f;
    {
        asynchron::promise<int> p;
        f = p.get_future();
        CHECK(p.set_value(4));
    }
    CHECK(f.get() == 4);
}

TEST(a_waiting_thread_learns_that_it_is_broken)
{
    asynchron::promise<int> p;
    const auto f = p.get_future();
    std::thread waiter([f] { CHECK(is_broken(f)); });
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    {
        const asynchron::promise<int> last = std::move(p);
    }
    waiter.join();
}

TEST(threads_that_copy_one_promise_count_right)
{
    for (int round = 0; round < 200; round++) {
        asynchron::future<int> f;
        {
            const asynchron::promise<int> p;
            f = p.get_future();
            std::vector<std::thread> threads;
            for (int i = 0; i < 3; i++)
                threads.emplace_back([&p] { const asynchron::promise<int> copy = p, second = copy; });
            for (std::thread &thread : threads)
                thread.join();
            CHECK(!f.complete());
        }
        CHECK(is_broken(f));
    }
}

TEST(a_promise_that_c_computes_for_is_not_broken)
{
    // C hands a function to it, which has begun when the promise goes.
    struct gates {
        asynchron::promise<void> begun, go;
    } its;
    asynchron::future<int> f;
    {
        asynchron::promise<int> p;
        f = p.get_future();
        const auto compute = [](asynchron_t *self, void *ctx) -> std::int32_t {
            gates &g = *static_cast<gates *>(ctx);
            g.begun.set_value();
            g.go.get_future().wait();
            const int five = 5;
            return asynchron_set_bytes(self, &five, sizeof five);
        };
        CHECK(asynchron_spawn(p.handle(), compute, &its, nullptr) == ASYNCHRON_OK);
        its.begun.get_future().wait();
    }
    CHECK(f.state() == asynchron::state::running);
    its.go.set_value();
    CHECK(f.get() == 5);
}

TEST(promises_of_c_and_cpp_count_together)
{
    asynchron::future<int> f;
    asynchron_promise_t *in_c;
    {
        asynchron::promise<int> p;
        f = p.get_future();
        in_c = asynchron_promise_create(p.handle(), 0);
        CHECK(in_c != nullptr && p.promise_handle() != nullptr);
        const auto other = asynchron::promise<int>::from_handle(f.handle());
    }
    CHECK(!f.complete());
    {
        const auto mine = asynchron::promise<int>::from_promise(in_c); // the share of C stays
    }
    CHECK(!f.complete());
    {
        const auto mine = asynchron::promise<int>::from_promise(in_c, asynchron::adopt);
        CHECK(mine.handle() == f.handle());
    }
    CHECK(is_broken(f));
    CHECK(!asynchron::promise<int>::from_promise(nullptr).valid() && !asynchron::promise<int>::from_handle(nullptr).valid());
}

TEST(what_was_started_by_means_of_ones_own_is_broken_too)
{
    asynchron::future<int> f, g;
    {
        asynchron::promise<int> p, q;
        f = p.get_future();
        g = q.get_future();
        CHECK(p.start() && !p.start() && q.start());
        CHECK(f.state() == asynchron::state::running && !f.cancel_pending("too late"));
        CHECK(q.set_value(2) && !q.start());
    }
    CHECK(is_broken(f) && g.get() == 2);
    asynchron::promise<int> none;
    const auto moved = std::move(none);
    CHECK(THROWN(asynchron::error, none.start()).code() == ASYNCHRON_E_INVALID);
}

TEST(what_nobody_wants_is_cancelled_where_the_promise_asks_for_it)
{
    std::string told;
    asynchron::promise<int> p, q;
    auto f = p.get_future(), g = f;
    p.on_cancel([&] { told += "stop"; });
    p.cancel_unwanted();
    f = asynchron::future<int>();
    CHECK(!p.is_cancelled());
    g = asynchron::future<int>();
    CHECK(p.is_cancelled() && told == "stop");
    CHECK(THROWN(asynchron::cancelled, p.get_future().get()).reason() == std::string("unwanted"));
    q.cancel_unwanted(); // nobody has a future of it
    CHECK(q.is_cancelled());
    const auto moved = std::move(q);
    CHECK(THROWN(asynchron::error, q.cancel_unwanted()).code() == ASYNCHRON_E_INVALID);
}
