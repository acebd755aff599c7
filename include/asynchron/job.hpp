/**
 * @file asynchron/job.hpp
 * A function to be called, as a context for C, and where its result goes.
 */

#ifndef ASYNCHRON_JOB_HPP
#define ASYNCHRON_JOB_HPP

#include "future.hpp"
#include "passing.hpp"

#include <cstddef>
#include <cstdint>
#include <exception>
#include <type_traits>
#include <utility>

#include "begin.hpp"

ASYNCHRON_BEGIN_NAMESPACE

/// @cond
namespace ASYNCHRON_DETAIL {

// What is called. Its result goes into `self`; `sources` are what it comes after.
//
//   call()     called once at most; returns what the program's function returns
//   result     the type of that
//   of_value   whether it is only called if the source has a value

// A call to be made, as a context for C. The function is destroyed before its result is delivered, so that nothing of
// it is left when the wait for the result ends. If the result is a future, the job's own follows that.
template <class Call> class job : guard {
#if !defined(__cpp_aligned_new)
    static_assert(alignof(Call) <= alignof(std::max_align_t), "a function aligned so strictly wants C++17");
#endif

    union {
        Call call_;
    };
    bool is_there_;

    typedef computed<typename Call::result> result;

    void clear() noexcept
    {
        if (is_there_)
            call_.~Call();
        is_there_ = false;
    }

    void compute(asynchron_t *into, asynchron_t *const *sources, std::size_t n, std::false_type) noexcept
    {
        typename kind<typename result::type>::parcel made;
        std::exception_ptr thrown;
        ASYNCHRON_TRY { made.fill([&]() -> typename Call::result { return call_.call(into, sources, n); }); }
        ASYNCHRON_CATCH_ALL { thrown = std::current_exception(); }
        clear();
        if (thrown != nullptr)
            fail(into, thrown);
        else
            deliver(into, made);
    }

    void compute(asynchron_t *into, asynchron_t *const *sources, std::size_t n, std::true_type) noexcept
    {
        future<typename result::type> inner;
        std::exception_ptr thrown;
        ASYNCHRON_TRY { inner = call_.call(into, sources, n); }
        ASYNCHRON_CATCH_ALL { thrown = std::current_exception(); }
        clear();
        if (thrown != nullptr)
            fail(into, thrown);
        else if (!inner.valid())
            fail_with(into, ASYNCHRON_E_INVALID, "the function returned a future without state");
        else
            join(into, inner.handle());
    }

    static counted create(std::false_type) { return create_for<typename result::type>(); }
    static counted create(std::true_type) { return counted::create(); }

public:
    template <class... A>
    explicit job(A &&...args) : guard(drop), call_(std::forward<A>(args)...), is_there_(true)
    {
    }
    job(const job &) = delete;
    void operator=(const job &) = delete;
    ~job() { clear(); }

    typedef typename result::type value_type;

    // What it delivers into: with room for its result, unless that lies in another.
    static counted create() { return create(typename result::is_joined()); }

    static std::int32_t run(asynchron_t *self, void *ctx) noexcept { return step(self, nullptr, 0, ctx); }
    static std::int32_t step(asynchron_t *self, asynchron_t *const *sources, std::size_t n, void *ctx) noexcept
    {
        static_cast<job *>(ctx)->compute(self, sources, n, typename result::is_joined());
        return 0;
    }
    static void drop(void *ctx) noexcept
    {
        job *const it = static_cast<job *>(ctx);
        it->is_dropped();
        delete it;
    }
};

// Starts a job: start(context) returns the reference of what it delivers into.
template <class Job, class Start, class... A> future<typename Job::value_type> begin(Start start, A &&...args)
{
    return from_handle<typename Job::value_type>(start(new Job(std::forward<A>(args)...)).release(), adopt);
}

// What asynchron_after() and asynchron_then() return.
inline counted made(asynchron_t *into)
{
    if (into == nullptr)
        detail::raise_no_memory();
    return counted(into, adopt);
}

template <class Job>
asynchron_step_options_t step_options(Job *ctx, std::uint64_t flags, asynchron_executor_t *on) noexcept
{
    asynchron_step_options_t options = asynchron_step_options_t();
    options.size = sizeof options;
    options.fn = Job::step;
    options.ctx = ctx;
    options.drop_ctx = drop_of<Job>();
    options.flags = flags;
    options.executor = on;
    return options;
}

template <class Job>
counted start_then(asynchron_t *source, Job *ctx, std::uint64_t flags, asynchron_executor_t *on = nullptr)
{
    const asynchron_step_options_t options = step_options(ctx, flags, on);
    asynchron_t *into = nullptr;
    need(asynchron_then_with(source, nullptr, &options, &into));
    return counted(into, adopt);
}

template <class Job>
counted start_after(asynchron_t *const *sources, std::size_t n, Job *ctx, asynchron_executor_t *on = nullptr)
{
    if (on != nullptr) {
        const asynchron_step_options_t options = step_options(ctx, 0, on);
        asynchron_t *into = nullptr;
        need(asynchron_after_with(sources, n, nullptr, &options, &into));
        return counted(into, adopt);
    }
    return made(asynchron_after(sources, n, nullptr, Job::step, ctx, drop_of<Job>()));
}

} // namespace detail
/// @endcond

ASYNCHRON_END_NAMESPACE

#include "end.hpp"

#endif // ASYNCHRON_JOB_HPP
