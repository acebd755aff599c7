/**
 * @file asynchron/values.hpp
 * How a value of any type is stored, what is seen of it, and how it is taken out.
 */

#ifndef ASYNCHRON_VALUES_HPP
#define ASYNCHRON_VALUES_HPP

#include "box.hpp"
#include "bytes.hpp"

#include <cstddef>
#include <type_traits>
#include <utility>

#include "begin.hpp"

ASYNCHRON_BEGIN_NAMESPACE

/// @cond
namespace ASYNCHRON_DETAIL {

template <class T>
struct kind
    : std::conditional<std::is_trivially_copyable<T>::value && alignof(T) <= alignof(std::max_align_t), as_bytes<T>,
                       as_box<T>>::type {
    static_assert(std::is_object<T>::value && !std::is_array<T>::value, "a future of what can be returned");
    static_assert(std::is_same<T, bare<T>>::value, "a future's value is const as it is");
};
template <class T> struct kind<T &> : as_pointer<T> {};
template <> struct kind<void> : as_nothing {};
template <> struct kind<bytes> : as_raw {};

// What get() of an lvalue returns; T need not be complete yet.
template <class T> struct seen_as {
    typedef const T &type;
};
template <class T> struct seen_as<T &> {
    typedef T &type;
};
template <> struct seen_as<void> {
    typedef void type;
};
template <> struct seen_as<bytes> {
    typedef bytes type;
};

// What is seen of the value of `a`.
template <class T> struct seeing {
    static typename seen_as<T>::type see(asynchron_t *, const asynchron_value_t &value) { return kind<T>::read(value); }
};
template <> struct seeing<bytes> : as_raw {};

// And of an rvalue, which may be the last to hold it: a copy if T can be copied, else what take() returns.
template <class T> struct is_taken : std::integral_constant<bool, !std::is_object<T>::value || is_copied<T>::value> {};

// The T of the future that ready<T>(U) returns; T is void if it is not given.
template <class T, class U, bool = std::is_convertible<U, T>::value> struct ready_as {};
template <class T, class U> struct ready_as<T, U, true> {
    typedef T type;
};
template <class T, class U> // no reference to a temporary that the conversion makes
struct ready_as<T &, U &, true> : std::enable_if<std::is_convertible<U *, T *>::value, T &> {};
template <class T, class U> struct ready_as<T &, U, true> {};
template <class U> struct ready_as<void, U, false> {
    typedef decayed<U> type;
};

// An asynchron for one, with room for the value.
template <class T> counted create_for(const char *name = nullptr)
{
    if (kind<T>::room == 0)
        return counted::create(name);
    asynchron_options_t options = asynchron_options_t();
    options.size = sizeof options;
    options.name = name;
    options.reserve = kind<T>::room;
    asynchron_t *a = nullptr;
    need(asynchron_create_with(&options, &a));
    return counted(a, adopt);
}

// Delivers what was computed, unless another delivery came first.
template <class Parcel> void deliver(asynchron_t *a, Parcel &made) noexcept
{
    if (made.deliver(a) == ASYNCHRON_E_NOMEM)
        fail_without_memory(a);
}

// Gives up the handle once the taken value is in its place.
struct letting_go {
    counted &a;
    bool let;
    ~letting_go()
    {
        if (let)
            a = counted();
    }
};

template <class T> T take_out(counted &a, const asynchron_value_t &value)
{
    letting_go gone{a, true};
    ASYNCHRON_TRY { return kind<T>::take(a.get(), value); }
    ASYNCHRON_CATCH_ALL
    {
        gone.let = false;
        ASYNCHRON_RETHROW;
    }
}

// Takes the pointer of asynchron_set_pointer() out, and the handle with it.
inline void take_pointer(counted &a, const asynchron_value_t &value)
{
    const bool is_inside = completing::is_inside(a.get(), value.data);
    void *taken = nullptr;
    asynchron_status_t status;
    if (!becomes_last(is_inside, [&] { return (status = asynchron_take(a.get(), &taken)) != ASYNCHRON_ALREADY; }))
        raise_held(is_inside);
    if (status != ASYNCHRON_OK)
        raise_other_type();
    (void)a.release(); // gone
}

} // namespace detail
/// @endcond

ASYNCHRON_END_NAMESPACE

#include "end.hpp"

#endif // ASYNCHRON_VALUES_HPP
