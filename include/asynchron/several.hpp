/**
 * @file asynchron/several.hpp
 * Several together: waiting for all or any of them.
 *
 * A range is anything that std::begin() and std::end() take whose elements are futures of one type, be they stored or
 * made on the way, as by a view; or it is a list in braces. To mix futures of several types, use future<void>, to which
 * all of them convert.
 */

#ifndef ASYNCHRON_SEVERAL_HPP
#define ASYNCHRON_SEVERAL_HPP

#include "future.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <type_traits>
#include <vector>

#include "begin.hpp"

ASYNCHRON_BEGIN_NAMESPACE

/// @cond
namespace ASYNCHRON_DETAIL {

// The handles of a range, for the length of a call: borrowed from its futures, if the range stores them.
class several {
    std::vector<asynchron_t *> all_;
    std::vector<counted> kept_;

    template <class T> void add(const future<T> &f, std::true_type)
    {
        if (!f.valid())
            raise(nullptr, ASYNCHRON_E_INVALID);
        all_.push_back(f.handle());
    }
    template <class T> void add(const future<T> &f, std::false_type)
    {
        add(f, std::true_type());
        kept_.push_back(counted::share(f.handle()));
    }

public:
    template <class Range, class = value_in<Range>> several(Range &&range)
    {
        auto it = std::begin(range);
        const auto end = std::end(range);
        for (; it != end; ++it)
            add(*it, yields_in_place<decltype(it)>());
    }
    several(std::initializer_list<future<void>> list)
    {
        for (const future<void> &f : list)
            add(f, std::true_type());
    }

    asynchron_t *const *data() const noexcept { return all_.data(); }
    std::size_t size() const noexcept { return all_.size(); }
};

inline void need_all(asynchron_t *const *all, std::size_t n)
{
    for (std::size_t i = 0; i < n; i++)
        if (all[i] == nullptr)
            raise(nullptr, ASYNCHRON_E_INVALID);
}

inline bool wait_all_ns(const several &all, std::uint64_t timeout)
{
    const asynchron_status_t status = asynchron_wait_all(all.data(), all.size(), timeout);
    if (status < 0)
        raise(nullptr, status);
    return status == ASYNCHRON_OK;
}

// The index, or the largest size_t.
inline std::size_t wait_any_ns(const several &all, std::uint64_t timeout)
{
    if (all.size() == 0)
        refuse("there is nothing to wait for");
    std::size_t index = static_cast<std::size_t>(-1);
    const asynchron_status_t status = asynchron_wait_any(all.data(), all.size(), timeout, &index);
    if (status < 0)
        raise(nullptr, status);
    return index;
}

} // namespace detail
/// @endcond

/** Blocks until all of a range are complete, however they ended. Starts no function on demand. Throws std::bad_alloc;
 *  error: ASYNCHRON_E_DEADLOCK, ASYNCHRON_E_INVALID. */
inline void wait_all(const detail::several &range) { detail::wait_all_ns(range, ASYNCHRON_FOREVER); }

/** The same for at most this long. Returns whether all are complete. With a time of 0 it does not wait. */
template <class Rep, class Period>
bool wait_all_for(const detail::several &range, const std::chrono::duration<Rep, Period> &time)
{
    return detail::wait_all_ns(range, detail::nanoseconds_of(time));
}

/** The same until a time of any clock; a change of the clock meanwhile takes effect after the wait. */
template <class Clock, class Duration>
bool wait_all_until(const detail::several &range, const std::chrono::time_point<Clock, Duration> &time)
{
    return detail::until(time, [&range](std::uint64_t ns) { return detail::wait_all_ns(range, ns); });
}

/** Blocks until any of a range is complete, however it ended, and returns its index. Starts no function on demand.
 *  Throws as wait_all(), and error with ASYNCHRON_E_INVALID for an empty range. */
inline std::size_t wait_any(const detail::several &range) { return detail::wait_any_ns(range, ASYNCHRON_FOREVER); }

/** The same for at most this long. Returns SIZE_MAX, the largest index there is, if the time ran out. With a time of 0
 *  it does not wait. */
template <class Rep, class Period>
std::size_t wait_any_for(const detail::several &range, const std::chrono::duration<Rep, Period> &time)
{
    return detail::wait_any_ns(range, detail::nanoseconds_of(time));
}

/** The same until a time of any clock; a change of the clock meanwhile takes effect after the wait. */
template <class Clock, class Duration>
std::size_t wait_any_until(const detail::several &range, const std::chrono::time_point<Clock, Duration> &time)
{
    const std::size_t none = static_cast<std::size_t>(-1);
    std::size_t index = none;
    detail::until(time, [&](std::uint64_t ns) { return (index = detail::wait_any_ns(range, ns)) != none; });
    return index;
}

ASYNCHRON_END_NAMESPACE

#include "end.hpp"

#endif // ASYNCHRON_SEVERAL_HPP
