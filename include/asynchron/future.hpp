/**
 * @file asynchron/future.hpp
 * The side that waits. For future::try_get() there is outcome.hpp, for future::then(), future::notify() and
 * future::on_cancel() then.hpp, for future::catch_error() and future::finally() recover.hpp.
 */

#ifndef ASYNCHRON_FUTURE_HPP
#define ASYNCHRON_FUTURE_HPP

#include "executor.hpp"
#include "future_base.hpp"
#include "registration.hpp"
#include "values.hpp"

#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include "begin.hpp"

ASYNCHRON_BEGIN_NAMESPACE

/// @cond
namespace ASYNCHRON_DETAIL {

template <class T, class F> struct then_of;
template <class T, class F> struct caught_of;
template <class T, class F> class at_last;
} // namespace detail
/// @endcond

/**
 * A value of type T that arrives later, or an exception, or a cancel. T is any type that can be moved, a reference, or
 * void.
 *
 * Any number of futures may share one asynchron, and any number of threads may wait for it: all of them see the same
 * const value, as long as one future of it is left. Destroying a future does not wait. So get() does not move the value
 * out, unlike that of std::future: it returns a reference, any number of times. If others have to own the value beyond
 * the future, a std::shared_ptr is the best T.
 */
template <class T> class future : public future_base {
    explicit future(detail::counted a) noexcept : future_base(std::move(a)) {}

    // Whether there is a value in time. If it ended otherwise, throws that.
    bool get_ns(std::uint64_t timeout, asynchron_value_t &value) const
    {
        const asynchron_status_t status = asynchron_get_timeout(a_.get(), timeout, &value);
        if (status != ASYNCHRON_OK && status != ASYNCHRON_TIMEOUT)
            detail::raise(a_.get(), status);
        return status == ASYNCHRON_OK;
    }

public:
    /** The type of the value. */
    typedef T value_type;

    /** What get_for() returns: a pointer to the value, or nullptr; for a future of void, whether it is complete. */
    typedef typename std::conditional<
        std::is_void<T>::value, bool,
        typename std::remove_reference<typename detail::seen_as<T>::type>::type *>::type found_type;

    /** Without state: not valid(). */
    future() noexcept {}

    /** Every future converts to a future of void of the same asynchron: it tells whether that is complete or failed. */
    template <class U, class = detail::when<std::is_void<T>::value && !std::is_void<U>::value>>
    future(const future<U> &other) noexcept : future_base(detail::counted::share(other.handle()))
    {
    }
    /** The same; the other is not valid() then. */
    template <class U, class = detail::when<std::is_void<T>::value && !std::is_void<U>::value>>
    future(future<U> &&other) noexcept : future_base(detail::counted(other.release(), adopt))
    {
    }

    /**
     * Blocks until it is complete.
     *
     * - Threads: any number; blocks. If it was made by on_demand(), the first to ask runs its function.
     * - Returns: the value as a `const T&`, valid as long as a future of it is left; asynchron::bytes as they are. Of a
     *   future that is a temporary, and so may be the last one, a copy. If T is a reference, that; if T is void,
     *   nothing.
     * - Throws: what it failed with; error for a failure from C; cancelled; error with ASYNCHRON_E_DEADLOCK inside the
     *   function that computes it, with ASYNCHRON_E_INVALID without state or if C delivered no T, and with
     *   ASYNCHRON_ALREADY if the value was taken out before.
     */
    typename detail::seen_as<T>::type get() const &
    {
        asynchron_value_t value;
        const asynchron_status_t status = asynchron_get(a_.get(), &value);
        if (status != ASYNCHRON_OK)
            detail::raise(a_.get(), status);
        return detail::seeing<T>::see(a_.get(), value);
    }

    /** The same for a temporary: a copy, since the value may go with it. */
    template <class U = T, detail::when<detail::is_taken<U>::value, int> = 0> U get() const &&
    {
        const future &self = *this;
        return self.get();
    }

    /** For a temporary whose T cannot be copied: the same as take(). So nobody else may hold it. */
    template <class U = T, detail::when<!detail::is_taken<U>::value, int> = 0> U get() && { return std::move(*this).take(); }

    /** Not for a const temporary: the value might be gone with it. Give the future a name. */
    template <class U = T, detail::when<!detail::is_taken<U>::value, int> = 0> const U &get() const && = delete;

    /**
     * Like get(), but hands the value over: `std::move(f).take()`. The future is not valid() then.
     *
     * - Returns: the value, moved out if this is its last handle, else copied. If T is a reference, that; if T is void,
     *   nothing.
     * - These are handles, too: each other future of it, each outcome, each report that it is in, a function that
     *   computes it, and a future that was joined to it. A promise is one only if T can be copied: of a T that cannot be
     *   copied the value is taken while promises live, and a future that one of them hands out later finds it gone.
     * - Inside a callback, a then() or a coroutine that the completion has called, a T that cannot be copied cannot be
     *   taken: the thread that completes it still holds it. Take it afterwards, or co_await the future as a temporary.
     * - Threads: blocks as get() does. If T cannot be copied, it waits up to a second for other threads that are about
     *   to release theirs, such as the one that delivered it. Inside what the completion has called it does not wait.
     * - Throws: as get(); error with the code ASYNCHRON_ALREADY, if T cannot be copied, and others hold it or the
     *   value was taken out before. Then nothing has changed.
     */
    T take() &&
    {
        asynchron_value_t value;
        const asynchron_status_t status = asynchron_get(a_.get(), &value);
        if (status != ASYNCHRON_OK)
            detail::raise(a_.get(), status);
        return detail::take_out<T>(a_, value);
    }

    /**
     * Takes an object out that C delivered by asynchron_set_pointer() with a drop: the object is the caller's then, and
     * the drop does not run. Only for a future of a reference; `std::move(f).take_pointer()`. The future is not valid()
     * then.
     *
     * - Threads: blocks as get() does, and waits for other handles to go as take() does. Here each promise is one.
     * - Throws: as get(); error with the code ASYNCHRON_ALREADY, if others hold it. Then nothing has changed.
     */
    template <class U = T, detail::when<std::is_lvalue_reference<U>::value, int> = 0>
    typename std::remove_reference<U>::type *take_pointer() &&
    {
        asynchron_value_t value;
        const asynchron_status_t status = asynchron_get(a_.get(), &value);
        if (status != ASYNCHRON_OK)
            detail::raise(a_.get(), status);
        typename std::remove_reference<U>::type &object = detail::kind<U>::read(value);
        detail::take_pointer(a_, value);
        return std::addressof(object);
    }

    /**
     * Like get(), but throws nothing: blocks until it is complete, and returns how it ended. It can be
     * used where the compiler has no exceptions.
     */
    outcome<T> try_get() const & noexcept;

    /** The same for a temporary. Its handle goes to the outcome, and it is not valid() then. */
    outcome<T> try_get() && noexcept;

    /**
     * Like get(), for at most this long. A timeout is not an exception:
     *
     *     if (const int *found = f.get_for(std::chrono::seconds(1)))
     *         use(*found);
     *
     * - Returns: a pointer to the value, valid as long as a future of it is left, or nullptr if it was not complete in
     *   time. For a future of void: true or false. Not for asynchron::bytes: wait_for() that, and get() it.
     * - Throws: as get().
     */
    template <class Rep, class Period> found_type get_for(const std::chrono::duration<Rep, Period> &time) const &
    {
        return get_found(detail::nanoseconds_of(time), std::is_void<T>());
    }

    /** Like get_for(), until a time of any clock; a change of the clock meanwhile takes effect after the wait. */
    template <class Clock, class Duration>
    found_type get_until(const std::chrono::time_point<Clock, Duration> &time) const &
    {
        asynchron_value_t value = {nullptr, 0};
        const bool there = detail::until(time, [&](std::uint64_t ns) { return get_ns(ns, value); });
        return there_or_not(there, value, std::is_void<T>());
    }

    /** Not for a temporary: the value might be gone with it. */
    template <class Rep, class Period> found_type get_for(const std::chrono::duration<Rep, Period> &) const && = delete;
    /** Not for a temporary: the value might be gone with it. */
    template <class Clock, class Duration>
    found_type get_until(const std::chrono::time_point<Clock, Duration> &) const && = delete;

    /**
     * Completes as another does: with its value, its exception, or its cancel with the reason; at once, if that is
     * complete. The value is not copied: both share it. Until then anyone may still deliver or cancel this; that wins.
     *
     * - The source is not kept while it is pending. Cancelling this does not cancel it. It is not started on demand.
     * - Returns: whether it will be so, or is; false: this was complete already.
     * - Throws: std::bad_alloc; error without state, or if both are the same.
     */
    bool follow(const future &source) const { return detail::follow(a_.get(), source.handle()); }

    /**
     * Calls `f` once it is complete.
     *
     * - `f` takes the value (`const T&`; `T&` for a reference; nothing for void): then it runs only if there is one,
     *   and a failure or a cancel passes on whole. Or it takes a `const future<T>&`, which is complete: then it runs
     *   however that ended. If it could take both, it gets the value. It is moved or copied, and called once at most.
     * - Returns: a future of what `f` returns; it fails with what `f` throws. If `f` returns a future, that is joined:
     *   the result is a future of the same type, completed as that one is. Cancelling the result does not touch this.
     * - A value that cannot be copied arrives as `const T&`, too, and cannot be moved on: inside of `f` take() throws.
     * - Threads: does not block. `f` runs on the thread that completes this. If it is complete already, `f` runs before
     *   this returns; but inside a callback or another such `f`, later, after everything that is due there.
     * - Throws: std::bad_alloc; error without state.
     */
    template <class F> typename detail::then_of<T, F>::type then(F &&f) const
    {
        return detail::then_of<T, F>::make(a_.get(), std::forward<F>(f));
    }

    /** The same where the executor has it run, in order of registration; where that is closed or refuses, as without it. */
    template <class F> typename detail::then_of<T, F>::type then(const executor &on, F &&f) const
    {
        return detail::then_of<T, F>::make(a_.get(), std::forward<F>(f), detail::of(on));
    }

    /**
     * Calls `f` if it fails, for another value in place of its own; a value or a cancel passes on. Wants recover.hpp.
     *
     * - `f` takes a `const asynchron::error &`, which has the code and the message of any failure, or else a
     *   `const std::exception_ptr &`, or nothing. It returns what a T can be made from, or a future<T>, which is joined.
     * - Returns: a future of the same type; it fails with what `f` throws.
     * - Threads, throws: as then().
     */
    template <class F> future catch_error(F &&f) const &
    {
        return detail::caught_of<T, F>::make(a_.get(), std::forward<F>(f));
    }

    /** The same for a temporary, which gives its handle up: so a value that passes on has no other holder for its sake. */
    template <class F> future catch_error(F &&f) &&
    {
        const future held(std::move(*this));
        return held.catch_error(std::forward<F>(f));
    }

    /**
     * Calls `f` however it ends, and passes on how it ended: for what has to be cleared away. Wants recover.hpp.
     *
     * - `f` takes nothing. If it returns a future, that is waited for, without a thread; of any other result nothing is
     *   seen.
     * - Returns: a future that completes as this one does, after `f`; but it fails with what `f` throws, or its future.
     * - Threads, throws: as then().
     */
    template <class F> future finally(F &&f) const &
    {
        return then(detail::at_last<T, detail::decayed<F>>(std::forward<F>(f)));
    }

    /** The same for a temporary, which gives its handle up. */
    template <class F> future finally(F &&f) &&
    {
        const future held(std::move(*this));
        return held.finally(std::forward<F>(f));
    }

    /**
     * Calls `f` once it is complete, however it ended.
     *
     * - `f` takes a `const future<T>&`, which is complete, or nothing. It must not throw: there is no result to carry
     *   the exception, so that ends in std::terminate(). Use then() for what may fail.
     * - Returns: an object to take the callback back with. It may be dropped: the callback stays.
     * - Threads: does not block. `f` runs on the thread that completes this, or here, if it is complete, as with
     *   then(). If nobody is left to complete it, it fails, and `f` runs.
     * - Throws: std::bad_alloc; error without state.
     */
    template <class F> ASYNCHRON_HIDDEN registration notify(F &&f) const
    {
        return detail::told<detail::decayed<F>, T>::listen(a_.get(), std::forward<F>(f));
    }

    /** The same where the executor has it run. */
    template <class F> ASYNCHRON_HIDDEN registration notify(const executor &on, F &&f) const
    {
        return detail::told<detail::decayed<F>, T>::listen(a_.get(), std::forward<F>(f), 0, detail::of(on));
    }

    /** As notify(), but only if it is cancelled: if it ends otherwise, `f` is destroyed then. */
    template <class F> ASYNCHRON_HIDDEN registration on_cancel(F &&f) const
    {
        return detail::told<detail::decayed<F>, T>::listen(a_.get(), std::forward<F>(f), ASYNCHRON_ON_CANCEL);
    }

    /** From a C handle, whose reference stays the caller's; see asynchron::from_handle(). */
    static future from_handle(asynchron_t *a) noexcept { return future(detail::counted::share(a)); }

    /** The same, taking over the reference. */
    static future from_handle(asynchron_t *a, adopt_t) noexcept { return future(detail::counted(a, adopt)); }

    /** Whether both share one asynchron. */
    friend bool operator==(const future &x, const future &y) noexcept { return x.handle() == y.handle(); }
    /** Whether they are not. */
    friend bool operator!=(const future &x, const future &y) noexcept { return x.handle() != y.handle(); }

private:
    found_type get_found(std::uint64_t timeout, std::is_void<T> is_void) const
    {
        asynchron_value_t value = {nullptr, 0};
        const bool there = get_ns(timeout, value);
        return there_or_not(there, value, is_void);
    }

    static bool there_or_not(bool there, const asynchron_value_t &, std::true_type) noexcept { return there; }
    template <class U = T>
    static found_type there_or_not(bool there, const asynchron_value_t &value, std::false_type)
    {
        return there ? std::addressof(detail::kind<U>::read(value)) : nullptr;
    }
};

