/**
 * @file asynchron/recover.hpp
 * What follows a failure, and what follows anyhow: future::catch_error() and future::finally().
 */

#ifndef ASYNCHRON_RECOVER_HPP
#define ASYNCHRON_RECOVER_HPP

#include "outcome.hpp"
#include "then.hpp"

#include <cstddef>
#include <exception>
#include <type_traits>
#include <utility>

#include "begin.hpp"

ASYNCHRON_BEGIN_NAMESPACE

/// @cond
namespace ASYNCHRON_DETAIL {

// How a function takes a failure.
struct as_error {};
struct as_pointer_to_exception {};
struct untold {};

template <class F, bool = invoked<F, arguments<const error &>>::value,
          bool = invoked<F, arguments<const std::exception_ptr &>>::value>
struct takes_failure : invoked<F, arguments<>> {
    typedef untold how;
    static_assert(invoked<F, arguments<>>::value, "the function takes neither the error nor the exception nor nothing");
};
template <class F, bool Other> struct takes_failure<F, true, Other> : invoked<F, arguments<const error &>> {
    typedef as_error how;
};
template <class F> struct takes_failure<F, false, true> : invoked<F, arguments<const std::exception_ptr &>> {
    typedef as_pointer_to_exception how;
};

// What follows a failure: called with that. It yields a T, or a future of one.
template <class T, class F> class caught {
    F f_;

    typedef takes_failure<F> chosen;
    typedef typename chosen::type returned;
    static_assert(!is_future<bare<returned>>::value || std::is_same<bare<returned>, future<T>>::value,
                  "the function returns a future of another type");

    returned with(asynchron_t *source, as_error)
    {
        const error seen = from_handle<T>(source).try_get().error();
        return detail::invoke(std::move(f_), seen);
    }
#if defined(ASYNCHRON_EXCEPTIONS)
    returned with(asynchron_t *source, as_pointer_to_exception)
    {
        const std::exception_ptr thrown = as_exception(source, ASYNCHRON_FAILED);
        return detail::invoke(std::move(f_), thrown);
    }
#endif
    returned with(asynchron_t *, untold) { return detail::invoke(std::move(f_)); }

public:
    typedef typename std::conditional<is_future<bare<returned>>::value, future<T>, T>::type result;
    static constexpr bool of_value = false;

    template <class G> explicit caught(G &&f) : f_(std::forward<G>(f)) {}
    result call(asynchron_t *, asynchron_t *const *sources, std::size_t n)
    {
        const noted<T> here(sources, n);
        return static_cast<result>(with(sources[0], typename chosen::how()));
    }
};

template <class T, class F> struct caught_of {
    typedef job<caught<T, decayed<F>>> work;

    static future<T> make(asynchron_t *a, F &&f)
    {
        if (a == nullptr)
            raise(nullptr, ASYNCHRON_E_INVALID);
        const counted keep = counted::share(a); // the function may run at once, and assign to the future
        const auto start = [a](work *ctx) { return start_then(a, ctx, ASYNCHRON_ON_FAILURE); };
        return begin<work>(start, std::forward<F>(f));
    }
};

// Called with whatever came between, it returns the first future again.
template <class T> struct back_to {
    future<T> first;

    template <class... A> future<T> operator()(A &&...) const { return first; }
};

// What follows anyhow: called with nothing.
template <class T, class F> class at_last {
    F f_;

    typedef typename invoked<F, arguments<>>::type returned;

    future<T> run(const future<T> &complete, std::false_type)
    {
        (void)detail::invoke(std::move(f_));
        return complete;
    }
    future<T> run(const future<T> &complete, std::true_type)
    {
        return detail::invoke(std::move(f_)).then(back_to<T>{complete});
    }

public:
    template <class G> explicit at_last(G &&f) : f_(std::forward<G>(f)) {}
    future<T> operator()(const future<T> &complete) { return run(complete, is_future<bare<returned>>()); }
};

} // namespace detail
/// @endcond

ASYNCHRON_END_NAMESPACE

#include "end.hpp"

#endif // ASYNCHRON_RECOVER_HPP
