/**
 * @file asynchron/after.hpp
 * What follows all of several.
 */

#ifndef ASYNCHRON_AFTER_HPP
#define ASYNCHRON_AFTER_HPP

#include "job.hpp"
#include "several.hpp"

#include <cstddef>
#include <initializer_list>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "begin.hpp"

ASYNCHRON_BEGIN_NAMESPACE

/// @cond
namespace ASYNCHRON_DETAIL {

// What follows several: called with all of them, or with nothing.
template <class T, class F> class next_of_many {
    F f_;

    typedef invoked_with<F, arguments<const std::vector<future<T>> &>, arguments<>> chosen;
    static_assert(chosen::value, "the function takes neither the futures nor nothing");

    typename chosen::type with(asynchron_t *const *sources, std::size_t n, std::true_type)
    {
        std::vector<future<T>> all;
        all.reserve(n);
        for (std::size_t i = 0; i < n; i++)
            all.push_back(from_handle<T>(sources[i]));
        return detail::invoke(std::move(f_), static_cast<const std::vector<future<T>> &>(all));
    }
    typename chosen::type with(asynchron_t *const *, std::size_t, std::false_type)
    {
        return detail::invoke(std::move(f_));
    }

public:
    typedef typename chosen::type result;
    static constexpr bool of_value = false;

    template <class G> explicit next_of_many(G &&f) : f_(std::forward<G>(f)) {}
    result call(asynchron_t *, asynchron_t *const *sources, std::size_t n)
    {
        const noted<T> here(sources, n);
        return with(sources, n, typename chosen::is_first());
    }
};

// The value that holds all of several.
template <class... T> class gather {
    template <std::size_t... I>
    static std::tuple<future<T>...> all(asynchron_t *const *sources, indices<I...>)
    {
        (void)sources; // unused if there are none
        return std::tuple<future<T>...>(from_handle<T>(sources[I])...);
    }

public:
    typedef std::tuple<future<T>...> result;
    static constexpr bool of_value = false;
    result call(asynchron_t *, asynchron_t *const *sources, std::size_t)
    {
        return all(sources, typename indices_to<sizeof...(T)>::type());
    }
};

template <class T> struct gather_range {
    std::vector<future<T>> operator()(const std::vector<future<T>> &all) const { return all; }
};

template <class T, class F> using after_job = job<next_of_many<T, decayed<F>>>;

template <class T, class F>
future<typename after_job<T, F>::value_type> after_all(const several &sources, F &&f,
                                                     asynchron_executor_t *on = nullptr)
{
    typedef after_job<T, F> work;
    const auto start = [&](work *ctx) { return start_after(sources.data(), sources.size(), ctx, on); };
    return begin<work>(start, std::forward<F>(f));
}

} // namespace detail
/// @endcond

/**
 * Calls `f` once all of a range are complete, however they ended.
 *
 * - `f` takes a `const std::vector<future<T>>&`, which are complete, or nothing.
 * - Returns: a future of what `f` returns; it fails with what `f` throws. If `f` returns a future, that is joined.
 * - Sources are not kept while they are pending. One that can still complete is kept by what will complete it: a
 *   promise, a thread, a coroutine, the source of a then(). One that cannot, such as an on_demand() that was dropped,
 *   fails as broken, and `f` sees that.
 * - Threads: does not block. `f` runs on the thread that completes the last, or here, if all are complete, as with
 *   then().
 * - Throws: std::bad_alloc; error, if one is without state.
 */
template <class Range, class F, class T = detail::value_in<Range>>
future<typename detail::after_job<T, F>::value_type> after(Range &&range, F &&f)
{
    return detail::after_all<T>(range, std::forward<F>(f));
}

/** The same for a list. */
template <class T, class F>
future<typename detail::after_job<T, F>::value_type> after(std::initializer_list<future<T>> list, F &&f)
{
    return detail::after_all<T>(list, std::forward<F>(f));
}

/** The same where the executor has it run; where that is closed or refuses, as without it. */
template <class Range, class F, class T = detail::value_in<Range>>
future<typename detail::after_job<T, F>::value_type> after(const executor &on, Range &&range, F &&f)
{
    return detail::after_all<T>(range, std::forward<F>(f), detail::of(on));
}

/** The same for a list. */
template <class T, class F>
future<typename detail::after_job<T, F>::value_type> after(const executor &on, std::initializer_list<future<T>> list, F &&f)
{
    return detail::after_all<T>(list, std::forward<F>(f), detail::of(on));
}

/**
 * A future that is ready once all of a range are complete, however they ended: then none of the futures in it blocks.
 *
 * - Sources are not kept while they are pending, as with after(): one that nobody is left to complete fails as broken,
 *   and so is complete.
 * - The futures are copied, also out of a range that is given as an rvalue. Clear yours before you take() from these.
 * - Threads: does not block.
 * - Throws: std::bad_alloc; error, if one is without state.
 */
template <class Range, class T = detail::value_in<Range>>
ASYNCHRON_HIDDEN future<std::vector<future<T>>> when_all(Range &&range)
{
    return detail::after_all<T>(range, detail::gather_range<T>());
}

/** The same for a list. */
template <class T>
ASYNCHRON_HIDDEN future<std::vector<future<T>>> when_all(std::initializer_list<future<T>> list)
{
    return detail::after_all<T>(list, detail::gather_range<T>());
}

/** The same for futures of any types, as a tuple. */
template <class... T> ASYNCHRON_HIDDEN future<std::tuple<future<T>...>> when_all(const future<T> &...futures)
{
    typedef detail::job<detail::gather<T...>> work;
    asynchron_t *const all[sizeof...(T) + 1] = {futures.handle()..., nullptr};
    detail::need_all(all, sizeof...(T));
    detail::counted made = detail::start_after(all, sizeof...(T), new work());
    return from_handle<std::tuple<future<T>...>>(made.release(), adopt);
}

ASYNCHRON_END_NAMESPACE

#include "end.hpp"

#endif // ASYNCHRON_AFTER_HPP
