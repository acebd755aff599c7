/**
 * @file asynchron/executor.hpp
 * Where functions run: on threads of an executor's own, or of the program's.
 */

#ifndef ASYNCHRON_EXECUTOR_HPP
#define ASYNCHRON_EXECUTOR_HPP

#include "errors.hpp"
#include "time.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "begin.hpp"

ASYNCHRON_BEGIN_NAMESPACE

class executor;

/// @cond
namespace ASYNCHRON_DETAIL {

template <class F, class... A> struct spawned_on;
template <class Post> class poster;

// One reference to an executor, or none.
class counted_executor {
    asynchron_executor_t *e_;

public:
    counted_executor() noexcept : e_(nullptr) {}
    counted_executor(asynchron_executor_t *e, adopt_t) noexcept : e_(e) {}
    counted_executor(const counted_executor &other) noexcept : e_(asynchron_executor_retain(other.e_)) {}
    counted_executor(counted_executor &&other) noexcept : e_(other.e_) { other.e_ = nullptr; }
    counted_executor &operator=(counted_executor other) noexcept
    {
        std::swap(e_, other.e_);
        return *this;
    }
    ~counted_executor() { asynchron_executor_release(e_); }

    asynchron_executor_t *get() const noexcept { return e_; }
};

// A task that was posted, until it is run, or taken back.
class posted {
    std::atomic<asynchron_task_t *> task_;

public:
    explicit posted(asynchron_task_t *task) noexcept : task_(task) {}
    posted(const posted &) = delete;
    void operator=(const posted &) = delete;
    ~posted() { asynchron_task_discard(take()); }
    asynchron_task_t *take() noexcept { return task_.exchange(nullptr, std::memory_order_acq_rel); }
};

} // namespace detail
/// @endcond

/**
 * Something that an executor posts, for a thread or a loop of the program's to call, once: a function object that takes
 * nothing, and may be copied. If the last copy is destroyed and none was called, what it would have computed fails as
 * broken.
 */
class task {
    std::shared_ptr<detail::posted> it_;

    template <class Post> friend class detail::poster;
    explicit task(std::shared_ptr<detail::posted> it) noexcept : it_(std::move(it)) {}

public:
    /** Runs it, on this thread. A second call, of this or a copy, does nothing. */
    void operator()() const noexcept { asynchron_task_run(it_ == nullptr ? nullptr : it_->take()); }
};

/// @cond
namespace ASYNCHRON_DETAIL {

// What an executor of the program's posts by, as a context for C.
template <class Post> class poster : guard {
    Post post_;

public:
    template <class P> explicit poster(P &&post) : guard(drop), post_(std::forward<P>(post)) {}

    static std::int32_t post(asynchron_task_t *raw, void *ctx) noexcept
    {
        std::shared_ptr<posted> it;
        ASYNCHRON_TRY
        {
            it = std::make_shared<posted>(raw);
            static_cast<poster *>(ctx)->post_(task(it));
            return 0;
        }
        ASYNCHRON_CATCH_ALL
        {
            return it != nullptr && it->take() == nullptr ? 0 : -1; // refused, unless it has run
        }
    }
    static void drop(void *ctx) noexcept
    {
        poster *const it = static_cast<poster *>(ctx);
        it->is_dropped();
        delete it;
    }
};

} // namespace detail
/// @endcond

/** What executor::shutdown() does with that which has not begun. */
enum class closing {
    finish, /**< It still runs. */
    cancel, /**< It is cancelled, with the reason "shut down". Callbacks run on the thread that shuts down. */
};

/**
 * Decides on which thread something runs. Copies of it are the same executor. Take one for what computes, and another for
 * calls that block, so that neither waits for the other; or have it run in the program's own loop.
 *
 *     asynchron::executor disk(2, "disk");                                   // two threads of its own
 *     asynchron::future<std::string> text = disk.spawn(read_file, "x.txt");
 *
 *     asynchron::executor window = asynchron::executor::of(loop);            // loop.post(f) runs f() on the loop's thread
 *     text.then(window, [](const std::string &s) { show(s); });
 *
 * Destroying it does not wait: what it was given still runs. shutdown() waits.
 */
class executor {
    detail::counted_executor e_;

    explicit executor(detail::counted_executor e) noexcept : e_(std::move(e)) {}

    static detail::counted_executor made(const asynchron_executor_options_t &options)
    {
        asynchron_executor_t *e = nullptr;
        detail::need(asynchron_executor_create(&options, &e));
        return detail::counted_executor(e, adopt);
    }
    static asynchron_executor_options_t with_threads(std::size_t threads, const char *name, std::size_t stack_size) noexcept
    {
        asynchron_executor_options_t options = asynchron_executor_options_t();
        options.size = sizeof options;
        options.name = name;
        options.threads = threads;
        options.stack_size = stack_size;
        return options;
    }

