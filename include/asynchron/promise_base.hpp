/**
 * @file asynchron/promise_base.hpp
 * What promises of every type have in common: their share in the duty to deliver, failures, cancelling, progress.
 */

#ifndef ASYNCHRON_PROMISE_BASE_HPP
#define ASYNCHRON_PROMISE_BASE_HPP

#include "errors.hpp"
#include "registration.hpp"
#include "time.hpp"
#include "types.hpp"

#include <chrono>
#include <cstdint>
#include <exception>
#include <string>
#include <type_traits>
#include <utility>

#include "begin.hpp"

ASYNCHRON_BEGIN_NAMESPACE

/// @cond
namespace ASYNCHRON_DETAIL {

// One share in the duty to deliver, or none. It keeps the asynchron.
class share_of_duty {
    asynchron_promise_t *p_;
    asynchron_t *a_; // what it delivers into

public:
    share_of_duty() noexcept : p_(nullptr), a_(nullptr) {}
    share_of_duty(asynchron_promise_t *p, adopt_t) noexcept : p_(p), a_(asynchron_promise_asynchron(p)) {}
    share_of_duty(const share_of_duty &other) noexcept : p_(asynchron_promise_retain(other.p_)), a_(other.a_) {}
    share_of_duty(share_of_duty &&other) noexcept : p_(other.p_), a_(other.a_) { other.p_ = nullptr, other.a_ = nullptr; }
    share_of_duty &operator=(share_of_duty other) noexcept
    {
        std::swap(p_, other.p_);
        std::swap(a_, other.a_);
        return *this;
    }
    ~share_of_duty()
    {
        if (p_ != nullptr)
            asynchron_promise_release(p_);
    }

    static share_of_duty in(asynchron_t *a)
    {
        if (a == nullptr)
            return share_of_duty();
        asynchron_promise_t *const made = asynchron_promise_create(a, 0);
        if (made == nullptr)
            raise_no_memory();
        return share_of_duty(made, adopt);
    }

    asynchron_promise_t *get() const noexcept { return p_; }
    asynchron_t *asynchron() const noexcept { return a_; }
};

// What is delivered for what is thrown.
inline const error &as_thrown(const error &thrown) noexcept { return thrown; }
inline const cancelled &as_thrown(const cancelled &thrown) noexcept { return thrown; }
#if defined(ASYNCHRON_EXCEPTIONS)
inline const std::exception_ptr &as_thrown(const std::exception_ptr &thrown)
{
    if (thrown == nullptr)
        refuse("there is no exception to deliver");
    return thrown;
}
template <class E, class = when<!std::is_convertible<E, std::exception_ptr>::value>>
std::exception_ptr as_thrown(const E &thrown)
{
    return std::make_exception_ptr(thrown);
}
#endif

// Has the duty until the asynchron is complete, or is no more: C will deliver.
class left_to_c : guard {
    share_of_duty duty_;

    template <class T> friend asynchron_drop_fn_t drop_of() noexcept;
    explicit left_to_c(const share_of_duty &duty) : guard(drop), duty_(duty) {}
    static void nothing(asynchron_t *, void *) noexcept {}
    static void drop(void *ctx) noexcept
    {
        left_to_c *const it = static_cast<left_to_c *>(ctx);
        it->is_dropped();
        delete it;
    }

public:
    // Of a cancel alone: that makes nobody interested in the value.
    static void leave(const share_of_duty &duty)
    {
        asynchron_notify_options_t options = asynchron_notify_options_t();
        options.size = sizeof options;
        options.fn = nothing;
        options.ctx = new left_to_c(duty);
        options.drop_ctx = drop_of<left_to_c>();
        options.flags = ASYNCHRON_ON_CANCEL;
        need(asynchron_notify_with(duty.asynchron(), &options, nullptr));
    }
};

} // namespace detail
/// @endcond

/** What promises of every type have in common. */
class promise_base {
    detail::share_of_duty duty_;

    template <class Thrown> ASYNCHRON_HIDDEN bool deliver(const Thrown &thrown)
    {
        if (!valid())
            detail::raise(nullptr, ASYNCHRON_E_INVALID);
        return detail::fail(handle(), thrown);
    }

protected:
    /// @cond
    explicit promise_base(const detail::counted &a) : duty_(detail::share_of_duty::in(a.get())) {}
    explicit promise_base(detail::share_of_duty duty) noexcept : duty_(std::move(duty)) {}
    promise_base(const promise_base &) noexcept = default;
    promise_base(promise_base &&) noexcept = default;
    promise_base &operator=(const promise_base &) noexcept = default;
    promise_base &operator=(promise_base &&) noexcept = default;
    ~promise_base() = default;
    /// @endcond

public:
    /** Whether there is an asynchron. */
    bool valid() const noexcept { return duty_.get() != nullptr; }

    /**
     * Says that the value is being computed, by means of your own: a thread, a device, a server. It is running from then
     * on, until somebody delivers or cancels: future_base::cancel_pending() comes too late.
     *
     * - Returns: whether the work is yours; false: somebody else's function is at it, or it was cancelled or delivered.
     * - Throws: error without state.
     */
    bool start() { return detail::won(asynchron_start(handle())); }

    /** Delivers a failure: every get() throws it. Returns whether this won; false: it was complete already. Throws
     *  error without state. */
    ASYNCHRON_HIDDEN bool set_exception(const error &failure) { return deliver(failure); }

