/**
 * @file asynchron/computing.hpp
 * Functions that compute: on a background thread, at once, or when somebody asks.
 */

#ifndef ASYNCHRON_COMPUTING_HPP
#define ASYNCHRON_COMPUTING_HPP

#include "job.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>

#include "begin.hpp"

ASYNCHRON_BEGIN_NAMESPACE

/**
 * Tells a function that is computing that nobody wants its result any more. It may be copied and kept. A function that
 * spawn(), call() or on_demand() is given may take one before its arguments, or a computation, which is one.
 */
class cancellation {
protected:
    /// @cond
    detail::counted a_;
    /// @endcond

public:
    /** Refers to nothing: never requested. */
    cancellation() noexcept {}
    /** For a C handle, whose reference stays the caller's. */
    explicit cancellation(asynchron_t *a) noexcept : a_(detail::counted::share(a)) {}
    /** Whether it was cancelled. */
    bool requested() const noexcept { return asynchron_poll(a_.get()) == ASYNCHRON_CANCELLED; }
    /**
     * Calls `f` if it is cancelled: for a function that blocks, to end what it waits for. As promise_base::on_cancel();
     * wants then.hpp, too. Keep what it returns as a scoped_registration, if `f` uses what the function destroys:
     *
     *     const asynchron::scoped_registration stop = self.on_cancel([&] { shutdown(socket, SHUT_RDWR); });
     */
    template <class F> ASYNCHRON_HIDDEN registration on_cancel(F &&f) const
    {
        return detail::told<detail::decayed<F>, void>::listen(a_.get(), std::forward<F>(f), ASYNCHRON_ON_CANCEL);
    }

    /** Throws cancelled if it was. */
    void check() const
    {
        if (requested())
            detail::raise(a_.get(), ASYNCHRON_CANCELLED);
    }
};

/** What spawn(), call() and on_demand() pass to a function as its first argument, if it can be called with it and not
 *  without: it learns from it whether it was cancelled, and says how far it is. It may be copied and kept. */
class computation : public cancellation {
public:
    /** Refers to nothing. */
    computation() noexcept {}
    /** For a C handle, whose reference stays the caller's. */
    explicit computation(asynchron_t *a) noexcept : cancellation(a) {}
    /** Says how far it is, for future_base::progress(): see promise_base::progress(). */
    bool progress(std::uint64_t done, std::uint64_t total) const
    {
        return a_.get() != nullptr && detail::won(asynchron_progress(a_.get(), done, total));
    }
};

/// @cond
namespace ASYNCHRON_DETAIL {

// A function and its arguments, which may take a computation before them.
template <class F, class... A> class bound {
    F f_;
    std::tuple<A...> args_;

    typedef invoked_with<F, arguments<A...>, arguments<computation, A...>> chosen;
    static_assert(chosen::value, "the function cannot be called with these arguments");

    template <std::size_t... I>
    typename chosen::type with(asynchron_t *, indices<I...>, std::true_type)
    {
        return detail::invoke(std::move(f_), std::get<I>(std::move(args_))...);
    }
    template <std::size_t... I>
    typename chosen::type with(asynchron_t *self, indices<I...>, std::false_type)
    {
        return detail::invoke(std::move(f_), computation(self), std::get<I>(std::move(args_))...);
    }

public:
    typedef typename chosen::type result;
    static constexpr bool of_value = false;

    template <class G, class... B>
    explicit bound(G &&f, B &&...args) : f_(std::forward<G>(f)), args_(std::forward<B>(args)...)
    {
    }
    result call(asynchron_t *self, asynchron_t *const *, std::size_t)
    {
        return with(self, typename indices_to<sizeof...(A)>::type(), typename chosen::is_first());
    }
};

template <class F, class... A> using job_of = job<bound<decayed<F>, decayed<A>...>>;

// What the job delivers into; without memory for that, the job goes.
template <class Job> counted create_for_job(Job *ctx)
{
    ASYNCHRON_TRY { return Job::create(); }
    ASYNCHRON_CATCH_ALL
    {
        delete ctx;
        ASYNCHRON_RETHROW;
    }
}

template <class F, class... A> struct spawned_on {
    typedef job_of<F, A...> work;
    typedef future<typename work::value_type> type;

    static type make(asynchron_executor_t *on, F &&f, A &&...args)
    {
        const auto start = [on](work *ctx) {
            counted self = create_for_job(ctx);
            need(asynchron_spawn_on(on, self.get(), work::run, ctx, drop_of<work>()));
            return self;
        };
        return begin<work>(start, std::forward<F>(f), std::forward<A>(args)...);
    }
};

} // namespace detail
/// @endcond