    bool shutdown_ns(std::uint64_t timeout, closing how)
    {
        const std::uint64_t flags = how == closing::cancel ? ASYNCHRON_SHUTDOWN_CANCEL : 0;
        const asynchron_status_t status = asynchron_executor_shutdown(e_.get(), flags, timeout);
        if (status < 0)
            detail::raise(nullptr, status);
        return status == ASYNCHRON_OK;
    }

    template <class Loop> struct post_to {
        Loop *loop;
        void operator()(task its) const { loop->post(std::move(its)); }
    };

public:
    /**
     * With threads of its own, which are made when needed, and end when they have rested for a second.
     *
     * - `threads`: how many of its tasks run at a time, at most; 0: as many as processors. One that sleeps in a wait of
     *   this library does not count, so tasks that wait for tasks of the same executor never lock it up.
     * - `name`: as debuggers show it, cut to 15 bytes.
     * - `stack_size`: bytes of each thread's stack; 0: the system's.
     * - Throws: std::bad_alloc.
     */
    explicit executor(std::size_t threads, const char *name = nullptr, std::size_t stack_size = 0)
        : e_(made(with_threads(threads, name, stack_size)))
    {
    }

    /**
     * With threads of the program's: `post(task)` is to have a thread or a loop call that asynchron::task.
     *
     * - `post` is moved or copied. It is called on whatever thread spawns or completes, also on several at a time, and
     *   should do no more than add the task to a queue. It may call the task itself. If it throws, the task is refused:
     *   what was spawned throws std::system_error, and a callback runs as without an executor.
     * - Throws: std::bad_alloc; what moving or copying throws.
     */
    template <class Post> ASYNCHRON_HIDDEN static executor posting(Post &&post)
    {
        typedef detail::poster<typename std::decay<Post>::type> context;
        asynchron_executor_options_t options = with_threads(0, nullptr, 0);
        options.ctx = new context(std::forward<Post>(post));
        options.post = context::post;
        options.drop_ctx = detail::drop_of<context>();
        return executor(made(options));
    }

    /** The same for anything with a member function `post(f)`, which may be called by any thread. It has to live as long as
     *  tasks come: until shutdown() has returned. */
    template <class Loop> ASYNCHRON_HIDDEN static executor of(Loop &loop) { return posting(post_to<Loop>{&loop}); }

    /** That of asynchron::spawn(). */
    static executor background() noexcept
    {
        return executor(detail::counted_executor(asynchron_executor_default(), adopt));
    }

    /** Computes `f(args...)` where this has it run; else as asynchron::spawn(). Throws error with the code
     *  ASYNCHRON_E_CLOSED, too, after shutdown(); std::system_error, too, if it cannot be posted. Wants computing.hpp. */
    template <class F, class... A> typename detail::spawned_on<F, A...>::type spawn(F &&f, A &&...args) const
    {
        return detail::spawned_on<F, A...>::make(e_.get(), std::forward<F>(f), std::forward<A>(args)...);
    }

    /**
     * Closes it, for ever, and waits until all that it was given has returned. What its functions use can be destroyed
     * then. Callbacks that are registered with it run as without an executor from now on.
     *
     * - Threads: blocks. Inside a callback it first runs what is due on this thread.
     * - Throws: error, ASYNCHRON_E_DEADLOCK inside a task of its own, and nothing has changed; ASYNCHRON_E_INVALID without
     *   state.
     */
    void shutdown(closing how = closing::finish) { shutdown_ns(ASYNCHRON_FOREVER, how); }

    /** The same for at most this long. Returns whether all has returned; if not, it is closed all the same: ask again. */
    template <class Rep, class Period>
    bool shutdown_for(const std::chrono::duration<Rep, Period> &time, closing how = closing::finish)
    {
        return shutdown_ns(detail::nanoseconds_of(time), how);
    }

    /** The executor, for C; this keeps its reference. nullptr if this was moved from. */
    asynchron_executor_t *handle() const noexcept { return e_.get(); }

    /** From a C handle, whose reference stays the caller's. */
    static executor from_handle(asynchron_executor_t *e) noexcept
    {
        return from_handle(asynchron_executor_retain(e), adopt);
    }
    /** The same, taking over the reference. */
    static executor from_handle(asynchron_executor_t *e, adopt_t) noexcept
    {
        return executor(detail::counted_executor(e, adopt));
    }
};

/// @cond
namespace ASYNCHRON_DETAIL {

// The handle of one that was not moved from.
inline asynchron_executor_t *of(const executor &on)
{
    if (on.handle() == nullptr)
        refuse("there is no executor");
    return on.handle();
}

} // namespace detail
/// @endcond

ASYNCHRON_END_NAMESPACE

#include "end.hpp"

#endif // ASYNCHRON_EXECUTOR_HPP
