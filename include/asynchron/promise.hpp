/**
 * @file asynchron/promise.hpp
 * The side that delivers, and futures that are complete already.
 */

#ifndef ASYNCHRON_PROMISE_HPP
#define ASYNCHRON_PROMISE_HPP

#include "future.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <utility>

#include "begin.hpp"

ASYNCHRON_BEGIN_NAMESPACE

/** What promises of every type have in common. */
class promise_base {
    // The copies of one are counted, from the second on: when the last one goes, nobody will deliver.
    struct holders {
        std::atomic<std::size_t> count;
        std::atomic<bool> released; // somebody else has the duty to deliver
        explicit holders(std::size_t n) noexcept : count(n), released(false) {}
    };

    detail::counted a_;
    mutable std::atomic<holders *> holders_; // nullptr: this is the only one

    holders *one_more() const
    {
        if (a_.get() == nullptr)
            return nullptr;
        holders *all = holders_.load(std::memory_order_acquire);
        if (all == nullptr) {
            std::unique_ptr<holders> made(new holders(1));
            // Another thread may be copying this one, too.
            if (holders_.compare_exchange_strong(all, made.get(), std::memory_order_acq_rel, std::memory_order_acquire))
                all = made.release();
        }
        all->count.fetch_add(1, std::memory_order_relaxed);
        return all;
    }

    // Neither may be in use elsewhere meanwhile.
    void swap(promise_base &other) noexcept
    {
        std::swap(a_, other.a_);
        holders *const mine = holders_.load(std::memory_order_relaxed);
        holders_.store(other.holders_.load(std::memory_order_relaxed), std::memory_order_relaxed);
        other.holders_.store(mine, std::memory_order_relaxed);
    }

    // Whether this was the last one and has the duty to deliver.
    bool one_less() noexcept
    {
        holders *const all = holders_.load(std::memory_order_acquire);
        if (all == nullptr)
            return true;
        holders_.store(nullptr, std::memory_order_relaxed);
        if (all->count.fetch_sub(1, std::memory_order_acq_rel) != 1)
            return false;
        const bool has_duty = !all->released.load(std::memory_order_relaxed);
        delete all;
        return has_duty;
    }

    template <class Thrown> ASYNCHRON_HIDDEN bool deliver(const Thrown &thrown)
    {
        if (!valid())
            detail::raise(nullptr, ASYNCHRON_E_INVALID);
        return detail::fail(a_.get(), thrown);
    }

protected:
    /// @cond
    explicit promise_base(detail::counted a) noexcept : a_(std::move(a)), holders_(nullptr) {}
    promise_base(const promise_base &other) : a_(other.a_), holders_(other.one_more()) {}
    promise_base(promise_base &&other) noexcept
        : a_(std::move(other.a_)), holders_(other.holders_.exchange(nullptr, std::memory_order_relaxed))
    {
    }
    promise_base &operator=(const promise_base &other)
    {
        promise_base copy(other);
        swap(copy);
        return *this;
    }
    promise_base &operator=(promise_base &&other) noexcept
    {
        promise_base taken(std::move(other));
        swap(taken);
        return *this;
    }
    ~promise_base()
    {
        // If it is RUNNING, its function will deliver.
        if (a_.get() != nullptr && one_less() && asynchron_state(a_.get()) == ASYNCHRON_STATE_PENDING)
            detail::fail_with(a_.get(), ASYNCHRON_E_BROKEN, "the last promise went without delivering");
    }

    /// @endcond

public:
    /** Whether there is an asynchron. */
    bool valid() const noexcept { return a_.get() != nullptr; }

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
    bool cancel() { return detail::won(asynchron_cancel(a_.get())); }

    /** As future_base::cancel(). */
    bool cancel(const std::string &reason) { return detail::won(asynchron_cancel_with(a_.get(), reason.c_str())); }

    /** As future_base::cancel_pending(). */
    bool cancel_pending() { return detail::won(asynchron_cancel_pending(a_.get(), nullptr)); }

    /** As future_base::cancel_pending(). */
    bool cancel_pending(const std::string &reason)
    {
        return detail::won(asynchron_cancel_pending(a_.get(), reason.c_str()));
    }

    /**
     * Says how far the work is, for future_base::progress(). A total of 0 means that it is not known. The last call wins.
     *
     * - Threads: any number, and none waits. Call it as often as you like: only the first call needs memory.
     * - Returns: true; false: it is complete, and the progress stays as it was.
     * - Throws: std::bad_alloc; error without state.
     */
    bool progress(std::uint64_t done, std::uint64_t total) { return detail::won(asynchron_progress(a_.get(), done, total)); }

    /** Whether it was cancelled: nobody wants the value any more. */
    bool is_cancelled() const noexcept { return asynchron_poll(a_.get()) == ASYNCHRON_CANCELLED; }

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
        return detail::told<detail::decayed<F>, void>::listen(a_.get(), std::forward<F>(f), ASYNCHRON_ON_CANCEL);
    }

    /** The asynchron, for C; this keeps its reference. nullptr without state. */
    asynchron_t *handle() const noexcept { return a_.get(); }

    /** The same, and the caller takes over this promise's reference and the duty to deliver: C must deliver, fail or
     *  cancel it before it releases it, or those who hold a future wait for ever. Copies of this promise may still
     *  deliver, but need not: the last one goes without failing it. */
    ASYNCHRON_MUST_USE asynchron_t *release() noexcept
    {
        if (holders *const all = holders_.load(std::memory_order_acquire))
            all->released.store(true, std::memory_order_relaxed); // the last one sees it: the count orders that
        one_less();
        return a_.release();
    }
};

