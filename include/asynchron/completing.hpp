/**
 * @file asynchron/completing.hpp
 * What is being completed on this thread.
 */

#ifndef ASYNCHRON_COMPLETING_HPP
#define ASYNCHRON_COMPLETING_HPP

#include "types.hpp"

#include <cstddef>
#include <type_traits>

#include "begin.hpp"

ASYNCHRON_BEGIN_NAMESPACE

/// @cond
namespace ASYNCHRON_DETAIL {

// What is being completed on this thread, while that calls the program. Whoever completes it holds it until all that was
// called has returned. All of it is the module's own: what one notes, no other may take off.
class ASYNCHRON_OWN completing {
    asynchron_t *const *all_;
    std::size_t n_;
    const void *value_; // or a value that is just being delivered
    const completing *outer_;

    static const completing *&innermost() noexcept
    {
        static thread_local const completing *it = nullptr;
        return it;
    }
    bool is(const asynchron_t *a, const void *value) const noexcept
    {
        for (std::size_t i = 0; i < n_; i++)
            if (all_[i] == a)
                return true;
        return value_ == value;
    }

public:
    completing(asynchron_t *const *all, std::size_t n, const void *value = nullptr) noexcept
        : all_(all), n_(n), value_(value), outer_(innermost())
    {
        innermost() = this;
    }
    completing(const completing &) = delete;
    void operator=(const completing &) = delete;
    ~completing() { innermost() = outer_; }

    // Whether this thread is inside of a call by the completion of this asynchron, or of another that has its value.
    static bool is_inside(const asynchron_t *a, const void *value) noexcept
    {
        for (const completing *it = innermost(); it != nullptr; it = it->outer_)
            if (it->is(a, value))
                return true;
        return false;
    }
};

struct not_noted {
    not_noted(asynchron_t *const *, std::size_t, const void * = nullptr) noexcept {}
};

// The same where it matters: nobody waits to be the last holder of a value that can be copied. A future of void may be
// one of any type.
template <class T>
using noted = typename std::conditional<std::is_void<T>::value || (std::is_object<T>::value && !is_copied<T>::value),
                                        completing, not_noted>::type;

} // namespace detail
/// @endcond

ASYNCHRON_END_NAMESPACE

#include "end.hpp"

#endif // ASYNCHRON_COMPLETING_HPP
