/**
 * @file asynchron/box.hpp
 * Values of C++ alone: an object on the heap.
 */

#ifndef ASYNCHRON_BOX_HPP
#define ASYNCHRON_BOX_HPP

#include "completing.hpp"
#include "plain.hpp"
#include "taking.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <type_traits>
#include <typeinfo>
#include <utility>

#include "begin.hpp"

ASYNCHRON_BEGIN_NAMESPACE

/// @cond
namespace ASYNCHRON_DETAIL {

// Which type a T is, for every module of the program to compare: by name, since each module may have a std::type_info of
// its own for the same type. Two that are local to their units may share a name, and are compared by address alone.
#if defined(__GXX_RTTI) || defined(_CPPRTTI) || defined(__cpp_rtti)
constexpr std::uint64_t TYPE_NAMES = UINT64_C(0x10000);

template <class T> const char *type_name() noexcept { return typeid(T).name(); }
#else
constexpr std::uint64_t TYPE_NAMES = UINT64_C(0x20000);

template <class T> const char *type_name() noexcept
{
#if defined(_MSC_VER)
    return __FUNCSIG__;
#else
    return __PRETTY_FUNCTION__;
#endif
}
#endif

inline bool same_type(const char *x, const char *y) noexcept
{
    const bool local = std::strstr(x, "_GLOBAL__N") != nullptr || std::strstr(x, "{anonymous}") != nullptr ||
                       std::strstr(x, "(anonymous ") != nullptr || std::strstr(x, "`anonymous") != nullptr;
    return x == y || (!local && std::strcmp(x, y) == 0);
}

// How it is told that it was taken out.
template <class T> using told_taken = typename std::conditional<is_copied<T>::value, never_taken, taking>::type;

// A T on the heap. A tag behind its bytes says what it is, since from_handle() may be given any handle.
template <class T> struct boxed {
    T value_;

    template <class... A> explicit boxed(A &&...args) : value_(std::forward<A>(args)...) {}
};

template <class T> class box : boxed<T>, asynchron_guarded_t, told_taken<T> {
    using boxed<T>::value_;

    std::uint64_t seal_;
    const char *type_;
    asynchron_t *origin_; // where it was delivered: that owns it, and is kept by all that have followed it

    // The module is held before anything is made that would need it.
    struct held {
        counted keeper;
    };
    static asynchron_guarded_t guarded(held &by) noexcept
    {
        const asynchron_guarded_t made = {by.keeper.release(), drop};
        return made;
    }
    template <class... A>
    explicit box(held &&by, A &&...args)
        : boxed<T>(std::forward<A>(args)...), asynchron_guarded_t(guarded(by)), seal_(SEAL), type_(type_name<T>()),
          origin_(nullptr)
    {
    }
    static void drop(void *guarded) noexcept
    {
        box *const it = static_cast<box *>(static_cast<asynchron_guarded_t *>(guarded));
        it->keeper = nullptr; // the library gives it up after this
        delete it;
    }
    static bool is_held(const asynchron_t *a) noexcept
    {
        return (is_copied<T>::value ? asynchron_is_shared(a) : asynchron_is_held(a)) != 0;
    }

    static constexpr std::uint64_t SEAL = UINT64_C(0xa5fc7202f2b20000) ^ TYPE_NAMES ^ STANDARD_LIBRARY;

public:
    struct from_function {};
    template <class... A>
    explicit box(A &&...args) : box(held{need_module()}, std::forward<A>(args)...)
    {
    }
    template <class F, class... A>
    box(from_function, F &&f, A &&...args) : box{held{need_module()}, std::forward<F>(f)(std::forward<A>(args)...)}
    {
    }
    box(const box &) = delete;
    void operator=(const box &) = delete;
    ~box() { asynchron_release(this->keeper); }

    // Hands it over.
    asynchron_status_t deliver(asynchron_t *a) noexcept
    {
        origin_ = a;
        asynchron_guarded_t *const owner = this;
        const noted<T> here(nullptr, 0, this);
        return asynchron_set_buffer(a, static_cast<void *>(this), sizeof(box), owner, asynchron_drop_guarded);
    }
    // Whether there is no other handle than this to any that has it. Promises hold what is copied, too: that stays for the
    // futures that they may hand out. What cannot be copied goes to the first who takes it.
    bool is_last(const asynchron_t *a) const noexcept { return !is_held(a) && (a == origin_ || !is_held(origin_)); }
    // Whether it is here for whoever has a future of it.
    using told_taken<T>::is_here;
    // Whether it is the caller's, which has found it here.
    bool be_taken(const asynchron_t *a) noexcept
    {
        return this->take([&] { return is_last(a); });
    }
    using told_taken<T>::put_back;
    T &value() noexcept { return value_; }
    T copy() const { return value_; }

    // Whatever the value is, at least this many bytes can be read.
    static box *find(const asynchron_value_t &value) noexcept
    {
        if (value.len != sizeof(box) || !is_aligned<box>(value.data))
            return nullptr;
        box *const it = static_cast<box *>(const_cast<void *>(value.data));
        return it->seal_ == SEAL && same_type(it->type_, type_name<T>()) ? it : nullptr;
    }
};

template <class T> struct as_box {
    typedef const T &reference;

    static constexpr std::size_t room = 0;

#if !defined(__cpp_aligned_new)
    static_assert(alignof(T) <= alignof(std::max_align_t), "a type aligned so strictly wants C++17");
#endif

    static asynchron_status_t put_box(asynchron_t *a, box<T> *made) noexcept
    {
        return made->deliver(a);
    }

    template <class... A> static asynchron_status_t put(asynchron_t *a, A &&...args)
    {
        return put_box(a, new box<T>(std::forward<A>(args)...));
    }

    static asynchron_status_t check(const asynchron_value_t &value) noexcept
    {
        box<T> *const found = box<T>::find(value);
        return found == nullptr ? ASYNCHRON_E_INVALID : found->is_here() ? ASYNCHRON_OK : ASYNCHRON_ALREADY;
    }
    static box<T> &find(const asynchron_value_t &value)
    {
        box<T> *const found = box<T>::find(value);
        if (found == nullptr)
            raise_other_type();
        if (!found->is_here())
            raise_taken();
        return *found;
    }
    static const T &read(const asynchron_value_t &value) { return find(value).value(); }

    // Whether it is the last to hold its value, or has none; it is complete. Only a look: see `take`.
    static bool is_last(asynchron_t *a) noexcept
    {
        asynchron_value_t value = {nullptr, 0};
        const box<T> *const found = asynchron_get(a, &value) == ASYNCHRON_OK ? box<T>::find(value) : nullptr;
        return found == nullptr || found->is_last(a);
    }

    static T take(asynchron_t *a, const asynchron_value_t &value) { return take(a, find(value), is_copied<T>()); }
    static T take(asynchron_t *a, box<T> &from, std::true_type)
    {
        if (from.is_last(a))
            return std::move(from.value());
        return static_cast<const box<T> &>(from).copy();
    }
    static T take(asynchron_t *a, box<T> &from, std::false_type)
    {
        const bool is_inside = completing::is_inside(a, std::addressof(from));
        if (!becomes_last(is_inside, [&] { return from.be_taken(a); }))
            raise_held(is_inside);
        ASYNCHRON_TRY { return std::move(from.value()); }
        ASYNCHRON_CATCH_ALL
        {
            from.put_back();
            ASYNCHRON_RETHROW;
        }
    }

    class parcel {
        std::unique_ptr<box<T>> made_;

    public:
        template <class F, class... A> void fill(F &&f, A &&...args)
        {
            made_.reset(new box<T>(typename box<T>::from_function(), std::forward<F>(f), std::forward<A>(args)...));
        }
        template <class U> void set(U &&value) { made_.reset(new box<T>(std::forward<U>(value))); }
        asynchron_status_t deliver(asynchron_t *a) noexcept { return put_box(a, made_.release()); }
    };
};

} // namespace detail
/// @endcond

ASYNCHRON_END_NAMESPACE

#include "end.hpp"

#endif // ASYNCHRON_BOX_HPP