    /** The same for a cancel. */
    ASYNCHRON_HIDDEN bool set_exception(const cancelled &cancel) { return deliver(cancel); }

#if defined(ASYNCHRON_EXCEPTIONS)
    /**
     * Delivers an exception: every get() throws it. asynchron::cancelled cancels.
     *
     * - Returns: whether this won; false: it was complete already.
     * - Throws: error without state, or if `thrown` is null. Out of memory, it still fails it, with std::bad_alloc.
     */
    ASYNCHRON_HIDDEN bool set_exception(const std::exception_ptr &thrown)
    {
        if (thrown == nullptr && valid())
            detail::refuse("there is no exception to deliver");
        return deliver(thrown);
    }

    /** The same for an exception object, delivered by its static type: in a handler that caught a base, pass
     *  std::current_exception() instead. */
    template <class E, class = detail::when<!std::is_convertible<E, std::exception_ptr>::value>>
    ASYNCHRON_HIDDEN bool set_exception(E thrown)
    {
        return set_exception(std::make_exception_ptr(std::move(thrown)));
    }
#endif

    /** As future_base::cancel(). */
    bool cancel() { return detail::won(asynchron_cancel(handle())); }

    /** As future_base::cancel(). */
    bool cancel(const std::string &reason) { return detail::won(asynchron_cancel_with(handle(), reason.c_str())); }

    /** As future_base::cancel_pending(). */
    bool cancel_pending() { return detail::won(asynchron_cancel_pending(handle(), nullptr)); }

    /** As future_base::cancel_pending(). */
    bool cancel_pending(const std::string &reason)
    {
        return detail::won(asynchron_cancel_pending(handle(), reason.c_str()));
    }

    /**
     * Says how far the work is, for future_base::progress(). A total of 0 means that it is not known. The last call wins.
     *
     * - Threads: any number, and none waits. Call it as often as you like: only the first call needs memory.
     * - Returns: true; false: it is complete, and the progress stays as it was.
     * - Throws: std::bad_alloc; error without state.
     */
    bool progress(std::uint64_t done, std::uint64_t total) { return detail::won(asynchron_progress(handle(), done, total)); }

    /** As future_base::expire_after(). */
    template <class Rep, class Period> bool expire_after(const std::chrono::duration<Rep, Period> &time)
    {
        return detail::won(asynchron_expire_after(handle(), detail::nanoseconds_of(time)));
    }

    /**
     * From now on it is cancelled, with the reason "unwanted", as soon as nobody but promises holds it and nothing is
     * registered on it: no callback but one by on_cancel(), no then(), no wait. So take the future before. Learn of it by is_cancelled() or
     * on_cancel(), whose registration you drop, since that is a handle. It cannot be taken back.
     *
     * Throws std::bad_alloc; error without state.
     */
    void cancel_unwanted()
    {
        if (!valid())
            detail::raise(nullptr, ASYNCHRON_E_INVALID);
        asynchron_promise_t *const with_flag = asynchron_promise_create(handle(), ASYNCHRON_PROMISE_CANCEL_UNWANTED);
        if (with_flag == nullptr)
            detail::raise_no_memory();
        asynchron_promise_release(with_flag);
    }

    /** Whether it was cancelled: nobody wants the value any more. */
    bool is_cancelled() const noexcept { return asynchron_poll(handle()) == ASYNCHRON_CANCELLED; }

    /**
     * Calls `f` if it is cancelled: nobody wants the value any more, so stop what makes it. If it ends otherwise, `f` is
     * destroyed then. Wants then.hpp.
     *
     * - `f` takes nothing, or a `const future<void>&`, whose exception() has the reason. It must not throw.
     * - Returns: an object to take the callback back with; it may be dropped. It holds a handle as a future does.
     * - Threads: does not block. `f` runs on the thread that cancels it; here, if it is cancelled already.
     * - Throws: std::bad_alloc; error without state.
     */
    template <class F> ASYNCHRON_HIDDEN registration on_cancel(F &&f) const
    {
        return detail::told<detail::decayed<F>, void>::listen(handle(), std::forward<F>(f), ASYNCHRON_ON_CANCEL);
    }

    /** The asynchron, for C; this keeps its reference. nullptr without state. */
    asynchron_t *handle() const noexcept { return duty_.asynchron(); }

    /** The promise, for C; this keeps its share. nullptr without state. */
    asynchron_promise_t *promise_handle() const noexcept { return duty_.get(); }

    /** The asynchron, and the caller gets a reference to it, and the duty to deliver: C must deliver, fail or cancel it
     *  before it releases it, or those who hold a future wait for ever. Not valid() then. Copies of this promise may still
     *  deliver, but need not: the last one goes without failing it. Throws std::bad_alloc, and nothing has changed. */
    ASYNCHRON_MUST_USE ASYNCHRON_HIDDEN asynchron_t *release()
    {
        if (!valid())
            return nullptr;
        detail::left_to_c::leave(duty_);
        asynchron_t *const a = asynchron_retain(handle());
        duty_ = detail::share_of_duty();
        return a;
    }
};

ASYNCHRON_END_NAMESPACE

#include "end.hpp"

#endif // ASYNCHRON_PROMISE_BASE_HPP
