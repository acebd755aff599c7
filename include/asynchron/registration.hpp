/**
 * @file asynchron/registration.hpp
 * Callbacks that can be taken back: what future::notify() returns.
 */

#ifndef ASYNCHRON_REGISTRATION_HPP
#define ASYNCHRON_REGISTRATION_HPP

#include "handles.hpp"

#include <cstdint>
#include <utility>

#include "begin.hpp"

ASYNCHRON_BEGIN_NAMESPACE

/// @cond
namespace ASYNCHRON_DETAIL {

template <class F, class T> class told;

} // namespace detail
/// @endcond

/**
 * Inside a callback: runs here what is due on this thread, which would run after the callback: callbacks of what has been
 * completed in it, and destructors. So what those use can be destroyed after this call. Those whose turn was before come
 * first. Outside of callbacks it does nothing.
 */
inline void run_due() noexcept { asynchron_run_due(); }

/** What registration::try_remove() found. */
enum class removal {
    removed, /**< The callback never ran and never will. */
    too_late, /**< It has run, or was removed before, or there was none. */
    running, /**< It is running on another thread. */
};

/**
 * A callback registered by future::notify(), for taking it back. Destroying this does not: the callback stays. It holds
 * a reference to the asynchron, so do not keep it longer than you need it.
 */
class registration {
    detail::counted a_;
    std::uint64_t token_ = 0;

    template <class F, class T> friend class detail::told;
    registration(const detail::counted &a, std::uint64_t token) noexcept : a_(a), token_(token) {}

public:
    /** Refers to no callback. */
    registration() noexcept {}
    /** Takes the callback over; the other refers to none then. */
    registration(registration &&other) noexcept : a_(std::move(other.a_)), token_(other.token_) {}
    /** The same. The callback that this one referred to stays. */
    registration &operator=(registration &&other) noexcept
    {
        a_ = std::move(other.a_);
        token_ = other.token_;
        return *this;
    }

    /**
     * Takes the callback back, and waits if it is running on another thread: afterwards nothing of it is in use.
     *
     * - Threads: blocks while it runs elsewhere; from inside the callback itself it does not wait.
     * - Returns: true: it never ran and never will; false: it has run, or there is none.
     */
    bool remove() noexcept
    {
        const detail::counted a(std::move(a_));
        return a.get() != nullptr && asynchron_unnotify(a.get(), token_) == ASYNCHRON_OK;
    }

    /** The same without waiting. */
    removal try_remove() noexcept
    {
        const asynchron_status_t status =
            a_.get() == nullptr ? ASYNCHRON_ALREADY : asynchron_try_unnotify(a_.get(), token_);
        if (status == ASYNCHRON_PENDING)
            return removal::running;
        a_ = detail::counted();
        return status == ASYNCHRON_OK ? removal::removed : removal::too_late;
    }
};

/** Takes its callback back when it is destroyed, and waits if the callback is running on another thread: for callbacks
 *  that use what is destroyed next. */
class scoped_registration {
    registration held_;

public:
    /** Refers to no callback. */
    scoped_registration() noexcept {}
    /** From what future::notify() returned. */
    scoped_registration(registration &&held) noexcept : held_(std::move(held)) {}
    /** Takes the callback over; the other refers to none then. */
    scoped_registration(scoped_registration &&other) noexcept : held_(std::move(other.held_)) {}
    /** The same; the callback that this one referred to is taken back. */
    scoped_registration &operator=(scoped_registration &&other) noexcept
    {
        if (this != &other) {
            held_.remove();
            held_ = std::move(other.held_);
        }
        return *this;
    }
    /** Takes it back. Blocks while it is running on another thread. */
    ~scoped_registration() { held_.remove(); }
};

ASYNCHRON_END_NAMESPACE

#include "end.hpp"

#endif // ASYNCHRON_REGISTRATION_HPP