/**
 * Computes `f(args...)` on a background thread.
 *
 * - `f` and `args` are moved or copied, and destroyed before the result is there; std::ref() passes a reference. `f`
 *   may take a computation before `args`.
 * - Returns: a future of what `f` returns; it fails with what `f` throws. If `f` returns a future, that is joined. The
 *   result may be dropped: `f` runs all the same.
 * - Threads: does not block. Threads are reused, and there are enough that tasks which wait for tasks never starve; see
 *   asynchron_spawn(). Nothing waits for them at exit.
 * - Throws: std::bad_alloc; std::system_error if no thread can be started; what moving or copying throws.
 */
template <class F, class... A>
future<typename detail::job_of<F, A...>::value_type> spawn(F &&f, A &&...args)
{
    typedef detail::job_of<F, A...> work;
    const auto start = [](work *ctx) {
        detail::counted self = detail::create_for_job(ctx);
        detail::need(asynchron_spawn(self.get(), work::run, ctx, detail::drop_of<work>()));
        return self;
    };
    return detail::begin<work>(start, std::forward<F>(f), std::forward<A>(args)...);
}

/**
 * Computes `f(args...)` at once, on this thread, and keeps what it returns or throws.
 *
 * - Returns: a complete future; if `f` returns a future, that one.
 * - Threads: blocks as long as `f` does.
 * - Throws: std::bad_alloc; what moving or copying throws.
 */
template <class F, class... A>
future<typename detail::job_of<F, A...>::value_type> call(F &&f, A &&...args)
{
    typedef detail::job_of<F, A...> work;
    const auto start = [](work *ctx) {
        const std::unique_ptr<work> held(ctx);
        detail::counted self = work::create();
        detail::need(asynchron_call(self.get(), work::run, ctx));
        return self;
    };
    return detail::begin<work>(start, std::forward<F>(f), std::forward<A>(args)...);
}

/**
 * Computes `f()` when somebody asks: the first get, wait or co_await runs it on the calling thread, to its end,
 * whatever the timeout, unless that is 0. Everybody else waits for that run. Returning it to be joined, from a
 * function given to spawn() or then(), asks for it, too. Nothing else starts it: not then(), notify(), after(),
 * when_all(), when_any() or report() of it, nor a wait for several. To compute it on a background thread:
 * `spawn([lazy] { lazy.wait(); })`.
 *
 * - `f` is moved or copied; it may take a computation. If it returns a future, that is joined.
 * - Returns: a future of what `f` returns; it fails with what `f` throws.
 * - Threads: does not block.
 * - Throws: std::bad_alloc; what moving or copying throws.
 */
template <class F> future<typename detail::job_of<F>::value_type> on_demand(F &&f)
{
    typedef detail::job_of<F> work;
    asynchron_options_t options = asynchron_options_t();
    options.size = sizeof options;
    options.on_demand = work::run;
    options.on_demand_ctx = new work(std::forward<F>(f));
    options.drop_on_demand_ctx = detail::drop_of<work>();
    asynchron_t *a = nullptr;
    detail::need(asynchron_create_with(&options, &a));
    return from_handle<typename work::value_type>(a, adopt);
}

ASYNCHRON_END_NAMESPACE

#include "end.hpp"

#endif // ASYNCHRON_COMPUTING_HPP
