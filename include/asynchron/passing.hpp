/**
 * @file asynchron/passing.hpp
 * The outcome of one asynchron, passed on to another.
 */

#ifndef ASYNCHRON_PASSING_HPP
#define ASYNCHRON_PASSING_HPP

#include "errors.hpp"

#include "begin.hpp"

ASYNCHRON_BEGIN_NAMESPACE

/// @cond
namespace ASYNCHRON_DETAIL {

// Runs a function on demand now, as a wait would, if nobody has started it.
inline void ask(asynchron_t *a) noexcept
{
    if (asynchron_is_on_demand(a))
        (void)asynchron_wait(a, ASYNCHRON_FOREVER);
}

// Has it complete as another does, which is asked for.
inline void join(asynchron_t *into, asynchron_t *from) noexcept
{
    ask(from);
    switch (asynchron_follow(into, from)) {
    case ASYNCHRON_E_NOMEM:
        fail_without_memory(into);
        return;
    case ASYNCHRON_E_INVALID:
        return fail_with(into, ASYNCHRON_E_DEADLOCK, "a future cannot be joined to itself");
    default:
        return; // it follows, or was cancelled
    }
}

} // namespace detail
/// @endcond

ASYNCHRON_END_NAMESPACE

#include "end.hpp"

#endif // ASYNCHRON_PASSING_HPP
