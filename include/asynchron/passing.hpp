/**
 * @file asynchron/passing.hpp
 * The outcome of one asynchron, delivered to another.
 */

#ifndef ASYNCHRON_PASSING_HPP
#define ASYNCHRON_PASSING_HPP

#include "values.hpp"

#include <cstddef>
#include <cstdint>
#include <new>

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

// Passes the outcome of one that is complete, or will be, on to another.
inline std::int32_t pass_nothing(asynchron_t *, asynchron_t *const *, std::size_t, void *) noexcept { return 0; }

template <class T>
std::int32_t pass_value(asynchron_t *self, asynchron_t *const *sources, std::size_t, void *) noexcept
{
    asynchron_value_t value = {nullptr, 0};
    const asynchron_status_t status = asynchron_get(sources[0], &value);
    if (status == ASYNCHRON_OK && kind<T>::pass(self, sources[0], value) == ASYNCHRON_E_NOMEM)
        fail_without_memory(self);
    return status;
}

#if defined(ASYNCHRON_PLUGIN)
// The step has a function of this module: it counts as use of it.
ASYNCHRON_HIDDEN inline asynchron_t *then_pass(asynchron_t *from, asynchron_t *into, asynchron_join_fn_t pass) noexcept
{
    counted keeper;
    if (!hold_module(keeper))
        return nullptr;
    asynchron_guarded_t *const step = new (std::nothrow) asynchron_guarded_t;
    if (step == nullptr)
        return nullptr;
    step->keeper = keeper.release();
    step->drop = [](void *it) { delete static_cast<asynchron_guarded_t *>(it); };
    return asynchron_then(from, into, pass, step, asynchron_drop_guarded);
}
#else
inline asynchron_t *then_pass(asynchron_t *from, asynchron_t *into, asynchron_join_fn_t pass) noexcept
{
    return asynchron_then(from, into, pass, nullptr, nullptr);
}
#endif

inline void pass_on(asynchron_t *from, asynchron_t *into, asynchron_join_fn_t pass) noexcept
{
    if (from == into) {
        fail_with(into, ASYNCHRON_E_DEADLOCK, "a future cannot be joined to itself");
        return;
    }
    asynchron_t *const reference = then_pass(from, into, pass);
    if (reference == nullptr)
        fail_without_memory(into);
    else
        asynchron_release(reference);
}

// Delivers at once how `from` failed or was cancelled, or why it could not be waited for.
ASYNCHRON_COLD inline void fail_as(asynchron_t *into, asynchron_t *from, std::int32_t status) noexcept
{
    asynchron_error_t e = {0, "", "", nullptr};
    asynchron_status_t done;
    if (status < 0 || asynchron_error(from, &e) != ASYNCHRON_OK)
        return fail_with(into, status, described(status));
    if (status == ASYNCHRON_CANCELLED)
        done = asynchron_cancel_with(into, e.message);
    else if (is_thrown(e))
        done = fail_as_thrown(into, static_cast<const thrown_payload *>(e.payload)->thrown, e.code, e.domain, e.message);
    else
        done = asynchron_fail_with(into, e.code, e.domain, e.message, nullptr, nullptr);
    if (done == ASYNCHRON_E_NOMEM)
        fail_without_memory(into);
}

} // namespace detail
/// @endcond

ASYNCHRON_END_NAMESPACE

#include "end.hpp"

#endif // ASYNCHRON_PASSING_HPP
