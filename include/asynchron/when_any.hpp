/**
 * @file asynchron/when_any.hpp
 * What follows the first of several.
 */

#ifndef ASYNCHRON_WHEN_ANY_HPP
#define ASYNCHRON_WHEN_ANY_HPP

#include "several.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <initializer_list>
#include <iterator>
#include <tuple>
#include <utility>
#include <vector>

#include "begin.hpp"

ASYNCHRON_BEGIN_NAMESPACE

/** The value of a when_any(). */
template <class Futures> struct when_any_result {
    std::size_t index; /**< Which one is complete; SIZE_MAX, the largest index there is, if there were none. */
    Futures futures;   /**< All of them. */
};

/// @cond
namespace ASYNCHRON_DETAIL {

// Listens to all, until one is complete or the result was cancelled; then it takes its callbacks back. Each
// registration holds a reference to it, and so does the thread that registers.
template <class Futures> class any_of : guard {
    struct source : guard {
        counted a;
        any_of *owner;
        std::uint64_t token;

        source(counted its, any_of *its_owner) : guard(drop), a(std::move(its)), owner(its_owner), token(0) {}
        static void drop(void *ctx) noexcept
        {
            source &it = *static_cast<source *>(ctx);
            it.is_dropped();
            it.owner->release();
        }
    };

    std::atomic<std::size_t> holders_;
    std::atomic<int> busy_; // registering, and the result not complete: the last to end takes the callbacks back
    std::atomic<bool> won_;
    counted out_;
    std::vector<source> sources_;
    Futures futures_;

    typedef kind<when_any_result<Futures>> result;

    template <class T> friend asynchron_drop_fn_t drop_of() noexcept;
    static void drop(void *ctx) noexcept
    {
        any_of &it = *static_cast<any_of *>(ctx);
        it.is_dropped();
        it.release();
    }

    static void source_complete(asynchron_t *, void *ctx) noexcept
    {
        source &it = *static_cast<source *>(ctx);
        it.owner->choose(static_cast<std::size_t>(&it - it.owner->sources_.data()));
    }

    static void out_complete(asynchron_t *, void *ctx) noexcept
    {
        any_of &it = *static_cast<any_of *>(ctx);
        it.won_.store(true, std::memory_order_relaxed);
        it.leave();
    }

    void choose(std::size_t index) noexcept
    {
        if (won_.exchange(true, std::memory_order_relaxed))
            return;
        ASYNCHRON_TRY
        {
            when_any_result<Futures> chosen = {index, std::move(futures_)};
            (void)result::put(out_.get(), std::move(chosen));
        }
        ASYNCHRON_CATCH_ALL { fail(out_.get(), std::current_exception()); }
    }

    // A callback that is running on another thread finds that another source has won.
    void leave() noexcept
    {
        if (busy_.fetch_sub(1, std::memory_order_acq_rel) != 1)
            return;
        for (source &it : sources_) {
            if (it.token == 0)
                continue;
            const asynchron_status_t ignored = asynchron_try_unnotify(it.a.get(), it.token);
            (void)ignored;
        }
    }

    void hold() noexcept { holders_.fetch_add(1, std::memory_order_relaxed); }
    void release() noexcept
    {
        if (holders_.fetch_sub(1, std::memory_order_acq_rel) == 1)
            delete this;
    }

    void listen(asynchron_t *a, asynchron_notify_fn_t fn, void *ctx, asynchron_drop_fn_t drop_ctx, std::uint64_t *token)
    {
        asynchron_notify_options_t options = asynchron_notify_options_t();
        options.size = sizeof options;
        options.fn = fn;
        options.ctx = ctx;
        options.drop_ctx = drop_ctx;
        hold();
        need(asynchron_notify_with(a, &options, token));
    }

    void listen_to_all()
    {
        listen(out_.get(), out_complete, this, drop_of<any_of>(), nullptr);
        for (source &it : sources_) {
            if (won_.load(std::memory_order_relaxed))
                break;
            listen(it.a.get(), source_complete, &it, drop_of<source>(), &it.token);
        }
    }

    any_of(counted out, Futures &&futures)
        : guard(drop), holders_(1), busy_(2), won_(false), out_(std::move(out)), futures_(std::move(futures))
    {
    }

public:
    typedef future<when_any_result<Futures>> type;

    static type make(asynchron_t *const *all, std::size_t n, Futures futures)
    {
        counted out = counted::create();
        if (n == 0) {
            when_any_result<Futures> none = {static_cast<std::size_t>(-1), std::move(futures)};
            need(result::put(out.get(), std::move(none)));
            return type::from_handle(out.release(), adopt);
        }
        any_of *const it = new any_of(out, std::move(futures));
        ASYNCHRON_TRY
        {
            it->sources_.reserve(n);
            for (std::size_t i = 0; i < n; i++)
                it->sources_.emplace_back(counted::share(all[i]), it);
            it->listen_to_all();
        }
        ASYNCHRON_CATCH_ALL
        {
            (void)asynchron_cancel(out.get()); // which takes the callbacks back
            it->leave();
            it->release();
            ASYNCHRON_RETHROW;
        }
        it->leave();
        it->release();
        return type::from_handle(out.release(), adopt);
    }
};

} // namespace detail
/// @endcond

/**
 * A future that is ready once any of a range is complete, however it ended. Then nothing stays registered on the
 * others, nor once the result is cancelled. If the range is empty, it is ready at once.
 *
 * - Sources are kept until then, since the result holds all of them. So, unlike with when_all(), one of which nobody
 *   else has a handle does not fail as broken: if no other completes either, cancel the result.
 * - Threads: does not block.
 * - Throws: std::bad_alloc; error, if one is without state.
 */
template <class Range, class T = detail::value_in<Range>>
ASYNCHRON_HIDDEN future<when_any_result<std::vector<future<T>>>> when_any(Range &&range)
{
    std::vector<future<T>> all;
    auto it = std::begin(range);
    const auto end = std::end(range);
    for (; it != end; ++it)
        all.push_back(*it);
    const detail::several sources(all);
    return detail::any_of<std::vector<future<T>>>::make(sources.data(), sources.size(), std::move(all));
}

/** The same for a list. */
template <class T>
ASYNCHRON_HIDDEN future<when_any_result<std::vector<future<T>>>> when_any(std::initializer_list<future<T>> list)
{
    const detail::several sources(list);
    return detail::any_of<std::vector<future<T>>>::make(sources.data(), sources.size(), list);
}

/** The same for futures of any types, in a tuple. */
template <class... T>
ASYNCHRON_HIDDEN future<when_any_result<std::tuple<future<T>...>>> when_any(const future<T> &...futures)
{
    asynchron_t *const all[sizeof...(T) + 1] = {futures.handle()..., nullptr};
    detail::need_all(all, sizeof...(T));
    return detail::any_of<std::tuple<future<T>...>>::make(all, sizeof...(T), std::tuple<future<T>...>(futures...));
}

ASYNCHRON_END_NAMESPACE

#include "end.hpp"

#endif // ASYNCHRON_WHEN_ANY_HPP
