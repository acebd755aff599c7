// Callbacks, and how they are taken back.
#include "check.hpp"

#include <sys/wait.h>
#include <unistd.h>

using asynchron::promise;
using asynchron::removal;

TEST(a_callback_runs_once_however_it_ends)
{
    int ran = 0;
    {
        promise<int> p, q, r, s;
        p.get_future().notify([&] { ran += 1; });
        q.get_future().notify([&](const asynchron::future<int> &f) { ran += f.complete() ? 10 : 0; });
        r.get_future().notify([&] { ran += 100; });
        const auto kept = s.get_future().notify([&] { ran += 1000; });
        p.set_value(1);
        q.cancel();
        r.set_exception(std::runtime_error("x"));
        CHECK(ran == 111);
        p.get_future().notify([&] { ran += 10000; }); // complete: here and now
        CHECK(ran == 10111);
    }
    CHECK(ran == 11111); // broken
}

TEST(a_registration_that_is_dropped_stays_registered)
{
    bool ran = false;
    promise<int> p;
    {
        const auto dropped = p.get_future().notify([&] { ran = true; });
    }
    p.set_value(1);
    CHECK(ran);
}

TEST(a_callback_is_taken_back)
{
    promise<int> p;
    const check::counted held;
    auto one = p.get_future().notify([held] { CHECK(false); });
    auto two = p.get_future().notify([held] { CHECK(false); });
    CHECK(check::counted::alive() == 3);
    CHECK(one.remove() && two.try_remove() == removal::removed);
    CHECK(check::counted::alive() == 1);
    CHECK(!one.remove() && two.try_remove() == removal::too_late);
    auto three = p.get_future().notify([] {});
    p.set_value(1);
    CHECK(!three.remove());
    asynchron::registration none;
    CHECK(!none.remove() && none.try_remove() == removal::too_late);
}

TEST(a_scoped_registration_is_taken_back)
{
    int ran = 0;
    promise<int> p;
    {
        const asynchron::scoped_registration gone = p.get_future().notify([&] { ran += 1; });
        asynchron::scoped_registration replaced = p.get_future().notify([&] { ran += 10; });
        replaced = p.get_future().notify([&] { ran += 100; });
        asynchron::scoped_registration moved = std::move(replaced);
        asynchron::scoped_registration later; // of none, as a member begins
        later = p.get_future().notify([&] { ran += 10000; });
    }
    asynchron::scoped_registration kept = p.get_future().notify([&] { ran += 1000; });
    asynchron::scoped_registration &same = kept;
    kept = std::move(same);
    p.set_value(1);
    CHECK(ran == 1000);
}

TEST(removing_waits_for_a_callback_that_is_running)
{
    promise<int> p;
    promise<void> begun;
    std::atomic<bool> over(false);
    auto registered = p.get_future().notify([&] {
        begun.set_value();
        std::this_thread::sleep_for(std::chrono::milliseconds(30));
        over = true;
    });
    std::thread completer([&] { p.set_value(1); });
    begun.get_future().wait();
    CHECK(registered.try_remove() == removal::running);
    CHECK(!registered.remove());
    CHECK(over);
    completer.join();
}

TEST(a_callback_may_remove_itself_and_assign_to_its_future)
{
    promise<int> p;
    asynchron::future<int> f = p.get_future();
    asynchron::registration its;
    bool ran = false;
    its = f.notify([&] {
        CHECK(!its.remove());
        f = asynchron::future<int>();
        ran = true;
    });
    p.set_value(1);
    CHECK(ran && !f.valid());
    f = asynchron::ready(1);
    f.notify([&] { f = asynchron::future<int>(); }); // within the call
    CHECK(!f.valid());
}

TEST(callbacks_run_one_after_the_other)
{
    promise<int> p, q;
    std::string order;
    p.get_future().notify([&] {
        q.set_value(1); // complete at once; its callbacks wait for the end of the queue
        order += q.get_future().complete() ? "a" : "?";
    });
    p.get_future().notify([&] { order += "b"; });
    q.get_future().notify([&] { order += "c"; });
    p.set_value(1);
    CHECK(order == "abc");
}

TEST(what_is_complete_goes_on_within_the_call_but_inside_a_callback_later)
{
    const auto complete = asynchron::ready(1);
    std::string order;
    const auto go_on = [&] {
        complete.then([&](int) { order += "t"; });
        complete.notify([&] { order += "n"; });
        order += "c";
    };
    go_on();
    CHECK(order == "tnc");
    order.clear();
    promise<int> p;
    p.get_future().notify(go_on);
    p.get_future().notify([&] { order += "b"; });
    p.set_value(1);
    CHECK(order == "cbtn");
}

TEST(a_callback_that_throws_ends_the_program)
{
    const pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        std::fclose(stderr);
        std::set_terminate([] { _exit(23); });
        try {
            asynchron::ready(1).notify([] { throw 1; });
        } catch (...) {
            _exit(1);
        }
        _exit(2);
    }
    int status = 0;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 23);
}

TEST(inside_a_callback_what_is_due_runs_when_asked_for)
{
    promise<void> outer;
    promise<int> inner;
    std::string order;
    const auto f = inner.get_future();
    outer.get_future().notify([&] {
        f.notify([&] { order += 'c'; });
        CHECK(inner.set_value(1));
        order += 'a';
        asynchron::run_due();
        order += 'b'; // what the callback uses may go now
    });
    CHECK(outer.set_value() && order == "acb");
    asynchron::run_due(); // outside it does nothing
    CHECK(order == "acb");
}

TEST(who_makes_a_value_learns_of_a_cancel_and_of_nothing_else)
{
    const check::counted held;
    std::string told;
    promise<int> p, q, r;
    p.on_cancel([&, held] { told += 'p'; });
    q.on_cancel([&, held](const asynchron::future<void> &f) {
        told += THROWN(asynchron::cancelled, f.get()).reason();
    });
    r.get_future().on_cancel([&, held](const asynchron::future<int> &f) { told += f.complete() ? 'f' : 'n'; });
    auto removed = r.on_cancel([&, held] { told += 'x'; });
    CHECK(check::counted::alive() == 5 && removed.remove());
    p.set_value(1);
    CHECK(told.empty() && check::counted::alive() == 3);
    q.get_future().cancel("enough");
    r.cancel();
    CHECK(told == "enoughf" && check::counted::alive() == 1);
    r.on_cancel([&] { told += "!"; }); // already
    p.on_cancel([&] { told += "?"; }); // will never be
    CHECK(told == "enoughf!");
    CHECK(THROWN(asynchron::error, asynchron::future<int>().on_cancel([] {})).code() == ASYNCHRON_E_INVALID);
}

TEST(a_function_that_waits_for_something_else_is_woken_by_a_cancel)
{
    promise<void> begun;
    const auto f = asynchron::spawn([begun](const asynchron::computation &self) mutable {
        promise<int> other; // stands for a socket
        const auto answer = other.get_future();
        const asynchron::scoped_registration stop = self.on_cancel([&] { other.cancel("given up"); });
        begun.set_value();
        return answer.get();
    });
    begun.get_future().wait();
    CHECK(f.cancel() && f.state() == asynchron::state::cancelled);
}
