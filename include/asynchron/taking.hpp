/**
 * @file asynchron/taking.hpp
 * Whether a value that cannot be copied was taken out.
 */

#ifndef ASYNCHRON_TAKING_HPP
#define ASYNCHRON_TAKING_HPP

#include "errors.hpp"

#include <atomic>
#include <cstdint>

#include "begin.hpp"

ASYNCHRON_BEGIN_NAMESPACE

/// @cond
namespace ASYNCHRON_DETAIL {

[[noreturn]] ASYNCHRON_COLD inline void raise_taken() { refuse(described(ASYNCHRON_ALREADY), ASYNCHRON_ALREADY); }

// A value may be taken out while promises live, and these may hand out another future at that moment. So whoever takes
// says so here before it looks whether others hold the value, and whoever reads looks here, and has a future by then.
// If the future was made before that look, whoever takes sees it. If it was made after, it sees what was said here: the
// library orders that (asynchron_is_held). Then it calls the taking off, and so nobody waits for anybody.
class taking {
    static constexpr std::uint32_t TAKEN = 1;
    static constexpr std::uint32_t FIRST = 2;

    std::atomic<std::uint32_t> turn_{FIRST}; // even: it is here; else somebody is at it, unless it is taken

    static std::uint32_t after(std::uint32_t turn) noexcept { return turn == UINT32_MAX ? FIRST : turn + 1; }

public:
    // For whoever has a future of it: whether it is here, and stays as long as that future.
    bool is_here() noexcept
    {
        std::uint32_t turn = turn_.load(std::memory_order_acquire);
        while (turn % 2 != 0 && turn != TAKEN)
            if (turn_.compare_exchange_weak(turn, after(turn), std::memory_order_acq_rel, std::memory_order_acquire))
                return true;
        return turn != TAKEN;
    }

    // For whoever has a future of it, and asks before whether it is here: whether it is the caller's, and nobody else's
    // ever again. `alone` says whether there is no other future of it.
    template <class Alone> bool take(Alone alone) noexcept
    {
        std::uint32_t turn = turn_.load(std::memory_order_acquire);
        if (turn % 2 != 0)
            return false; // somebody else is at it, and has a future of it
        if (!turn_.compare_exchange_strong(turn, turn + 1, std::memory_order_acq_rel, std::memory_order_relaxed))
            return false;
        std::uint32_t mine = turn + 1;
        const bool is_alone = alone();
        const std::uint32_t then = is_alone ? TAKEN : after(mine);
        return turn_.compare_exchange_strong(mine, then, std::memory_order_acq_rel, std::memory_order_relaxed) && is_alone;
    }

    // It could not be moved out after all. Since nobody else had a future of it, nobody else is at it.
    void put_back() noexcept { turn_.store(FIRST, std::memory_order_release); }
};

// A value that is copied where others hold it: that is never taken from under whoever reads.
struct never_taken {
    static bool is_here() noexcept { return true; }
    static void put_back() noexcept {}
};

} // namespace detail
/// @endcond

ASYNCHRON_END_NAMESPACE

#include "end.hpp"

#endif // ASYNCHRON_TAKING_HPP
