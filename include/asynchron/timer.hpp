/**
 * @file asynchron/timer.hpp
 * Futures that are ready when a time is over.
 */

#ifndef ASYNCHRON_TIMER_HPP
#define ASYNCHRON_TIMER_HPP

#include "future.hpp"

#include <chrono>

#include "begin.hpp"

ASYNCHRON_BEGIN_NAMESPACE

/**
 * A future that is ready when so much time is over, and not before. No thread sleeps for it. It is kept until then, so it
 * may be dropped once something was registered on it. Cancel it if nobody needs it any more.
 *
 *     asynchron::timer(std::chrono::seconds(1)).notify([] { beep(); });
 *
 * - Threads: does not block. What follows it runs on a thread of the library's that serves all times: so be quick there,
 *   or go on elsewhere.
 * - Throws: std::bad_alloc, also if no thread can be had.
 */
template <class Rep, class Period> future<void> timer(const std::chrono::duration<Rep, Period> &time)
{
    asynchron_t *const made = asynchron_timer(detail::nanoseconds_of(time));
    if (made == nullptr)
        detail::raise_no_memory();
    return from_handle<void>(made, adopt);
}

ASYNCHRON_END_NAMESPACE

#include "end.hpp"

#endif // ASYNCHRON_TIMER_HPP
