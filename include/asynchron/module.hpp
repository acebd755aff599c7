/**
 * @file asynchron/module.hpp
 * What is handed over to the library holds the module that it is from, if that can be unloaded: see plug_in.hpp.
 */

#ifndef ASYNCHRON_MODULE_HPP
#define ASYNCHRON_MODULE_HPP

#include "handles.hpp"

#include <atomic>

#include "begin.hpp"

ASYNCHRON_BEGIN_NAMESPACE

/// @cond
namespace ASYNCHRON_DETAIL {

#if defined(ASYNCHRON_PLUGIN)
// What holds this module: an asynchron that is never delivered, and breaks when its last reference goes.
struct module_keeper {
    std::atomic<asynchron_t *> held; // nullptr: nothing was handed over since it was given up
    asynchron_t *gone;               // while leave() waits for one that was given up: complete once that has broken
};

ASYNCHRON_OWN inline module_keeper &this_module() noexcept
{
    static module_keeper it;
    return it;
}

// One more reference; false without memory.
ASYNCHRON_HIDDEN inline bool hold_module(counted &reference) noexcept
{
    std::atomic<asynchron_t *> &held = this_module().held;
    asynchron_t *keeper = held.load(std::memory_order_acquire);
    if (keeper == nullptr) {
        asynchron_t *const made = asynchron_create("plug-in");
        if (made == nullptr)
            return false;
        if (held.compare_exchange_strong(keeper, made, std::memory_order_acq_rel, std::memory_order_acquire))
            keeper = made;
        else
            asynchron_release(made);
    }
    reference = counted::share(keeper);
    return true;
}
#else
// A program is not unloaded.
inline bool hold_module(counted &) noexcept { return true; }
#endif

// The same for what may throw.
ASYNCHRON_HIDDEN inline counted need_module()
{
    counted reference;
    if (!hold_module(reference))
        raise_no_memory();
    return reference;
}

#if defined(ASYNCHRON_PLUGIN)
// What is handed over to C begins with it: the module stays until the library has called its drop, and that returned.
class guard {
    asynchron_guarded_t guarded_;

public:
    explicit guard(asynchron_drop_fn_t drop)
    {
        guarded_.keeper = need_module().release();
        guarded_.drop = drop;
    }
    guard(guard &&other) noexcept : guarded_(other.guarded_) { other.guarded_.keeper = nullptr; }
    ~guard() { asynchron_release(guarded_.keeper); }

    // Inside of the drop: the library gives up the reference after it.
    void is_dropped() noexcept { guarded_.keeper = nullptr; }
};

template <class T> asynchron_drop_fn_t drop_of() noexcept { return asynchron_drop_guarded; }
#else
// Of nothing.
class guard {
public:
    explicit guard(asynchron_drop_fn_t) noexcept {}
    void is_dropped() noexcept {}
};

template <class T> asynchron_drop_fn_t drop_of() noexcept { return T::drop; }
#endif

} // namespace detail
/// @endcond

ASYNCHRON_END_NAMESPACE

#include "end.hpp"

#endif // ASYNCHRON_MODULE_HPP
