/**
 * @file asynchron/plain.hpp
 * Values that C can read and write, too: bytes, a pointer, nothing.
 */

#ifndef ASYNCHRON_PLAIN_HPP
#define ASYNCHRON_PLAIN_HPP

#include "errors.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

#include "begin.hpp"

ASYNCHRON_BEGIN_NAMESPACE

/// @cond
namespace ASYNCHRON_DETAIL {

// How a T is stored in an asynchron:
//   put, read     delivers one, and finds it again, if it fits
//   check         whether read() would find it, or why not
//   take          moves it out, or copies it
//   parcel        one that exists and is not delivered yet
//   room          bytes that an asynchron for one reserves, so that delivering it needs no memory

constexpr char OTHER_TYPE[] = "the value is not of the type that is asked for";

[[noreturn]] ASYNCHRON_COLD inline void raise_other_type() { refuse(OTHER_TYPE); }

// As what its address has to be aligned. A type that is only declared, as C's handles are, may be anywhere.
template <class T, class = void> struct alignment_of : std::integral_constant<std::size_t, 1> {};
template <class T>
struct alignment_of<T, decltype(static_cast<void>(sizeof(T)))> : std::integral_constant<std::size_t, alignof(T)> {};

template <class T> inline bool is_aligned(const void *p) noexcept
{
    return reinterpret_cast<std::uintptr_t>(p) % alignment_of<T>::value == 0;
}

// A copy of the bytes of a T, which C may read and write, too.
template <class T> struct as_bytes {
    typedef const T &reference;

    // Its room is made with the asynchron, unless it has room for that anyway, or the value is large.
    static constexpr std::size_t room = sizeof(T) > 16 && sizeof(T) <= 4096 ? sizeof(T) : 0;

    // One that exists already is not copied on the stack.
    static asynchron_status_t put(asynchron_t *a, const T &value) noexcept
    {
        return asynchron_set_bytes(a, std::addressof(value), sizeof(T));
    }
    static asynchron_status_t put(asynchron_t *a, T &value) noexcept { return put(a, const_cast<const T &>(value)); }
    static asynchron_status_t put(asynchron_t *a, T &&value) noexcept { return put(a, const_cast<const T &>(value)); }

    template <class... A> static asynchron_status_t put(asynchron_t *a, A &&...args)
    {
        const T value(std::forward<A>(args)...);
        return put(a, value);
    }

    static asynchron_status_t check(const asynchron_value_t &value) noexcept
    {
        return fits(value) ? ASYNCHRON_OK : ASYNCHRON_E_INVALID;
    }
    static bool fits(const asynchron_value_t &value) noexcept
    {
        return value.len == sizeof(T) && is_aligned<T>(value.data);
    }
    static const T &read(const asynchron_value_t &value)
    {
        if (!fits(value))
            raise_other_type();
        return *static_cast<const T *>(value.data);
    }
    static T take(asynchron_t *, const asynchron_value_t &value) { return read(value); }

    class parcel {
        union {
            T value_;
        };

    public:
        parcel() noexcept {}
        parcel(const parcel &other) noexcept { std::memcpy(place(), other.place(), sizeof(T)); }
        void operator=(const parcel &) = delete;
        void *place() noexcept { return const_cast<void *>(static_cast<const parcel *>(this)->place()); }
        const void *place() const noexcept { return static_cast<const void *>(std::addressof(value_)); }
        template <class F, class... A> void fill(F &&f, A &&...args)
        {
            ::new (place()) T(std::forward<F>(f)(std::forward<A>(args)...));
        }
        template <class U> void set(U &&value) { ::new (place()) T(std::forward<U>(value)); }
        asynchron_status_t deliver(asynchron_t *a) noexcept { return asynchron_set_bytes(a, place(), sizeof(T)); }
    };
};

// A pointer to what nobody frees.
template <class T> struct as_pointer {
    typedef T &reference;

    static constexpr std::size_t room = 0;

    static_assert(!std::is_function<T>::value, "an asynchron refers to objects, not functions");

    static void *plain(T &object) noexcept
    {
        return const_cast<void *>(static_cast<const volatile void *>(std::addressof(object)));
    }

    static asynchron_status_t put(asynchron_t *a, T &object) noexcept
    {
        return asynchron_set_pointer(a, plain(object), nullptr);
    }

    static asynchron_status_t check(const asynchron_value_t &value) noexcept
    {
        return fits(value) ? ASYNCHRON_OK : ASYNCHRON_E_INVALID;
    }
    static bool fits(const asynchron_value_t &value) noexcept
    {
        return value.len == 0 && value.data != nullptr && is_aligned<T>(value.data);
    }
    static T &read(const asynchron_value_t &value)
    {
        if (!fits(value))
            raise_other_type();
        return *static_cast<T *>(const_cast<void *>(value.data));
    }
    static T &take(asynchron_t *, const asynchron_value_t &value) { return read(value); }

    class parcel {
        T *object_ = nullptr;

    public:
        template <class F, class... A> void fill(F &&f, A &&...args)
        {
            object_ = std::addressof(std::forward<F>(f)(std::forward<A>(args)...));
        }
        void set(T &object) noexcept { object_ = std::addressof(object); }
        asynchron_status_t deliver(asynchron_t *a) noexcept { return put(a, *object_); }
    };
};

// The empty value.
struct as_nothing {
    typedef void reference;

    static constexpr std::size_t room = 0;

    static asynchron_status_t put(asynchron_t *a) noexcept { return asynchron_set_bytes(a, nullptr, 0); }
    static asynchron_status_t check(const asynchron_value_t &) noexcept { return ASYNCHRON_OK; }
    static void read(const asynchron_value_t &) noexcept {}
    static void take(asynchron_t *, const asynchron_value_t &) noexcept {}
    class parcel {
    public:
        template <class F, class... A> void fill(F &&f, A &&...args)
        {
            std::forward<F>(f)(std::forward<A>(args)...);
        }
        asynchron_status_t deliver(asynchron_t *a) noexcept { return put(a); }
    };
};

} // namespace detail
/// @endcond

ASYNCHRON_END_NAMESPACE

#include "end.hpp"

#endif // ASYNCHRON_PLAIN_HPP
