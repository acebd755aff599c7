// What C's producers deliver: bytes of any number, and pointers to what is theirs.
#include "check.hpp"

using asynchron::adopt;
using asynchron::bytes;
using asynchron::from_handle;
using asynchron::future;
using asynchron::promise;

// As a library of C declares what it returns.
struct check_opaque;

namespace {

template <class T> bool is_no_value(asynchron_t *a)
{
    return THROWN(asynchron::error, from_handle<T>(a).get()).code() == ASYNCHRON_E_INVALID;
}

// Of a buffer that is freed with the asynchron, as a body is.
asynchron_t *body(const char *text)
{
    const std::size_t size = std::strlen(text);
    char *const copy = static_cast<char *>(std::malloc(size));
    CHECK(copy != nullptr);
    std::memcpy(copy, text, size);
    asynchron_t *const a = asynchron_create(nullptr);
    CHECK(asynchron_set_buffer(a, copy, size, copy, std::free) == ASYNCHRON_OK);
    return a;
}

} // namespace

TEST(bytes_of_c_are_seen_in_place_and_copied_into_a_string)
{
    check::c_handle c, none;
    static const char text[] = "a\0b";
    CHECK(asynchron_set_buffer(c.a, text, 3, nullptr, nullptr) == ASYNCHRON_OK);
    const auto f = from_handle<bytes>(c.a);
    const bytes seen = f.get();
    CHECK(seen.data() == text && seen.size() == 3 && !seen.empty());
    CHECK(std::string(seen.begin(), seen.end()) == std::string("a\0b", 3));
    const std::string copy = f.get();
    CHECK(copy == seen.str() && copy.size() == 3);

    CHECK(asynchron_set_bytes(none.a, nullptr, 0) == ASYNCHRON_OK);
    const bytes empty = from_handle<bytes>(none.a).get();
    CHECK(empty.empty() && empty.size() == 0 && empty.str().empty() && empty.begin() == empty.end());
    CHECK(bytes().empty() && bytes().str().empty());
}

TEST(bytes_stay_when_the_last_future_of_them_has_gone)
{
    const bytes got = from_handle<bytes>(body("first"), adopt).get(); // of a temporary
    const bytes taken = from_handle<bytes>(body("second"), adopt).take();
    bytes copy;
    {
        const bytes other = from_handle<bytes>(body("third"), adopt).get();
        copy = other;
    }
    CHECK(got.str() == "first" && taken.str() == "second" && copy.str() == "third");
    future<bytes> f = from_handle<bytes>(body("fourth"), adopt);
    const bytes kept = f.get();
    f = future<bytes>();
    CHECK(kept.str() == "fourth");
}

TEST(steps_take_bytes_or_a_string)
{
    const auto f = from_handle<bytes>(body("12 pages"), adopt);
    CHECK(f.then([](const bytes &b) { return b.size(); }).get() == 8);
    CHECK(f.then([](bytes b) { return b.str(); }).get() == "12 pages");
    CHECK(f.then([](const std::string &text) { return text + "!"; }).get() == "12 pages!");
    CHECK(f.then([](const future<bytes> &g) { return g.get().size(); }).get() == 8);
    CHECK(f.then([](const bytes &b) { return b; }).get().str() == "12 pages");
    bool told = false;
    f.notify([&](const future<bytes> &g) { told = g.get().size() == 8; });
    CHECK(told && f.try_get().value().str() == "12 pages" && f.try_get().take().str() == "12 pages");
}

TEST(a_promise_of_bytes_delivers_a_copy_for_c)
{
    promise<bytes> p;
    const auto g = p.get_future();
    CHECK(p.set_value(from_handle<bytes>(body("copied"), adopt).get()));
    asynchron_value_t value;
    CHECK(asynchron_get(g.handle(), &value) == ASYNCHRON_OK && value.len == 6);
    CHECK(std::memcmp(value.data, "copied", 6) == 0 && g.get().data() == value.data);
    CHECK(asynchron::spawn([] { return from_handle<bytes>(body("computed"), adopt).get(); }).get().str() == "computed");
}

TEST(what_is_no_bytes_is_refused_and_a_failure_is_thrown)
{
    check::c_handle pointer, failed;
    int number = 1;
    CHECK(asynchron_set_pointer(pointer.a, &number, nullptr) == ASYNCHRON_OK);
    CHECK(is_no_value<bytes>(pointer.a));
    CHECK(!from_handle<bytes>(pointer.a).try_get().has_value());
    CHECK(THROWN(asynchron::error, from_handle<bytes>(pointer.a).then([](const bytes &) {}).get()).code() ==
          ASYNCHRON_E_INVALID);
    CHECK(asynchron_fail_with(failed.a, 7, "curl", "no connection", nullptr, nullptr) == ASYNCHRON_OK);
    CHECK(THROWN(asynchron::error, from_handle<bytes>(failed.a).get()).code() == 7);
}

TEST(a_pointer_of_c_is_seen_used_in_steps_and_taken_out)
{
    asynchron_t *const a = asynchron_create(nullptr);
    void *const made = std::malloc(4);
    CHECK(made != nullptr && asynchron_set_pointer(a, made, std::free) == ASYNCHRON_OK);
    auto f = from_handle<check_opaque &>(a, adopt);
    check_opaque *const seen = &f.get();
    CHECK(static_cast<void *>(seen) == made);
    CHECK(f.then([](check_opaque &object) { return static_cast<void *>(&object); }).get() == made);
    check_opaque *const mine = std::move(f).take_pointer();
    CHECK(mine == seen && !f.valid());
    std::free(static_cast<void *>(mine));
}
