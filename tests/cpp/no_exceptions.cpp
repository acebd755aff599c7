// Compiled without exceptions, and without the types of objects: what a program does then. With an argument it does what
// would throw, which ends it.
#include <asynchron.hpp>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#define CHECK(claim) ((claim) ? (void)0 : (std::fprintf(stderr, "line %d: %s\n", __LINE__, #claim), std::exit(3)))

using asynchron::future;
using asynchron::promise;

static void outcomes()
{
    promise<std::string> p;
    const auto f = p.get_future();
    p.set_value("there");
    const auto got = f.try_get();
    CHECK(got && got.value() == "there" && f.get() == "there");

    promise<int> failed, cancelled;
    failed.set_exception(asynchron::error(5, "domain", "message"));
    cancelled.set_exception(asynchron::cancelled("enough"));
    const auto bad = failed.get_future().try_get();
    CHECK(bad.is_failed() && bad.error().code() == 5 && std::string(bad.error().message()) == "message");
    const auto off = cancelled.get_future().try_get();
    CHECK(off.is_cancelled() && std::string(off.error().message()) == "enough");
    CHECK(future<int>().try_get().error().code() == ASYNCHRON_E_INVALID);
    CHECK(!asynchron::failed<int>(asynchron::error(1, "", "")).try_get());
    CHECK(asynchron::ready(std::string("a copy")).try_get().value() == "a copy");
    CHECK(*asynchron::ready(std::unique_ptr<int>(new int(6))).try_get().take() == 6);
    {
        promise<std::unique_ptr<int>> only_moved;
        only_moved.set_value(std::unique_ptr<int>(new int(8)));
        CHECK(*only_moved.get_future().get() == 8);
        CHECK(only_moved.get_future().try_get().error().code() == ASYNCHRON_ALREADY);
    }
    {
        future<int> broken;
        {
            promise<int> gone;
            broken = gone.get_future();
        }
        CHECK(broken.try_get().error().code() == ASYNCHRON_E_BROKEN);
    }
}

static void functions()
{
    const auto size = asynchron::spawn([](int n) { return std::string(static_cast<std::size_t>(n), 'x'); }, 3)
                          .then([](const std::string &s) { return s.size(); });
    CHECK(size.get() == 3);
    // A function that may fail returns a future.
    const auto parse = [](int n) { return n > 0 ? asynchron::ready(n) : asynchron::failed<int>(asynchron::error(n, "parse", "not positive")); };
    CHECK(asynchron::spawn(parse, 1).get() == 1);
    CHECK(asynchron::spawn(parse, -2).try_get().error().code() == -2);
    CHECK(asynchron::on_demand([&] { return parse(-3); }).try_get().error().code() == -3);
    CHECK(*asynchron::call([] { return std::unique_ptr<int>(new int(4)); }).take() == 4);
    std::vector<future<int>> all;
    for (int i = 1; i <= 3; i++)
        all.push_back(asynchron::spawn(parse, i));
    int sum = 0;
    for (auto &f : asynchron::report(all))
        sum += f.get();
    CHECK(sum == 6 && asynchron::when_all(all).get().size() == 3 && asynchron::when_any(all).get().index < 3);
    // What follows a failure, or anyhow; where it runs; several as one.
    const auto caught = asynchron::spawn(parse, -4).catch_error([](const asynchron::error &e) { return -e.code(); });
    bool cleared = false;
    CHECK(caught.finally([&] { cleared = true; }).get() == 4 && cleared);
    const auto at_once = asynchron::executor::posting([](const asynchron::task &task) { task(); });
    CHECK(at_once.spawn(parse, 5).then(at_once, [](int n) { return n + 1; }).get() == 6);
    CHECK(asynchron::any({asynchron::ready(7), caught}).get() == 7 && asynchron::timer(std::chrono::seconds(0)).complete());
    bool told = false;
    asynchron::ready().notify([&] { told = true; });
    CHECK(told);
}

#ifdef ASYNCHRON_COROUTINES
static future<int> awaits(future<int> f) { co_return co_await f + 1; }
static future<int> takes() { co_return *co_await asynchron::spawn([] { return std::unique_ptr<int>(new int(7)); }); }
static void coroutines() { CHECK(awaits(asynchron::spawn([] { return 1; })).get() == 2 && takes().get() == 7); }
#else
static void coroutines() {}
#endif

int main(int argc, char **)
{
    outcomes();
    functions();
    coroutines();
    if (argc > 1)
        return asynchron::failed<int>(asynchron::error(5, "domain", "why it failed")).get();
    return 0;
}
