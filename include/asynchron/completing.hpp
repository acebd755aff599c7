/**
 * @file asynchron/completing.hpp
 * What is being completed on this thread.
 */

#ifndef ASYNCHRON_COMPLETING_HPP
#define ASYNCHRON_COMPLETING_HPP

#include "errors.hpp"
#include "types.hpp"

#include <chrono>
#include <cstddef>
#include <thread>
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
        for (std::size_t i = 0; i < n_; i++) {
            asynchron_value_t held = {nullptr, 0};
            if (all_[i] == a || (asynchron_poll(all_[i]) == ASYNCHRON_OK &&
                                 asynchron_get(all_[i], &held) == ASYNCHRON_OK && held.data == value))
                return true;
        }
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

// Tries until the thread that delivered it, which may be about to release it, is no holder any more. Inside of what the
// completion has called that would be in vain.
template <class Try> bool becomes_last(bool is_inside, Try is_last)
{
    const std::chrono::steady_clock::time_point end = std::chrono::steady_clock::now() + std::chrono::seconds(1);
    for (int i = 0; !is_last(); i++) {
        if (is_inside || std::chrono::steady_clock::now() >= end)
            return false;
        if (i < 100)
            std::this_thread::yield();
        else
            std::this_thread::sleep_for(std::chrono::microseconds(100));
    }
    return true;
}

[[noreturn]] ASYNCHRON_COLD inline void raise_held(bool is_inside)
{
    refuse(is_inside ? "the value cannot be moved out inside a callback of its own completion: take it afterwards"
                     : "the value cannot be moved out: others hold it, too",
           ASYNCHRON_ALREADY);
}

struct not_noted {
    not_noted(asynchron_t *const *, std::size_t, const void * = nullptr) noexcept {}
};

// The same where it matters: nobody waits to be the last holder of a value that can be copied. A future of void may be
// one of any type.
template <class T>
using noted = typename std::conditional<!std::is_object<T>::value || !is_copied<T>::value, completing, not_noted>::type;

} // namespace detail
/// @endcond

ASYNCHRON_END_NAMESPACE

#include "end.hpp"

#endif // ASYNCHRON_COMPLETING_HPP
