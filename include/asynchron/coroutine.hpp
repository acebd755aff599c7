/**
 * @file asynchron/coroutine.hpp
 * Coroutines: a future can be awaited, and returned by a coroutine.
 *
 * A coroutine that returns a future runs at once, on the thread that calls it, until it first has to wait; it resumes
 * on the thread that completes what it waits for. Its future is complete when the coroutine is gone, and all of its
 * variables with it. The future may be dropped: the coroutine goes on. If it is destroyed while it waits, its future
 * fails as broken. `co_await asynchron::spawn([] {})` resumes on a background thread.
 *
 * A coroutine of any type may be destroyed while it waits for a future: it is then never resumed, even if another
 * thread is completing the future at that moment. Once it has been resumed it runs, and its owner has to know that
 * before destroying it, as with any coroutine.
 *
 * Cancelling its future does not stop a coroutine either: it is not woken, and what it returns later is dropped. It can
 * ask a cancellation, which spawn(), or call() to begin here, passes to it as the first parameter, by value:
 *
 *     asynchron::future<int> work(asynchron::cancellation stop, int n)
 *     {
 *         co_await step(n);
 *         stop.check(); // throws, if the future below was cancelled meanwhile
 *         co_return n;
 *     }
 *     asynchron::future<int> f = asynchron::call(work, 3);
 *
 * GCC up to version 12 refuses a list in braces inside a co_await ("array used as initializer"), as in
 * `co_await when_all(std::vector<future<int>>{a, b})`: give the list a name first.
 */

#ifndef ASYNCHRON_COROUTINE_HPP
#define ASYNCHRON_COROUTINE_HPP

#include "computing.hpp"

#include <atomic>
#include <cstdint>
#include <exception>
#include <memory>
#include <type_traits>
#include <utility>

#if defined(__cpp_impl_coroutine) && defined(__has_include)
#if __has_include(<coroutine>)
#include <coroutine>
/** Defined where a future can be awaited and can be the return type of a coroutine. */
#define ASYNCHRON_COROUTINES 1
#endif
#endif

#include "begin.hpp"

ASYNCHRON_BEGIN_NAMESPACE

