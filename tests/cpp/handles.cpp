// To C and back.
#include "check.hpp"

using asynchron::adopt;
using asynchron::from_handle;
using asynchron::future;
using asynchron::promise;

namespace {

template <class T> bool is_no(asynchron_t *a)
{
    return THROWN(asynchron::error, from_handle<T>(a).get()).code() == ASYNCHRON_E_INVALID;
}

struct pair_of_ints {
    int x, y;
};

// As long as the object that a std::string lies in, with anything in it.
struct imposter {
    alignas(std::string) unsigned char bytes[sizeof(asynchron::detail::box<std::string>)];
};

} // namespace

TEST(c_reads_what_cpp_delivers)
{
    promise<pair_of_ints> p;
    CHECK(p.set_value(pair_of_ints{1, 2}));
    pair_of_ints seen;
    CHECK(asynchron_get_bytes(p.handle(), &seen, sizeof seen, nullptr) == ASYNCHRON_OK && seen.y == 2);

    int number = 1;
    promise<int &> q;
    CHECK(q.set_value(number));
    asynchron_value_t value;
    CHECK(asynchron_get(q.handle(), &value) == ASYNCHRON_OK && value.data == &number && value.len == 0);

    promise<void> r;
    CHECK(r.set_value());
    CHECK(asynchron_get(r.handle(), &value) == ASYNCHRON_OK && value.data == nullptr && value.len == 0);

    promise<std::string> s;
    CHECK(s.set_value("text"));
    CHECK(asynchron_get(s.handle(), &value) == ASYNCHRON_OK);
    CHECK(*static_cast<const std::string *>(value.data) == "text"); // begins with it
}

TEST(cpp_reads_what_c_delivers)
{
    check::c_handle bytes, pointer, nothing, buffer;
    const double half = 0.5;
    static const int numbers[2] = {7, 8};
    int number = 3;
    CHECK(asynchron_set_bytes(bytes.a, &half, sizeof half) == ASYNCHRON_OK);
    CHECK(asynchron_set_pointer(pointer.a, &number, nullptr) == ASYNCHRON_OK);
    CHECK(asynchron_set_bytes(nothing.a, nullptr, 0) == ASYNCHRON_OK);
    CHECK(asynchron_set_buffer(buffer.a, numbers, sizeof numbers, nullptr, nullptr) == ASYNCHRON_OK);
    CHECK(from_handle<double>(bytes.a).get() == 0.5);
    CHECK(&from_handle<int &>(pointer.a).get() == &number);
    from_handle<void>(nothing.a).get();
    from_handle<void>(bytes.a).get();
    CHECK(from_handle<pair_of_ints>(buffer.a).get().y == 8);
    const auto f = from_handle<pair_of_ints>(buffer.a);
    CHECK(&f.get().x == &numbers[0]); // in place
}

TEST(a_value_may_refer_to_what_is_only_declared)
{
    check::c_handle inner, outer, bytes;
    CHECK(asynchron_set_pointer(outer.a, inner.a, nullptr) == ASYNCHRON_OK);
    CHECK(&from_handle<asynchron_t &>(outer.a).get() == inner.a);
    promise<asynchron_t &> p;
    CHECK(p.set_value(*inner.a) && &p.get_future().get() == inner.a);
    CHECK(&p.get_future().then([](asynchron_t &a) -> asynchron_t & { return a; }).get() == inner.a);
    CHECK(asynchron_set_bytes(bytes.a, "abc", 3) == ASYNCHRON_OK);
    CHECK(is_no<asynchron_t &>(bytes.a));
}

TEST(what_is_no_t_is_refused)
{
    check::c_handle bytes, pointer, nothing, crooked, null, other;
    alignas(int) static const char text[9] = "";
    imposter it;
    std::memset(&it, 0xa5, sizeof it);
    CHECK(asynchron_set_bytes(bytes.a, "abc", 3) == ASYNCHRON_OK);
    CHECK(asynchron_set_pointer(pointer.a, &it, nullptr) == ASYNCHRON_OK);
    CHECK(asynchron_set_bytes(nothing.a, nullptr, 0) == ASYNCHRON_OK);
    CHECK(asynchron_set_buffer(crooked.a, text + 1, sizeof(int), nullptr, nullptr) == ASYNCHRON_OK);
    CHECK(asynchron_set_pointer(null.a, nullptr, nullptr) == ASYNCHRON_OK);
    CHECK(asynchron_set_bytes(other.a, &it, sizeof it) == ASYNCHRON_OK);
    CHECK(is_no<int>(bytes.a) && is_no<int>(pointer.a) && is_no<int>(nothing.a) && is_no<int>(crooked.a));
    CHECK(is_no<int &>(bytes.a) && is_no<int &>(null.a) && is_no<int &>(nothing.a));
    CHECK(is_no<std::string>(bytes.a) && is_no<std::string>(pointer.a) && is_no<std::string>(nothing.a));
    CHECK(is_no<std::string>(other.a));
    const auto f = from_handle<int>(bytes.a);
    CHECK(THROWN(asynchron::error, f.get_for(std::chrono::seconds(1))).code() == ASYNCHRON_E_INVALID);
    const auto g = f.then([](int) {});
    CHECK(THROWN(asynchron::error, g.get()).code() == ASYNCHRON_E_INVALID);
}

