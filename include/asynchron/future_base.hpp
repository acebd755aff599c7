/**
 * @file asynchron/future_base.hpp
 * What futures of every type have in common: waiting, looking, cancelling.
 */

#ifndef ASYNCHRON_FUTURE_BASE_HPP
#define ASYNCHRON_FUTURE_BASE_HPP

#include "errors.hpp"
#include "time.hpp"

#include <chrono>
#include <cstdint>
#include <exception>
#include <string>
#include <utility>

#include "begin.hpp"

ASYNCHRON_BEGIN_NAMESPACE

/** How far the work on a value is. What it means is yours: bytes, files, rounds. */
struct progress {
    std::uint64_t done;  /**< So much is done. */
    std::uint64_t total; /**< Of so much; 0: not known. */
};

/** What futures of every type have in common. */
class future_base {
    bool wait_ns(std::uint64_t timeout) const
    {
        const asynchron_status_t status = asynchron_wait(a_.get(), timeout);
        if (status < 0)
            detail::raise(nullptr, status);
        return status == ASYNCHRON_OK;
    }

    bool returned_ns(std::uint64_t timeout) const
    {
        const asynchron_status_t status = asynchron_wait_returned(a_.get(), timeout);
        if (status < 0)
            detail::raise(nullptr, status);
        return status == ASYNCHRON_OK;
    }

protected:
    /// @cond
    detail::counted a_;

    future_base() noexcept {}
    explicit future_base(detail::counted a) noexcept : a_(std::move(a)) {}
    future_base(const future_base &) noexcept = default;
    future_base(future_base &&) noexcept = default;
    future_base &operator=(const future_base &) noexcept = default;
    future_base &operator=(future_base &&) noexcept = default;
    ~future_base() = default;
    /// @endcond

public:
    /** Whether there is an asynchron. */
    bool valid() const noexcept { return a_.get() != nullptr; }

    /** Blocks until it is complete, however it ends. Throws error: ASYNCHRON_E_DEADLOCK, ASYNCHRON_E_INVALID. */
    void wait() const { wait_ns(ASYNCHRON_FOREVER); }

    /** The same for at most this long. Returns whether it is complete. With a time of 0 it does not wait. */
    template <class Rep, class Period> bool wait_for(const std::chrono::duration<Rep, Period> &time) const
    {
        return wait_ns(detail::nanoseconds_of(time));
    }

    /** The same until a time of any clock; a change of the clock meanwhile takes effect after the wait. */
    template <class Clock, class Duration>
    bool wait_until(const std::chrono::time_point<Clock, Duration> &time) const
    {
        return detail::until(time, [this](std::uint64_t ns) { return wait_ns(ns); });
    }

    /**
     * Blocks until no function of it runs any more: one that was cancelled, or overtaken by another delivery, may go on
     * after the future is complete. Then what that function uses can be destroyed.
     *
     * - Returns at once if none ever ran.
     * - Throws: error: ASYNCHRON_E_DEADLOCK inside that function, ASYNCHRON_E_INVALID.
     */
    void wait_returned() const { returned_ns(ASYNCHRON_FOREVER); }

    /** The same for at most this long. Returns whether none runs. With a time of 0 it does not wait. */
    template <class Rep, class Period> bool wait_returned_for(const std::chrono::duration<Rep, Period> &time) const
    {
        return returned_ns(detail::nanoseconds_of(time));
    }

    /** Where it is in its life, at this moment; pending without state. */
    asynchron::state state() const noexcept
    {
        return static_cast<asynchron::state>(static_cast<std::int32_t>(asynchron_state(a_.get())));
    }

    /** Whether it is complete, however it ended: then get() does not block. */
    bool complete() const noexcept
    {
        const asynchron_status_t status = asynchron_poll(a_.get());
        return status >= 0 && status != ASYNCHRON_PENDING;
    }

#if defined(ASYNCHRON_EXCEPTIONS)
    /** What get() would throw, if it is complete and has no value; else nullptr. Does not block. */
    std::exception_ptr exception() const
    {
        const asynchron_status_t status = asynchron_poll(a_.get());
        const bool failed = status == ASYNCHRON_FAILED || status == ASYNCHRON_CANCELLED;
        return failed ? detail::as_exception(a_.get(), status) : std::exception_ptr();
    }
#endif

    /** The name that promise::promise() was given, or else one made now; valid as long as a future of it is left. */
    const char *name() const noexcept { return asynchron_name(a_.get()); }

    /**
     * Cancels it: all waits end, and get() throws cancelled. A function that is computing it goes on; it can ask its
     * computation whether that happened, and what it delivers is dropped.
     *
     * - Returns: whether this cancelled it; false: it was complete already.
     * - Throws: error without state.
     */
    bool cancel() const { return detail::won(asynchron_cancel(a_.get())); }

    /** The same with a reason, which cancelled::reason() returns. Throws std::bad_alloc, too. */
    bool cancel(const std::string &reason) const
    {
        return detail::won(asynchron_cancel_with(a_.get(), reason.c_str()));
    }

    /**
     * Cancels it, as cancel(), unless its computation has begun: that goes on, and its result is delivered.
     *
     * - Returns: whether this cancelled it; false: it has begun, or was complete already.
     * - Throws: error without state.
     */
    bool cancel_pending() const { return detail::won(asynchron_cancel_pending(a_.get(), nullptr)); }

    /** The same with a reason, which cancelled::reason() returns. Throws std::bad_alloc, too. */
    bool cancel_pending(const std::string &reason) const
    {
        return detail::won(asynchron_cancel_pending(a_.get(), reason.c_str()));
    }

    /**
     * Gives it so much time: unless it is complete by then, it fails with error, domain "asynchron", code
     * ASYNCHRON_TIMEOUT. What computes it goes on. A later call replaces the time; the greatest duration, such as
     * `std::chrono::seconds::max()`, takes it back; none, or less, is over now. It does not keep the asynchron.
     *
     * - Returns: true; false: it was complete already.
     * - Threads: does not block; no thread sleeps for it. What follows runs on a thread that serves all times: be quick.
     * - Throws: std::bad_alloc; std::system_error if no thread can be had; error without state.
     */
    template <class Rep, class Period> bool expire_after(const std::chrono::duration<Rep, Period> &time) const
    {
        return detail::won(asynchron_expire_after(a_.get(), detail::nanoseconds_of(time)));
    }

    /** How far it is: what promise_base::progress() or computation::progress() said last, both numbers at once; 0 of 0
     *  until one did. Nobody is woken by it: look now and then, as between two wait_for(). */
    asynchron::progress progress() const noexcept
    {
        asynchron::progress seen = {0, 0};
        const asynchron_status_t status = asynchron_progress_of(a_.get(), &seen.done, &seen.total);
        (void)status; // none was set
        return seen;
    }

    /** The asynchron, for C; this keeps its reference. nullptr without state. */
    asynchron_t *handle() const noexcept { return a_.get(); }

    /** The same, and the caller takes over this future's reference and has to release it. Not valid() then. */
    ASYNCHRON_MUST_USE asynchron_t *release() noexcept { return a_.release(); }
};

ASYNCHRON_END_NAMESPACE

#include "end.hpp"

#endif // ASYNCHRON_FUTURE_BASE_HPP
