/**
 * @file asynchron/together.hpp
 * Several as one: a future that completes as all, any or the first of them.
 */

#ifndef ASYNCHRON_TOGETHER_HPP
#define ASYNCHRON_TOGETHER_HPP

#include "several.hpp"

#include <cstddef>
#include <cstdint>
#include <initializer_list>

#include "begin.hpp"

ASYNCHRON_BEGIN_NAMESPACE

/** What becomes of those that are not needed any more. */
enum class rest {
    keep,   /**< They go on. */
    cancel, /**< As soon as the result is complete, also by a cancel of it, they are cancelled, with the reason "unneeded". */
};

/// @cond
namespace ASYNCHRON_DETAIL {

typedef asynchron_t *(*combining)(asynchron_t *const *, std::size_t, asynchron_t *, std::uint64_t);

template <class T> future<T> combined(combining combine, const several &all, rest others)
{
    asynchron_t *const made =
        combine(all.data(), all.size(), nullptr, others == rest::cancel ? ASYNCHRON_CANCEL_REST : 0);
    if (made == nullptr)
        raise_no_memory();
    return from_handle<T>(made, adopt);
}

template <class T> future<T> first_of(combining combine, const several &all, rest others)
{
    if (all.size() == 0)
        refuse("there is nothing to wait for");
    return combined<T>(combine, all, others);
}

} // namespace detail
/// @endcond

/**
 * A future that is ready once all of a range have a value; at once, if the range is empty. If one fails or is cancelled, it
 * ends the same way, at once. The values are to be had from the range's own futures. To know how each ended, take
 * when_all().
 *
 * - Sources are not kept while they are pending.
 * - Threads: does not block.
 * - Throws: std::bad_alloc; error, if one is without state.
 */
inline future<void> all(const detail::several &range, rest others = rest::keep)
{
    return detail::combined<void>(asynchron_all, range, others);
}

/**
 * A future that completes as the first of a range that has a value; if none has one, as the last of them. The value is
 * shared, not copied.
 *
 * - Sources are not kept while they are pending.
 * - Threads: does not block.
 * - Throws: std::bad_alloc; error, if one is without state, or the range is empty.
 */
template <class Range, class T = detail::value_in<Range>> future<T> any(Range &&range, rest others = rest::keep)
{
    return detail::first_of<T>(asynchron_any, detail::several(range), others);
}

/** The same for a list. */
template <class T> future<T> any(std::initializer_list<future<T>> list, rest others = rest::keep)
{
    return detail::first_of<T>(asynchron_any, detail::several(list), others);
}

/** A future that completes as the first of a range that completes, however that ends; else as any(). To know which it was,
 *  take when_any(). */
template <class Range, class T = detail::value_in<Range>> future<T> race(Range &&range, rest others = rest::keep)
{
    return detail::first_of<T>(asynchron_race, detail::several(range), others);
}

/** The same for a list. */
template <class T> future<T> race(std::initializer_list<future<T>> list, rest others = rest::keep)
{
    return detail::first_of<T>(asynchron_race, detail::several(list), others);
}

ASYNCHRON_END_NAMESPACE

#include "end.hpp"

#endif // ASYNCHRON_TOGETHER_HPP
