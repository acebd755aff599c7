/**
 * @file asynchron/plug_in.hpp
 * Plug-ins: for a module that is unloaded again.
 *
 * A module that is unloaded again, by dlclose() or FreeLibrary(), defines ASYNCHRON_PLUGIN for all of its units, and
 * calls leave() before. What it hands over by this header, functions and values, then counts as use of the module until
 * the library has freed it. Nothing else does: a plug-in joins its own threads before, and whoever moved or copied a
 * value or an exception out of a future is done with it, if the plug-in has code for it, such as a virtual destructor.
 *
 * Compile it with -fvisibility=hidden, and link it with a version script that names what it exports, and nothing more:
 *
 *     { global: plugin_*; local: *; };                       -Wl,--version-script=FILE
 *
 * Without the script, templates of the standard library remain symbols that other modules may use, above all at -O0, and
 * the plug-in may use those of the program or of another plug-in in place of its own. Then the system may keep it loaded,
 * or run code of a module that is gone. Where there is no version script, GCC needs -fno-gnu-unique.
 */

#ifndef ASYNCHRON_PLUG_IN_HPP
#define ASYNCHRON_PLUG_IN_HPP

#include "job.hpp"
#include "time.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "begin.hpp"

ASYNCHRON_BEGIN_NAMESPACE

#if defined(ASYNCHRON_PLUGIN)
/// @cond
namespace ASYNCHRON_DETAIL {

// What is left of a time that began then.
inline std::uint64_t time_left(std::uint64_t timeout, std::chrono::steady_clock::time_point began) noexcept
{
    if (timeout == ASYNCHRON_FOREVER)
        return timeout;
    const std::uint64_t over = nanoseconds_of(std::chrono::steady_clock::now() - began);
    return over < timeout ? timeout - over : 0;
}

inline std::int32_t pass_nothing(asynchron_t *, asynchron_t *const *, std::size_t, void *) noexcept { return 0; }

// What is handed over from now on gets a new keeper, which is waited for after this one. A function of the plug-in that runs
// holds this one or the new one, so neither goes while it is in use.
ASYNCHRON_HIDDEN inline void give_up(module_keeper &it, asynchron_t *keeper)
{
    it.gone = made(asynchron_after(&keeper, 1, nullptr, pass_nothing, nullptr, nullptr)).release();
    it.held.store(nullptr, std::memory_order_release);
    asynchron_release(keeper);
}

ASYNCHRON_HIDDEN inline bool leave_ns(std::uint64_t timeout)
{
    const std::chrono::steady_clock::time_point began = std::chrono::steady_clock::now();
    module_keeper &it = this_module();
    for (;;) {
        if (it.gone == nullptr) {
            asynchron_t *const keeper = it.held.load(std::memory_order_acquire);
            if (keeper == nullptr)
                return true;
            give_up(it, keeper);
        }
        const asynchron_status_t status = asynchron_wait(it.gone, time_left(timeout, began));
        if (status < 0)
            raise(nullptr, status);
        if (status == ASYNCHRON_TIMEOUT)
            return false;
        asynchron_release(it.gone);
        it.gone = nullptr;
    }
}

} // namespace detail
/// @endcond

/**
 * Waits until the library holds nothing more of this plug-in: its functions have returned, and its values were freed.
 * Then none of its code runs any more, nor ever will, and it may be unloaded. Cancel, deliver or release before what
 * would keep it: a value is in use as long as anybody has a future of it.
 *
 * - Threads: one at a time, from a function of the plug-in's that the host calls, when nobody else calls into it. Blocks.
 *   Not from inside of what it waits for, as a callback or a spawned function of the plug-in: that never ends.
 * - Throws: std::bad_alloc.
 */
ASYNCHRON_HIDDEN inline void leave() { (void)detail::leave_ns(ASYNCHRON_FOREVER); }

/** The same for so long at most. Returns whether it may be unloaded; false: something of it is in use. Then the plug-in
 *  may go on as before, and what it hands over counts as well, until leave() or leave_for() is called again. */
template <class Rep, class Period> ASYNCHRON_HIDDEN bool leave_for(const std::chrono::duration<Rep, Period> &time)
{
    return detail::leave_ns(detail::nanoseconds_of(time));
}
#endif

ASYNCHRON_END_NAMESPACE

#include "end.hpp"

#endif // ASYNCHRON_PLUG_IN_HPP
