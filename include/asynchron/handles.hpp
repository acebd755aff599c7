/**
 * @file asynchron/handles.hpp
 * Counted references to an asynchron, and the names that everything else uses.
 */

#ifndef ASYNCHRON_HANDLES_HPP
#define ASYNCHRON_HANDLES_HPP

#include "platform.hpp"

#include <cstdint>
#include <new>
#include <utility>

#include "begin.hpp"

ASYNCHRON_BEGIN_NAMESPACE

/// @cond
#if defined(ASYNCHRON_PLUGIN)
namespace plug_in {}
namespace detail = plug_in;
#endif
/// @endcond

template <class T> class future;
template <class T> class promise;
template <class T> class completions;
template <class T> class outcome;

/** Where an asynchron is in its life. A failed one is ready, too. */
enum class state : std::int32_t {
    pending = ASYNCHRON_STATE_PENDING,     /**< Nobody has delivered or started it. */
    running = ASYNCHRON_STATE_RUNNING,     /**< A function is computing its value. */
    ready = ASYNCHRON_STATE_READY,         /**< It has a value or an exception. */
    cancelled = ASYNCHRON_STATE_CANCELLED, /**< It was cancelled. */
};

/** The type of asynchron::adopt. */
struct adopt_t {
    /** Explicit, so that `{}` does not make one. */
    explicit adopt_t() = default;
};

/** Says that the call takes over the caller's reference; without it, the call adds one of its own. */
constexpr adopt_t adopt{};

/// @cond
namespace ASYNCHRON_DETAIL {

#if defined(ASYNCHRON_EXCEPTIONS)
[[noreturn]] ASYNCHRON_COLD inline void raise_no_memory() { throw std::bad_alloc(); }
#else
// Called in place of a throw.
[[noreturn]] ASYNCHRON_COLD inline void end_program(const char *why, const char *more = "") noexcept
{
    std::fprintf(stderr, "asynchron: %s%s%s; built without exceptions, the program ends\n", why,
                 *more == '\0' ? "" : ": ", more);
    std::abort();
}

[[noreturn]] ASYNCHRON_COLD inline void raise_no_memory() noexcept { end_program("out of memory"); }
#endif

// One reference, or none.
class counted {
    asynchron_t *a_;

public:
    counted() noexcept : a_(nullptr) {}
    counted(asynchron_t *a, adopt_t) noexcept : a_(a) {}
    counted(const counted &other) noexcept : a_(asynchron_retain(other.a_)) {}
    counted(counted &&other) noexcept : a_(other.release()) {}
    counted &operator=(counted other) noexcept
    {
        std::swap(a_, other.a_);
        return *this;
    }
    ~counted()
    {
        if (a_ != nullptr)
            asynchron_release(a_);
    }

    static counted share(asynchron_t *a) noexcept { return counted(asynchron_retain(a), adopt); }
    static counted create(const char *name = nullptr)
    {
        counted made(asynchron_create(name), adopt);
        if (made.a_ == nullptr)
            raise_no_memory();
        return made;
    }

    asynchron_t *get() const noexcept { return a_; }
    asynchron_t *release() noexcept
    {
        asynchron_t *const a = a_;
        a_ = nullptr;
        return a;
    }
};

} // namespace detail
/// @endcond

ASYNCHRON_END_NAMESPACE

#include "end.hpp"

#endif // ASYNCHRON_HANDLES_HPP