/**
 * A future from a C handle, whose reference stays the caller's. NULL makes one without state.
 *
 * How a T is stored in an asynchron, for C to write or to read:
 *
 *   - T that can be copied as bytes (std::is_trivially_copyable): as with asynchron_set_bytes(&t, sizeof t). If the
 *     length differs or the value is not aligned, get() throws error, ASYNCHRON_E_INVALID. Nothing tells an int from a
 *     float: the caller has to know.
 *   - T&: as with asynchron_set_pointer(&t). Nobody frees it, unless C set it with a drop.
 *   - void: the empty value; any value at all will do.
 *   - asynchron::bytes: as with asynchron_set_bytes() or asynchron_set_buffer(), of any length.
 *   - Any other T: only C++ makes it. C sees an object that begins with the T. If it is no such object, or one of
 *     another type, get() throws error, ASYNCHRON_E_INVALID.
 *   - An exception: a failure with what() as message and the domain "c++", or "c++:" and the category of a
 *     std::system_error, with its code; else the code is ASYNCHRON_E_NOMEM for a std::bad_alloc and 1 for all others.
 *     The payload is this header's own: C must not fail anything with that domain and a payload of its own.
 *     asynchron::error is a failure with its own code, domain and message, asynchron::cancelled a cancel.
 */
template <class T> future<T> from_handle(asynchron_t *a) noexcept { return future<T>::from_handle(a); }

/** The same, taking over the reference: for what a C function returned. */
template <class T> future<T> from_handle(asynchron_t *a, adopt_t) noexcept
{
    return future<T>::from_handle(a, adopt);
}

ASYNCHRON_END_NAMESPACE

#include "end.hpp"

#endif // ASYNCHRON_FUTURE_HPP