/**
 * The side that delivers. Copies of it deliver into the same asynchron, and the first delivery wins.
 *
 * If the last copy is destroyed and nobody has delivered or cancelled, it fails as broken: error, domain "asynchron",
 * code ASYNCHRON_E_BROKEN. So nobody waits in vain.
 */
template <class T> class promise : public promise_base {
public:
    /** With a new asynchron. If C can read a T as bytes, and it has at most 4 KiB, its room is made here: then set_value()
     *  needs no memory. Throws std::bad_alloc. */
    promise() : promise_base(detail::create_for<T>()) {}
    /** The same with a name for people. */
    explicit promise(const char *name) : promise_base(detail::create_for<T>(name)) {}

    /** A future of it. May be called any number of times. */
    future<T> get_future() const noexcept { return future<T>::from_handle(handle()); }

    /**
     * Delivers a value.
     *
     * - Returns: whether this won; false: it was complete already, and nobody sees the value.
     * - Throws: what copying or moving it throws; std::bad_alloc; error without state. Then nothing was delivered.
     */
    ASYNCHRON_HIDDEN bool set_value(const T &value) { return detail::won(detail::kind<T>::put(handle(), value)); }

    /** The same, moving the value. */
    ASYNCHRON_HIDDEN bool set_value(T &&value) { return detail::won(detail::kind<T>::put(handle(), std::move(value))); }

    /** The same for a T that is made in place from constructor arguments. */
    template <class... A> ASYNCHRON_HIDDEN bool emplace(A &&...args)
    {
        return detail::won(detail::kind<T>::put(handle(), std::forward<A>(args)...));
    }

    /** From a C handle, whose reference stays the caller's: this promise and its copies have the duty to deliver. */
    static promise from_handle(asynchron_t *a) noexcept { return promise(detail::counted::share(a)); }
    /** The same, taking over the reference. */
    static promise from_handle(asynchron_t *a, adopt_t) noexcept { return promise(detail::counted(a, adopt)); }

private:
    explicit promise(detail::counted a) noexcept : promise_base(std::move(a)) {}
};

/** A promise of a reference. */
template <class T> class promise<T &> : public promise_base {
public:
    /** With a new asynchron. Throws std::bad_alloc. */
    promise() : promise_base(detail::counted::create()) {}
    /** The same with a name for people. */
    explicit promise(const char *name) : promise_base(detail::counted::create(name)) {}

    /** A future of it. May be called any number of times. */
    future<T &> get_future() const noexcept { return future<T &>::from_handle(handle()); }

    /** Delivers the reference; the object stays yours. Returns whether this won. Throws error without state. */
    ASYNCHRON_HIDDEN bool set_value(T &object) { return detail::won(detail::kind<T &>::put(handle(), object)); }

    /** From a C handle, whose reference stays the caller's: this promise and its copies have the duty to deliver. */
    static promise from_handle(asynchron_t *a) noexcept { return promise(detail::counted::share(a)); }
    /** The same, taking over the reference. */
    static promise from_handle(asynchron_t *a, adopt_t) noexcept { return promise(detail::counted(a, adopt)); }

private:
    explicit promise(detail::counted a) noexcept : promise_base(std::move(a)) {}
};

/** A promise without a value: it says that something is done. */
template <> class promise<void> : public promise_base {
public:
    /** With a new asynchron. Throws std::bad_alloc. */
    promise() : promise_base(detail::counted::create()) {}
    /** The same with a name for people. */
    explicit promise(const char *name) : promise_base(detail::counted::create(name)) {}

    /** A future of it. May be called any number of times. */
    future<void> get_future() const noexcept { return future<void>::from_handle(handle()); }

    /** Says that it is done. Returns whether this won. Throws error without state. */
    ASYNCHRON_HIDDEN bool set_value() { return detail::won(detail::kind<void>::put(handle())); }

    /** From a C handle, whose reference stays the caller's: this promise and its copies have the duty to deliver. */
    static promise from_handle(asynchron_t *a) noexcept { return promise(detail::counted::share(a)); }
    /** The same, taking over the reference. */
    static promise from_handle(asynchron_t *a, adopt_t) noexcept { return promise(detail::counted(a, adopt)); }

private:
    explicit promise(detail::counted a) noexcept : promise_base(std::move(a)) {}
};

/** A future that has its value already: ready(value) has the type of the value; ready<T>(value) has a T made from it,
 *  or a reference to it. Throws what making a T throws, and std::bad_alloc. */
template <class T = void, class U = T>
ASYNCHRON_HIDDEN future<typename detail::ready_as<T, U>::type> ready(U &&value)
{
    typedef typename detail::ready_as<T, U>::type made;
    detail::counted a = detail::create_for<made>();
    detail::need(detail::kind<made>::put(a.get(), static_cast<made>(std::forward<U>(value))));
    return from_handle<made>(a.release(), adopt);
}

/** The same for void. */
inline future<void> ready()
{
    detail::counted a = detail::counted::create();
    detail::need(detail::kind<void>::put(a.get()));
    return from_handle<void>(a.release(), adopt);
}

/** A future that has failed already, or was cancelled: with anything that promise_base::set_exception() takes. Throws
 *  std::bad_alloc. */
template <class T, class E> ASYNCHRON_HIDDEN future<T> failed(const E &thrown)
{
    promise<T> made;
    made.set_exception(thrown);
    return made.get_future();
}

ASYNCHRON_END_NAMESPACE

#include "end.hpp"

#endif // ASYNCHRON_PROMISE_HPP
