/**
 * @file asynchron/then.hpp
 * What follows a future: then(), notify() and on_cancel().
 */

#ifndef ASYNCHRON_THEN_HPP
#define ASYNCHRON_THEN_HPP

#include "job.hpp"

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "begin.hpp"

ASYNCHRON_BEGIN_NAMESPACE

/// @cond
namespace ASYNCHRON_DETAIL {

template <class T> struct value_arguments {
    typedef arguments<typename seen_as<T>::type> type;
};
template <> struct value_arguments<void> {
    typedef arguments<> type;
};

// What follows one source: called with its value, or with the future.
template <class T, class F> class next {
    F f_;

    typedef invoked_with<F, typename value_arguments<T>::type, arguments<const future<T> &>> chosen;
    static_assert(chosen::value, "the function takes neither the value nor the future");

    typename chosen::type with(asynchron_t *source, std::true_type, std::false_type)
    {
        asynchron_value_t value = {nullptr, 0};
        need(asynchron_get(source, &value));
        return detail::invoke(std::move(f_), seeing<T>::see(source, value));
    }
    typename chosen::type with(asynchron_t *, std::true_type, std::true_type)
    {
        return detail::invoke(std::move(f_));
    }
    template <class IsVoid> typename chosen::type with(asynchron_t *source, std::false_type, IsVoid)
    {
        const future<T> complete = from_handle<T>(source);
        return detail::invoke(std::move(f_), complete);
    }

public:
    typedef typename chosen::type result;
    static constexpr bool of_value = chosen::is_first::value;

    template <class G> explicit next(G &&f) : f_(std::forward<G>(f)) {}
    result call(asynchron_t *, asynchron_t *const *sources, std::size_t n)
    {
        const noted<T> here(sources, n);
        return with(sources[0], typename chosen::is_first(), std::is_void<T>());
    }
};

template <class T, class F> struct then_of {
    typedef next<T, decayed<F>> call;
    typedef job<call> work;
    typedef future<typename work::value_type> type;

    static type make(asynchron_t *a, F &&f, asynchron_executor_t *on = nullptr)
    {
        if (a == nullptr)
            raise(nullptr, ASYNCHRON_E_INVALID);
        const counted keep = counted::share(a); // the function may run at once, and assign to the future
        const auto start = [a, on](work *ctx) {
            if (on != nullptr)
                return start_then(a, ctx, call::of_value ? ASYNCHRON_ON_VALUE : 0, on);
            if (call::of_value)
                return made(asynchron_then(a, nullptr, work::step, ctx, drop_of<work>()));
            return start_after(&a, 1, ctx);
        };
        return begin<work>(start, std::forward<F>(f));
    }
};

template <class F, class T> class told : guard {
    F f_;

    typedef invoked_with<F, arguments<const future<T> &>, arguments<>> chosen;
    static_assert(chosen::value, "a callback takes the future or nothing");

    void call(asynchron_t *a, std::true_type)
    {
        const future<T> complete = from_handle<T>(a);
        detail::invoke(std::move(f_), complete);
    }
    void call(asynchron_t *, std::false_type) { detail::invoke(std::move(f_)); }

public:
    template <class G> explicit told(G &&f) : guard(drop), f_(std::forward<G>(f)) {}
    template <class G> static registration listen(asynchron_t *a, G &&f, std::uint64_t flags = 0,
                               asynchron_executor_t *on = nullptr)
    {
        asynchron_notify_options_t options = asynchron_notify_options_t();
        options.size = sizeof options;
        options.fn = tell;
        options.ctx = new told(std::forward<G>(f));
        options.drop_ctx = drop_of<told>();
        options.flags = flags;
        options.executor = on;
        std::uint64_t token = 0;
        const counted keep = counted::share(a); // the callback may assign to the future
        need(asynchron_notify_with(keep.get(), &options, &token));
        return registration(keep, token);
    }
    static void tell(asynchron_t *a, void *ctx) noexcept
    {
        const noted<T> here(&a, 1);
        static_cast<told *>(ctx)->call(a, typename chosen::is_first());
    }
    static void drop(void *ctx) noexcept
    {
        told *const it = static_cast<told *>(ctx);
        it->is_dropped();
        delete it;
    }
};

} // namespace detail
/// @endcond

ASYNCHRON_END_NAMESPACE

#include "end.hpp"

#endif // ASYNCHRON_THEN_HPP