#if defined(ASYNCHRON_COROUTINES)
/// @cond
namespace ASYNCHRON_DETAIL {

// Lies in the frame of the coroutine that waits. Its callback and its destructor may meet: whoever takes the turn first
// has the coroutine.
template <class T, bool Lasts> class awaiter {
    future<T> f_;
    std::coroutine_handle<> coroutine_;
    std::uint64_t token_ = 0; // of the callback, once it is registered
    std::atomic<bool> taken_{false};

    bool take() noexcept { return !taken_.exchange(true, std::memory_order_acq_rel); }

#if defined(ASYNCHRON_PLUGIN)
    // What is left when the frame is gone: it keeps the module until the callback is over.
    struct stay : guard {
        awaiter *const waits;

        explicit stay(awaiter *it) : guard(drop), waits(it) {}
        static void drop(void *ctx) noexcept
        {
            stay *const it = static_cast<stay *>(ctx);
            it->is_dropped();
            delete it;
        }
    };

    void *context(asynchron_drop_fn_t &drop)
    {
        drop = drop_of<stay>();
        return new stay(this);
    }
    static awaiter &from(void *ctx) noexcept { return *static_cast<stay *>(ctx)->waits; }
#else
    void *context(asynchron_drop_fn_t &) noexcept { return this; }
    static awaiter &from(void *ctx) noexcept { return *static_cast<awaiter *>(ctx); }
#endif

    static void resume(asynchron_t *a, void *ctx) noexcept
    {
        const noted<T> here(&a, 1);
        awaiter &it = from(ctx);
        if (!it.take())
            return; // the destructor waits for this call to return
        const std::coroutine_handle<> coroutine = it.coroutine_;
        coroutine.resume(); // nothing of the awaiter may be left after this
    }

public:
    explicit awaiter(future<T> f) noexcept : f_(std::move(f)) {}
    awaiter(const awaiter &) = delete;
    void operator=(const awaiter &) = delete;

    // A frame that is destroyed while it waits takes its callback back. A callback that has just begun finds the turn
    // taken and returns, so this waits a few instructions at most.
    ~awaiter()
    {
        if (token_ != 0 && take()) {
            const asynchron_status_t ignored = asynchron_unnotify(f_.handle(), token_);
            (void)ignored;
        }
    }

    bool await_ready() const
    {
        if (!f_.valid())
            raise(nullptr, ASYNCHRON_E_INVALID);
        ask(f_.handle());
        return f_.complete();
    }

    bool await_suspend(std::coroutine_handle<> coroutine)
    {
        // Once it is registered, the coroutine may run and destroy this before the call returns.
        const future<T> held(f_);
        coroutine_ = coroutine;
        asynchron_notify_options_t options = asynchron_notify_options_t();
        options.size = sizeof options;
        options.fn = resume;
        options.ctx = context(options.drop_ctx);
        options.flags = ASYNCHRON_NOTIFY_IF_PENDING;
        const asynchron_status_t status = asynchron_notify_with(held.handle(), &options, &token_);
        return won(status);
    }

    std::conditional_t<Lasts, typename seen_as<T>::type, T> await_resume() const { return f_.get(); }
};

// The same for a temporary whose value can only be moved: takes it out. The thread that completes the future holds it until
// all that it calls has returned. So the coroutine goes on on a background thread, unless it need not wait.
template <class T> class taker {
    // Outlives the frame, if that is destroyed while it waits.
    struct waiting {
        future<T> f;
        std::coroutine_handle<> coroutine;
        std::uint64_t token = 0;
        std::atomic<bool> taken{false};
        std::exception_ptr failed; // why there is no background thread

        bool take() noexcept { return !taken.exchange(true, std::memory_order_acq_rel); }
        void resume() noexcept
        {
            if (take())
                coroutine.resume();
        }
    };
    typedef std::shared_ptr<waiting> shared;

    struct callback : guard {
        const shared waits;

        explicit callback(shared its) : guard(drop), waits(std::move(its)) {}
        static void drop(void *ctx) noexcept
        {
            callback *const it = static_cast<callback *>(ctx);
            it->is_dropped();
            delete it;
        }
    };

    future<T> f_;
    shared waits_;

    static void resume_elsewhere(const shared &waits)
    {
        spawn([waits] { waits->resume(); });
    }
    static void complete(asynchron_t *a, void *ctx) noexcept
    {
        const shared waits = static_cast<callback *>(ctx)->waits;
        if (asynchron_poll(a) != ASYNCHRON_OK)
            return waits->resume();
        ASYNCHRON_TRY { resume_elsewhere(waits); }
        ASYNCHRON_CATCH_ALL
        {
            waits->failed = std::current_exception();
            waits->resume();
        }
    }

public:
    explicit taker(future<T> f) noexcept : f_(std::move(f)) {}
    taker(const taker &) = delete;
    void operator=(const taker &) = delete;
    ~taker()
    {
        if (waits_ != nullptr && waits_->take()) {
            const asynchron_status_t ignored = asynchron_try_unnotify(waits_->f.handle(), waits_->token);
            (void)ignored;
        }
    }

    bool await_ready() const
    {
        if (!f_.valid())
            raise(nullptr, ASYNCHRON_E_INVALID);
        ask(f_.handle());
        return f_.complete() && kind<T>::is_last(f_.handle());
    }

    bool await_suspend(std::coroutine_handle<> coroutine)
    {
        // Once it is registered the coroutine may run, and this with it be gone, before the call returns.
        const future<T> held(f_);
        const shared waits = waits_ = std::make_shared<waiting>();
        waits->f = std::move(f_);
        waits->coroutine = coroutine;
        asynchron_notify_options_t options = asynchron_notify_options_t();
        options.size = sizeof options;
        options.fn = complete;
        options.ctx = new callback(waits);
        options.drop_ctx = drop_of<callback>();
        options.flags = ASYNCHRON_NOTIFY_IF_PENDING;
        if (!won(asynchron_notify_with(held.handle(), &options, &waits->token)))
            resume_elsewhere(waits);
        return true;
    }

    T await_resume()
    {
        if (waits_ == nullptr)
            return std::move(f_).take();
        if (waits_->failed != nullptr)
            std::rethrow_exception(waits_->failed);
        return std::move(waits_->f).take();
    }
};

template <class T> class coroutine_base {
    // If the frame is destroyed while it waits, nobody will deliver.
    struct result {
        counted a = create_for<T>();
        ~result()
        {
            if (a.get() != nullptr && asynchron_state(a.get()) == ASYNCHRON_STATE_PENDING)
                fail_with(a.get(), ASYNCHRON_E_BROKEN, "the coroutine was destroyed while it waited");
        }
    };

    result result_;
    std::exception_ptr thrown_;

protected:
    typename kind<T>::parcel made_;

    // Carries the result out of the coroutine, and delivers it when nothing is left of the coroutine.
    struct last {
        bool await_ready() const noexcept { return false; }
        template <class P> void await_suspend(std::coroutine_handle<P> coroutine) const noexcept
        {
            coroutine_base &it = coroutine.promise();
            const counted a = std::move(it.result_.a);
            const std::exception_ptr thrown = std::move(it.thrown_);
            if (thrown != nullptr) {
                coroutine.destroy();
                fail(a.get(), thrown);
                return;
            }
            typename kind<T>::parcel made = std::move(it.made_);
            coroutine.destroy();
            deliver(a.get(), made);
        }
        void await_resume() const noexcept {}
    };

public:
    future<T> get_return_object() const noexcept { return from_handle<T>(result_.a.get()); }
    std::suspend_never initial_suspend() const noexcept { return {}; }
    last final_suspend() const noexcept { return {}; }
    void unhandled_exception() noexcept { thrown_ = std::current_exception(); }
};

template <class T> struct coroutine : coroutine_base<T> {
    void return_value(const T &value) { this->made_.set(value); }
    void return_value(T &&value) { this->made_.set(std::move(value)); }
};
template <class T> struct coroutine<T &> : coroutine_base<T &> {
    void return_value(T &object) noexcept { this->made_.set(object); }
};
template <> struct coroutine<void> : coroutine_base<void> {
    void return_void() const noexcept {}
};

} // namespace detail
/// @endcond

