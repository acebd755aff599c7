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
// it is left when the wait for the result ends.
template <class Call> class job : guard {
#if !defined(__cpp_aligned_new)
    static_assert(alignof(Call) <= alignof(std::max_align_t), "a function aligned so strictly wants C++17");
#endif

    union {
        Call call_;
    };
    bool is_there_;
    counted out_; // where the result goes when it is itself a future; else `self` is it

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

    void compute(asynchron_t *, asynchron_t *const *sources, std::size_t n, std::true_type) noexcept
    {
        asynchron_t *const into = out_.get();
        if (asynchron_state(into) != ASYNCHRON_STATE_PENDING)
            return; // cancelled meanwhile
        if (Call::of_value && asynchron_poll(sources[0]) != ASYNCHRON_OK)
            return pass_on(sources[0], into, pass_nothing);
        future<typename result::type> inner;
        std::exception_ptr thrown;
        ASYNCHRON_TRY { inner = call_.call(into, sources, n); }
        ASYNCHRON_CATCH_ALL { thrown = std::current_exception(); }
        clear();
        if (thrown != nullptr) {
            fail(into, thrown);
            return;
        }
        if (!inner.valid()) {
            fail_with(into, ASYNCHRON_E_INVALID, "the function returned a future without state");
            return;
        }
        ask(inner.handle());
        pass_on(inner.handle(), into, pass_value<typename result::type>);
    }

public:
    template <class... A>
    explicit job(counted out, A &&...args)
        : guard(drop), call_(std::forward<A>(args)...), is_there_(true), out_(std::move(out))
    {
    }
    job(const job &) = delete;
    void operator=(const job &) = delete;
    ~job() { clear(); }

    typedef typename result::type value_type;
    typedef typename result::is_joined is_joined;

    // What it delivers into: with room for its result, unless that lies in another.
    static counted create() { return create(is_joined()); }

    static std::int32_t run(asynchron_t *self, void *ctx) noexcept { return join(self, nullptr, 0, ctx); }
    static std::int32_t join(asynchron_t *self, asynchron_t *const *sources, std::size_t n, void *ctx) noexcept
    {
        static_cast<job *>(ctx)->compute(self, sources, n, is_joined());
        return 0;
    }
    static void drop(void *ctx) noexcept
    {
        job *const it = static_cast<job *>(ctx);
        it->is_dropped();
        delete it;
    }

    // Called at once; a future that it returns is joined.
    static std::int32_t run_to_the_end(asynchron_t *self, void *ctx) noexcept
    {
        job &it = *static_cast<job *>(ctx);
        it.compute_to_the_end(self, is_joined());
        return 0;
    }

private:
    static counted create(std::false_type) { return create_for<value_type>(); }
    static counted create(std::true_type) { return counted::create(); }

    void compute_to_the_end(asynchron_t *self, std::false_type no) noexcept { compute(self, nullptr, 0, no); }
    void compute_to_the_end(asynchron_t *self, std::true_type) noexcept
    {
        future<typename result::type> inner;
        std::exception_ptr thrown;
        ASYNCHRON_TRY { inner = call_.call(self, nullptr, 0); }
        ASYNCHRON_CATCH_ALL { thrown = std::current_exception(); }
        clear();
        if (thrown != nullptr) {
            fail(self, thrown);
            return;
        }
        asynchron_value_t value = {nullptr, 0};
        const asynchron_status_t status = asynchron_get(inner.handle(), &value);
        if (status == ASYNCHRON_OK) {
            if (kind<typename result::type>::pass(self, inner.handle(), value) == ASYNCHRON_E_NOMEM)
                fail_without_memory(self);
        } else {
            fail_as(self, inner.handle(), status);
        }
    }
};

// Starts a job that delivers into an asynchron of its own, and if it returns a future, through that into another:
// start(context) returns the reference of the first.
template <class Job, class Start, class... A>
future<typename Job::value_type> begin(std::false_type, Start start, A &&...args)
{
    return from_handle<typename Job::value_type>(start(new Job(counted(), std::forward<A>(args)...)).release(), adopt);
}
template <class Job, class Start, class... A>
future<typename Job::value_type> begin(std::true_type, Start start, A &&...args)
{
    counted out = counted::create();
    start(new Job(out, std::forward<A>(args)...));
    return from_handle<typename Job::value_type>(out.release(), adopt);
}

// What asynchron_after() and asynchron_then() return.
inline counted made(asynchron_t *into)
{
    if (into == nullptr)
        detail::raise_no_memory();
    return counted(into, adopt);
}

template <class Job> counted start_after(asynchron_t *const *sources, std::size_t n, Job *ctx)
{
    return made(asynchron_after(sources, n, nullptr, Job::join, ctx, drop_of<Job>()));
}

} // namespace detail
/// @endcond

ASYNCHRON_END_NAMESPACE

#include "end.hpp"

#endif // ASYNCHRON_JOB_HPP
