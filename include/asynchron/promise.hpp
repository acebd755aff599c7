/**
 * @file asynchron/promise.hpp
 * The side that delivers, and futures that are complete already.
 */

#ifndef ASYNCHRON_PROMISE_HPP
#define ASYNCHRON_PROMISE_HPP

#include "future.hpp"
#include "promise_base.hpp"

#include <utility>

#include "begin.hpp"

ASYNCHRON_BEGIN_NAMESPACE

/**
 * The side that delivers. Copies of it deliver into the same asynchron, and the first delivery wins.
 *
 * If the last promise of an asynchron is destroyed, in C++ or C, and nobody has delivered or cancelled, it fails as
 * broken: error, domain "asynchron", code ASYNCHRON_E_BROKEN. So nobody waits in vain. Where the library itself will
 * deliver, such as by a function that C spawned for it, the promises may go.
 */
template <class T> class promise : public promise_base {
public:
    /** With a new asynchron. If C can read a T as bytes, and it has at most 4 KiB, its room is made here: then set_value()
     *  needs no memory. Throws std::bad_alloc. */
    promise() : promise_base(detail::create_for<T>()) {}
    /** The same with a name for people. */
    explicit promise(const char *name) : promise_base(detail::create_for<T>(name)) {}

    /** A future of it. May be called any number of times. If T cannot be copied, and future::take() has taken the value
     *  out of one, get() of those that are asked for later throws error with the code ASYNCHRON_ALREADY. */
    future<T> get_future() const noexcept { return future<T>::from_handle(handle()); }

    /** As future::follow(): the future completes as another does. */
    bool follow(const future<T> &source) { return detail::follow(handle(), source.handle()); }

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

    /** From a C handle, whose reference stays the caller's: one more promise of it. Throws std::bad_alloc. */
    static promise from_handle(asynchron_t *a) { return promise(detail::share_of_duty::in(a)); }
    /** The same, taking over the reference, also if it throws. */
    static promise from_handle(asynchron_t *a, adopt_t)
    {
        const detail::counted taken(a, adopt);
        return from_handle(a);
    }

    /** From a C promise, which stays the caller's. */
    static promise from_promise(asynchron_promise_t *p) noexcept { return from_promise(asynchron_promise_retain(p), adopt); }
    /** The same, taking it over. */
    static promise from_promise(asynchron_promise_t *p, adopt_t) noexcept
    {
        return promise(detail::share_of_duty(p, adopt));
    }

private:
    explicit promise(detail::share_of_duty duty) noexcept : promise_base(std::move(duty)) {}
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

    /** As future::follow(): the future completes as another does. */
    bool follow(const future<T &> &source) { return detail::follow(handle(), source.handle()); }

    /** Delivers the reference; the object stays yours. Returns whether this won. Throws error without state. */
    ASYNCHRON_HIDDEN bool set_value(T &object) { return detail::won(detail::kind<T &>::put(handle(), object)); }

    /** From a C handle, whose reference stays the caller's: one more promise of it. Throws std::bad_alloc. */
    static promise from_handle(asynchron_t *a) { return promise(detail::share_of_duty::in(a)); }
    /** The same, taking over the reference, also if it throws. */
    static promise from_handle(asynchron_t *a, adopt_t)
    {
        const detail::counted taken(a, adopt);
        return from_handle(a);
    }

    /** From a C promise, which stays the caller's. */
    static promise from_promise(asynchron_promise_t *p) noexcept { return from_promise(asynchron_promise_retain(p), adopt); }
    /** The same, taking it over. */
    static promise from_promise(asynchron_promise_t *p, adopt_t) noexcept
    {
        return promise(detail::share_of_duty(p, adopt));
    }

private:
    explicit promise(detail::share_of_duty duty) noexcept : promise_base(std::move(duty)) {}
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

    /** As future::follow(): the future completes as another does. */
    bool follow(const future<void> &source) { return detail::follow(handle(), source.handle()); }

    /** Says that it is done. Returns whether this won. Throws error without state. */
    ASYNCHRON_HIDDEN bool set_value() { return detail::won(detail::kind<void>::put(handle())); }

    /** From a C handle, whose reference stays the caller's: one more promise of it. Throws std::bad_alloc. */
    static promise from_handle(asynchron_t *a) { return promise(detail::share_of_duty::in(a)); }
    /** The same, taking over the reference, also if it throws. */
    static promise from_handle(asynchron_t *a, adopt_t)
    {
        const detail::counted taken(a, adopt);
        return from_handle(a);
    }

    /** From a C promise, which stays the caller's. */
    static promise from_promise(asynchron_promise_t *p) noexcept { return from_promise(asynchron_promise_retain(p), adopt); }
    /** The same, taking it over. */
    static promise from_promise(asynchron_promise_t *p, adopt_t) noexcept
    {
        return promise(detail::share_of_duty(p, adopt));
    }

private:
    explicit promise(detail::share_of_duty duty) noexcept : promise_base(std::move(duty)) {}
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
    detail::counted a = detail::counted::create();
    detail::fail(a.get(), detail::as_thrown(thrown));
    return from_handle<T>(a.release(), adopt);
}

ASYNCHRON_END_NAMESPACE

#include "end.hpp"

#endif // ASYNCHRON_PROMISE_HPP