/**
 * Waits for a future in a coroutine of any type, without blocking a thread.
 *
 * - Returns what get() would: the value, a `const T&`, if the future has a name.
 * - Threads: the coroutine resumes on the thread that completes the future, as a callback does; at once, if it is
 *   complete. If the future was made by on_demand() and nobody has started it, it is computed here.
 * - Throws: as get(); std::bad_alloc.
 */
template <class T> detail::awaiter<T, true> operator co_await(const future<T> &f) noexcept
{
    return detail::awaiter<T, true>(f);
}

/** The same for a temporary: a copy of the value. */
template <class T, detail::when<detail::is_taken<T>::value, int> = 0>
detail::awaiter<T, false> operator co_await(future<T> &&f) noexcept
{
    return detail::awaiter<T, false>(std::move(f));
}

/** The same for a const temporary. */
template <class T, detail::when<detail::is_taken<T>::value, int> = 0>
detail::awaiter<T, false> operator co_await(const future<T> &&f) noexcept
{
    return detail::awaiter<T, false>(f);
}

/** For a temporary whose T cannot be copied: yields the value, moved out as by future::take(). If the future is complete
 *  and nobody else holds it, the coroutine goes on at once. Else it goes on on a background thread, since the thread that
 *  completes the future holds it while it calls. Throws std::system_error, too, if no thread can be had. */
template <class T, detail::when<!detail::is_taken<T>::value, int> = 0>
detail::taker<T> operator co_await(future<T> &&f) noexcept
{
    return detail::taker<T>(std::move(f));
}

/** Not for a const temporary: the value might be gone with it. Give the future a name. */
template <class T, detail::when<!detail::is_taken<T>::value, int> = 0>
detail::taker<T> operator co_await(const future<T> &&f) = delete;
#endif

ASYNCHRON_END_NAMESPACE

#if defined(ASYNCHRON_COROUTINES)
/** A coroutine that returns an asynchron::future. */
template <class T, class... A> struct std::coroutine_traits<asynchron::future<T>, A...> {
    /** How it delivers. */
    using promise_type = asynchron::detail::coroutine<T>;
};
#endif

#include "end.hpp"

#endif // ASYNCHRON_COROUTINE_HPP
