// Failures: C++ exceptions cross whole, those of C arrive as asynchron::error, and each side can read the other's.
#include "check.hpp"

#include <system_error>

namespace {

// What C sees of it.
asynchron_error_t in_c(const asynchron::future<int> &f, asynchron_status_t status = ASYNCHRON_FAILED)
{
    asynchron_error_t e;
    CHECK(asynchron_get(f.handle(), nullptr) == status);
    CHECK(asynchron_error(f.handle(), &e) == ASYNCHRON_OK);
    return e;
}

struct richer : std::runtime_error {
    check::counted counts;
    int detail;
    explicit richer(int its_detail) : std::runtime_error("richer"), detail(its_detail) {}
};

} // namespace

TEST(an_exception_crosses_whole)
{
    {
        asynchron::promise<int> p;
        CHECK(p.set_exception(std::make_exception_ptr(richer(7))));
        const auto f = p.get_future();
        const std::exception *first = nullptr, *second = nullptr;
        try {
            f.get();
        } catch (const richer &e) {
            first = &e;
            CHECK(e.detail == 7);
        }
        try {
            std::rethrow_exception(f.exception());
        } catch (const richer &e) {
            second = &e;
        }
        CHECK(first != nullptr && first == second); // not a copy
        const asynchron_error_t e = in_c(f);
        CHECK(e.code == 1 && std::string(e.domain) == "c++" && std::string(e.message) == "richer");
        CHECK(e.payload != nullptr);
    }
    CHECK(check::counted::alive() == 0);
}

TEST(what_is_no_exception_class_crosses_too)
{
    const auto f = asynchron::failed<int>(42);
    CHECK(THROWN(int, f.get()) == 42);
    CHECK(std::string(in_c(f).message) == "an exception that is no std::exception" && in_c(f).code == 1);
}

TEST(a_system_error_says_its_code_and_category_to_c)
{
    const auto f = asynchron::failed<int>(std::system_error(std::make_error_code(std::errc::no_such_file_or_directory)));
    CHECK(THROWN(std::system_error, f.get()).code() == std::errc::no_such_file_or_directory);
    CHECK(in_c(f).code == ENOENT && std::string(in_c(f).domain) == "c++:generic");
}

TEST(want_of_memory_says_so_to_c)
{
    const auto f = asynchron::failed<int>(std::bad_alloc());
    (void)THROWN(std::bad_alloc, f.get());
    CHECK(in_c(f).code == ASYNCHRON_E_NOMEM);
    check::c_handle bare, named, other;
    CHECK(asynchron_fail(bare.a, ASYNCHRON_E_NOMEM, nullptr) == ASYNCHRON_OK);
    CHECK(asynchron_fail_with(named.a, ASYNCHRON_E_NOMEM, "asynchron", "x", nullptr, nullptr) == ASYNCHRON_OK);
    CHECK(asynchron_fail_with(other.a, ASYNCHRON_E_NOMEM, "theirs", "x", nullptr, nullptr) == ASYNCHRON_OK);
    (void)THROWN(std::bad_alloc, asynchron::from_handle<int>(bare.a).get());
    (void)THROWN(std::bad_alloc, asynchron::from_handle<int>(named.a).get());
    (void)THROWN(asynchron::error, asynchron::from_handle<int>(other.a).get());
}

TEST(a_failure_of_c_arrives_as_error)
{
    int payload = 0;
    asynchron::error kept(0, "", "");
    {
        check::c_handle c;
        CHECK(asynchron_fail_with(c.a, 13, "db", "no such table", &payload, nullptr) == ASYNCHRON_OK);
        kept = THROWN(asynchron::error, asynchron::from_handle<std::string>(c.a).get());
    }
    // It outlives the asynchron.
    CHECK(kept.code() == 13 && std::string(kept.domain()) == "db" && std::string(kept.message()) == "no such table");
    CHECK(kept.payload() == &payload);
    CHECK(std::string(kept.what()) == "db: no such table (code 13)");

    check::c_handle silent;
    CHECK(asynchron_fail(silent.a, 0, nullptr) == ASYNCHRON_OK);
    CHECK(std::string(THROWN(asynchron::error, asynchron::from_handle<int>(silent.a).get()).what()) == "failed (code 0)");
}

TEST(a_payload_of_c_is_not_taken_for_an_exception)
{
    int payload = 0;
    const char *const domains[] = {"", "c", "c+", "c++x", "asynchron", "d++"};
    for (const char *domain : domains) {
        check::c_handle c;
        CHECK(asynchron_fail_with(c.a, 1, domain, "x", &payload, nullptr) == ASYNCHRON_OK);
        CHECK(std::string(THROWN(asynchron::error, asynchron::from_handle<int>(c.a).get()).domain()) == domain);
    }
    check::c_handle none;
    CHECK(asynchron_fail_with(none.a, 1, "c++", "x", nullptr, nullptr) == ASYNCHRON_OK);
    (void)THROWN(asynchron::error, asynchron::from_handle<int>(none.a).get());
}

TEST(an_error_of_cpp_is_a_plain_failure_to_c)
{
    const auto f = asynchron::call([]() -> int { throw asynchron::error(5, "mine", "told"); });
    CHECK(in_c(f).code == 5 && std::string(in_c(f).domain) == "mine" && std::string(in_c(f).message) == "told");
    CHECK(in_c(f).payload == nullptr);
    CHECK(THROWN(asynchron::error, f.get()).code() == 5);
}

TEST(a_cancel_arrives_as_cancelled_and_passes_on)
{
    asynchron::promise<int> p;
    const auto f = p.get_future();
    CHECK(f.cancel("enough"));
    const auto e = THROWN(asynchron::cancelled, f.get());
    CHECK(std::string(e.reason()) == "enough" && std::string(e.what()) == "cancelled: enough");
    CHECK(std::string(THROWN(asynchron::cancelled, std::rethrow_exception(f.exception())).reason()) == "enough");
    const auto g = asynchron::call([f] { return f.get() + 1; });
    CHECK(g.state() == asynchron::state::cancelled);
    CHECK(std::string(in_c(g, ASYNCHRON_CANCELLED).message) == "enough");

    asynchron::promise<int> silent;
    CHECK(silent.cancel());
    const auto s = THROWN(asynchron::cancelled, silent.get_future().get());
    CHECK(std::string(s.reason()).empty() && std::string(s.what()) == "cancelled");
    static_assert(!std::is_base_of<asynchron::error, asynchron::cancelled>::value, "no failure");
}

TEST(no_exception_to_deliver_is_refused)
{
    asynchron::promise<int> p;
    const auto e = THROWN(asynchron::error, p.set_exception(std::exception_ptr()));
    CHECK(e.code() == ASYNCHRON_E_INVALID && std::string(e.message()) == "there is no exception to deliver");
    asynchron::promise<int> none = std::move(p);
    CHECK(std::string(THROWN(asynchron::error, p.set_exception(nullptr)).message()) == "there is no asynchron");
    p = std::move(none);
    CHECK(!p.get_future().complete());
}

TEST(a_constructor_that_throws_delivers_nothing)
{
    struct thrower {
        std::string s;
        explicit thrower(int) { throw std::runtime_error("no"); }
        explicit thrower(const char *text) : s(text) {}
    };
    asynchron::promise<thrower> p;
    const auto f = p.get_future();
    (void)THROWN(std::runtime_error, p.emplace(1));
    CHECK(!f.complete());
    CHECK(p.emplace("yes"));
    CHECK(f.get().s == "yes");
}
