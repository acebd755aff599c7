// Without memory: the first, second, ... allocation of a scenario fails, alone or with all that follow. What is asked
// for then throws std::bad_alloc, or fails with it, and nothing is lost. A program of its own: malloc is replaced.
#include "check.hpp"

#include <cerrno>
#include <functional>
#include <iterator>
#include <memory>

extern "C" {
void *__libc_malloc(std::size_t);
void *__libc_calloc(std::size_t, std::size_t);
void *__libc_realloc(void *, std::size_t);
void *__libc_memalign(std::size_t, std::size_t);
void __libc_free(void *);
}

namespace {

// Of the one thread there is.
long left = -1; // how many succeed until one fails; negative: all do
bool and_on, has_failed;
long blocks;

bool fails()
{
    if (left < 0 || left-- > 0)
        return false;
    has_failed = true;
    left = and_on ? 0 : -1;
    errno = ENOMEM;
    return true;
}

void *counted(void *p)
{
    blocks += p != nullptr;
    return p;
}

} // namespace

extern "C" {
void *malloc(std::size_t n) { return fails() ? nullptr : counted(__libc_malloc(n)); }
void *calloc(std::size_t n, std::size_t each) { return fails() ? nullptr : counted(__libc_calloc(n, each)); }
void *memalign(std::size_t align, std::size_t n) { return fails() ? nullptr : counted(__libc_memalign(align, n)); }
void *aligned_alloc(std::size_t align, std::size_t n) { return memalign(align, n); }
int posix_memalign(void **out, std::size_t align, std::size_t n)
{
    void *const p = memalign(align, n);
    if (p != nullptr)
        *out = p;
    return p != nullptr ? 0 : ENOMEM;
}
void *realloc(void *old, std::size_t n)
{
    if (fails())
        return nullptr;
    void *const p = __libc_realloc(old, n);
    blocks += old == nullptr && p != nullptr;
    return p;
}
void free(void *p)
{
    blocks -= p != nullptr;
    __libc_free(p);
}
}