TEST(an_object_of_another_type_is_refused)
{
    struct one {
        std::string text;
    };
    struct two {
        std::string text;
    };
    promise<one> p;
    CHECK(p.set_value(one{"x"}));
    CHECK(is_no<two>(p.handle()) && is_no<std::string>(p.handle()));
    const auto back = from_handle<one>(p.handle());
    CHECK(back.get().text == "x");
}

TEST(a_handle_is_borrowed_shared_or_handed_over)
{
    promise<int> p;
    future<int> f = p.get_future();
    CHECK(f.handle() == p.handle());
    asynchron_t *mine = f.release();
    CHECK(!f.valid());
    future<int> shared = from_handle<int>(mine), taken = from_handle<int>(mine, adopt);
    CHECK(shared == taken && taken == p.get_future());
    CHECK(!from_handle<int>(nullptr).valid() && !from_handle<int>(nullptr, adopt).valid());
}

TEST(a_promise_over_a_handle_of_c)
{
    check::c_handle c;
    {
        auto p = promise<int>::from_handle(c.a);
        CHECK(p.set_value(6));
    }
    CHECK(from_handle<int>(c.a).get() == 6);
    check::c_handle broken;
    {
        const auto p = promise<std::string>::from_handle(broken.a);
    }
    CHECK(THROWN(asynchron::error, from_handle<int>(broken.a).get()).code() == ASYNCHRON_E_BROKEN);

    promise<int> q;
    const auto f = q.get_future();
    asynchron_t *mine = q.release(); // and the duty with it
    CHECK(!q.valid() && !f.complete());
    const int one = 1;
    CHECK(asynchron_set_bytes(mine, &one, sizeof one) == ASYNCHRON_OK);
    asynchron_release(mine);
    CHECK(f.get() == 1);
    auto r = promise<int>::from_handle(asynchron_create("c"), adopt);
    CHECK(std::string(r.get_future().name()) == "c");
    r.cancel();
}

TEST(c_learns_by_then_and_cpp_goes_on)
{
    promise<int> p;
    const auto twice = [](asynchron_t *self, asynchron_t *const *sources, std::size_t, void *) -> std::int32_t {
        int n = 0;
        if (asynchron_get_bytes(sources[0], &n, sizeof n, nullptr) != ASYNCHRON_OK)
            return ASYNCHRON_E_INTERNAL;
        n *= 2;
        return asynchron_set_bytes(self, &n, sizeof n);
    };
    const auto f = from_handle<int>(asynchron_then(p.handle(), nullptr, twice, nullptr, nullptr), adopt);
    const auto g = f.then([](int n) { return n + 1; });
    p.set_value(4);
    CHECK(g.get() == 9);
    promise<int> q;
    const auto h = from_handle<int>(asynchron_then(q.handle(), nullptr, twice, nullptr, nullptr), adopt);
    q.set_exception(std::range_error("through C"));
    CHECK(std::string(THROWN(std::range_error, h.get()).what()) == "through C");
}

TEST(once_the_duty_is_handed_over_no_copy_of_a_promise_has_it)
{
    for (const bool copied_again : {false, true}) {
        promise<int> p;
        const auto f = p.get_future();
        asynchron_t *mine;
        {
            promise<int> copy = p, another = copy;
            mine = p.release();
            if (copied_again)
                copy = another;
            CHECK(!p.valid() && copy.valid());
        }
        CHECK(!f.complete());
        const int one = 1;
        CHECK(asynchron_set_bytes(mine, &one, sizeof one) == ASYNCHRON_OK);
        asynchron_release(mine);
        CHECK(f.get() == 1);
    }
    // A copy may still deliver.
    promise<int> q, copy = q;
    const auto f = q.get_future();
    asynchron_t *mine = q.release();
    CHECK(copy.set_value(2) && f.get() == 2);
    asynchron_release(mine);
}
