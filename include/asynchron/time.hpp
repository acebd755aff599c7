/**
 * @file asynchron/time.hpp
 * The clocks of C++, in nanoseconds.
 */

#ifndef ASYNCHRON_TIME_HPP
#define ASYNCHRON_TIME_HPP

#include "platform.hpp"

#include <chrono>
#include <cstdint>

#include "begin.hpp"

ASYNCHRON_BEGIN_NAMESPACE

/// @cond
namespace ASYNCHRON_DETAIL {

// In seconds: a time this far away counts as for ever. (The clocks' nanoseconds reach 292 years.)
constexpr double AGES = 250.0 * 365 * 24 * 3600;

// Nanoseconds, rounded up, so that a wait does not end early.
template <class Rep, class Period> std::uint64_t nanoseconds_of(const std::chrono::duration<Rep, Period> &time)
{
    typedef std::chrono::duration<Rep, Period> given;
    if (!(time > given::zero()))
        return 0;
    if (std::chrono::duration<double>(time).count() >= AGES)
        return ASYNCHRON_FOREVER;
    const std::chrono::nanoseconds whole = std::chrono::duration_cast<std::chrono::nanoseconds>(time);
    return static_cast<std::uint64_t>(whole.count()) + (whole < time ? 1 : 0);
}

// Calls wait(nanoseconds), which returns false when the time ran out, until the clock agrees.
template <class Clock, class Duration, class Wait>
bool until(const std::chrono::time_point<Clock, Duration> &when_over, Wait wait)
{
    for (;;) {
        const typename Clock::time_point now = Clock::now();
        // Roughly first: between the ends of two clocks' ranges, an exact difference overflows.
        const double ahead = std::chrono::duration<double>(when_over.time_since_epoch()).count() -
                             std::chrono::duration<double>(now.time_since_epoch()).count();
        if (ahead >= AGES)
            return wait(ASYNCHRON_FOREVER);
        if (ahead <= -AGES || !(now < when_over))
            return wait(std::uint64_t(0));
        if (wait(nanoseconds_of(when_over - now)))
            return true;
    }
}

} // namespace detail
/// @endcond

ASYNCHRON_END_NAMESPACE

#include "end.hpp"

#endif // ASYNCHRON_TIME_HPP