namespace {

using asynchron::future;
using asynchron::promise;

const char LONG[] = "a text that is too long to lie inside of a string";

struct large {
    char bytes[100];
};

// The failure that came of it can only be that memory ran out.
template <class T> void expect(const future<T> &f)
{
    CHECK(f.complete());
    try {
        f.get();
    } catch (const std::bad_alloc &) {
        CHECK(has_failed);
    }
}

template <class T, class... A> void set(A &&...args)
{
    promise<T> p("a name that is too long to lie inside of anything");
    const auto f = p.get_future();
    try {
        CHECK(p.emplace(std::forward<A>(args)...));
    } catch (const std::bad_alloc &) {
        CHECK(has_failed && !f.complete());
        left = -1;
        CHECK(p.emplace(std::forward<A>(args)...)); // nothing has changed
    }
    f.get();
}

// Its room came with the promise.
void delivered_without_memory()
{
    promise<large> p;
    const auto f = p.get_future();
    large value;
    value.bytes[99] = 'z';
    const long was_left = left;
    const bool was_on = and_on;
    left = 0;
    and_on = true;
    CHECK(p.set_value(value));
    left = was_left;
    and_on = was_on;
    has_failed = false;
    CHECK(f.get().bytes[99] == 'z');
}

void copied_promises()
{
    future<int> f;
    {
        promise<int> p;
        f = p.get_future();
        promise<int> q = p, r = q;
        p = r;
    }
    try {
        f.get();
    } catch (const asynchron::error &e) {
        CHECK(e.code() == ASYNCHRON_E_BROKEN);
    }
}

void duty_left_to_c()
{
    promise<int> p;
    const auto copy = p;
    const auto f = p.get_future();
    asynchron_t *mine = nullptr;
    try {
        mine = p.release();
    } catch (const std::bad_alloc &) {
        CHECK(has_failed && p.valid() && !f.complete());
        return;
    }
    CHECK(!p.valid() && !f.complete());
    const int one = 1;
    CHECK(asynchron_set_bytes(mine, &one, sizeof one) == ASYNCHRON_OK);
    asynchron_release(mine);
    CHECK(f.get() == 1);
}

void exceptions()
{
    promise<int> p, q, r, s;
    p.set_exception(std::out_of_range(LONG));
    q.set_exception(asynchron::error(3, LONG, LONG));
    r.set_exception(std::system_error(std::make_error_code(std::errc::io_error), LONG));
    s.cancel(LONG);
    for (const auto &f : {p.get_future(), q.get_future(), r.get_future(), s.get_future()}) {
        CHECK(f.complete());
        try {
            f.get();
            CHECK(false);
        } catch (const std::bad_alloc &) {
            CHECK(has_failed);
        } catch (const std::runtime_error &) {
        } catch (const std::out_of_range &) {
        }
    }
}

void thens()
{
    promise<std::string> p;
    const auto f = p.get_future();
    const auto value = f.then([](const std::string &s) { return s + LONG; });
    const auto big = f.then([](const std::string &) { return large(); });
    const auto whole = f.then([](const future<std::string> &done) { return done.get().size(); });
    const auto joined = f.then([](const std::string &s) { return asynchron::ready(s); });
    const auto failed = f.then([](const std::string &) -> int { throw std::bad_alloc(); });
    p.set_value(LONG);
    expect(value);
    expect(big);
    expect(whole);
    expect(joined);
    CHECK(failed.complete());
}

void callbacks()
{
    int ran = 0;
    const std::string text = LONG;
    promise<int> p;
    const auto f = p.get_future();
    auto removed = f.notify([&ran, text] { ran += 100; });
    removed.remove();
    const auto kept = f.notify([&ran, text] { ran += 1; });
    p.set_value(1);
    CHECK(ran == 1);
}

void computed()
{
    const std::string text = LONG;
    expect(asynchron::call([text] { return text; }));
    expect(asynchron::call([text] { return asynchron::ready(text); }));
    const auto lazy = asynchron::on_demand([text] { return text; });
    lazy.wait();
    expect(lazy);
    const auto joined = asynchron::on_demand([text] { return asynchron::ready(large()); });
    joined.wait();
    expect(joined);
}

void placed()
{
    const std::string text = LONG;
    promise<std::string> p;
    const auto f = p.get_future();
    const auto at_once = asynchron::executor::posting([text](const asynchron::task &task) { task(); });
    const auto then = f.then(at_once, [text](const std::string &s) { return s + text; });
    const auto caught = f.catch_error([text] { return text; });
    const auto last = f.finally([text] {});
    const auto all = asynchron::all({f, then});
    const auto any = asynchron::any({f, caught});
    f.notify(at_once, [text] {});
    promise<std::string> followed;
    followed.follow(f);
    try {
        expect(at_once.spawn([text] { return text; }));
    } catch (const std::system_error &) {
        CHECK(has_failed); // it could not be posted
    }
    p.set_value(LONG);
    expect(then);
    expect(caught);
    expect(last);
    expect(all);
    expect(any);
    expect(followed.get_future());
}

void several()
{
    std::vector<promise<int>> p(20);
    std::vector<future<int>> all;
    for (auto &one : p)
        all.push_back(one.get_future());
    const auto sum = asynchron::after(all, [](const std::vector<future<int>> &done) { return done.size(); });
    const auto gathered = asynchron::when_all(all);
    const auto pair = asynchron::when_all(all[0], all[1]);
    const auto any = asynchron::when_any(all);
    const auto either = asynchron::when_any(all[2], all[3]);
    const auto listed = asynchron::when_all({all[4], all[5]});
    const auto listed_any = asynchron::when_any({all[6], all[7]});
    for (auto &one : p)
        one.set_value(1);
    expect(sum);
    expect(gathered);
    expect(pair);
    expect(any);
    expect(either);
    expect(listed);
    expect(listed_any);
    asynchron::wait_all(all);
    asynchron::wait_any(all);
    asynchron::wait_all(asynchron::report(all)); // which keeps none of what it yields
    CHECK(asynchron::wait_any_for({all[8], all[9]}, std::chrono::seconds(0)) == 0);
}

void reported()
{
    const std::vector<future<int>> all(3, asynchron::ready(1));
    auto report = asynchron::report(all);
    report.add(all[0]);
    int sum = 0;
    for (const auto &f : report)
        sum += f.get();
    CHECK(sum == 4);
}

#if defined(ASYNCHRON_COROUTINES)
future<std::string> twice(future<std::string> text)
{
    const std::string &s = co_await text;
    co_return s + s;
}

future<large> with_large(future<std::string> text)
{
    co_await text;
    co_return large();
}

void coroutines()
{
    promise<std::string> p;
    const auto f = twice(p.get_future());
    const auto g = with_large(p.get_future());
    p.set_value(LONG);
    expect(f);
    expect(g);
}
#endif

#if defined(ASYNCHRON_PLUGIN)
// What the plug-in has code for keeps it, or was not handed over because memory ran out.
void kept_while_in_use()
{
    promise<std::string> p;
    promise<int> q;
    auto value = p.get_future();
    auto thrown = q.get_future();
    try {
        p.set_value(LONG);
    } catch (const std::bad_alloc &) {
    }
    const bool is_set = value.complete();
    CHECK(is_set || has_failed);
    if (is_set)
        CHECK(!asynchron::leave_for(std::chrono::seconds(0)));
    p = promise<std::string>();
    value = future<std::string>();
    asynchron::leave();
    q.set_exception(std::out_of_range(LONG));
    const bool is_kept = !asynchron::leave_for(std::chrono::seconds(0));
    try {
        thrown.get();
    } catch (const std::bad_alloc &) {
        CHECK(has_failed);
    } catch (const std::out_of_range &) {
        CHECK(is_kept);
    }
    q = promise<int>();
    thrown = future<int>();
    asynchron::leave();
}
#endif

// Runs it with allocation number `at` failing. Whether any did.
bool refused(void (*scenario)(), long at)
{
    const long before = blocks;
    has_failed = false;
    left = at;
    try {
        scenario();
    } catch (const std::bad_alloc &) {
        CHECK(has_failed);
    }
    left = -1;
#if defined(ASYNCHRON_PLUGIN)
    asynchron::leave(); // so that the next has to make what holds it
#endif
    CHECK(blocks == before);
    return has_failed;
}

} // namespace

int main()
{
    void (*const scenarios[])() = {
        [] { set<int>(1); },
        [] { set<large>(); },
        [] { set<std::string>(LONG); },
        delivered_without_memory,
        [] { set<std::vector<int>>(100u, 1); },
        copied_promises,
        duty_left_to_c,
        exceptions,
        thens,
        callbacks,
        computed,
        placed,
        several,
        reported,
#if defined(ASYNCHRON_COROUTINES)
        coroutines,
#endif
#if defined(ASYNCHRON_PLUGIN)
        kept_while_in_use,
#endif
    };
    long runs = 0;
    for (void (*scenario)() : scenarios) {
        refused(scenario, 1000000); // what is made once and kept
        for (bool on : {false, true}) {
            and_on = on;
            long at = 0;
            while (refused(scenario, at))
                at++;
            CHECK(at > 0);
            runs += at;
        }
    }
    std::printf("%ld allocations failed\n", runs);
    return 0;
}
