/**
 * @file asynchron/report.hpp
 * Many, in completion order.
 */

#ifndef ASYNCHRON_REPORT_HPP
#define ASYNCHRON_REPORT_HPP

#include "several.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <utility>
#include <vector>

#include "begin.hpp"

ASYNCHRON_BEGIN_NAMESPACE

/// @cond
namespace ASYNCHRON_DETAIL {

// One reference to a report, or none.
class counted_report {
    asynchron_report_t *r_;

public:
    counted_report() noexcept : r_(nullptr) {}
    explicit counted_report(asynchron_report_t *r) noexcept : r_(r) {}
    counted_report(const counted_report &other) noexcept : r_(asynchron_report_retain(other.r_)) {}
    counted_report(counted_report &&other) noexcept : r_(other.r_) { other.r_ = nullptr; }
    counted_report &operator=(counted_report other) noexcept
    {
        std::swap(r_, other.r_);
        return *this;
    }
    ~counted_report() { asynchron_report_release(r_); }

    asynchron_report_t *get() const noexcept { return r_; }
};

} // namespace detail
/// @endcond

/**
 * Many futures, in the order in which they complete: what report() returns. It keeps the futures that it holds. Any
 * number of threads may take from it; each future goes to one of them. It is moved, not copied; its iterators may
 * outlive it.
 *
 *     for (auto& f : asynchron::report(range)) ...
 */
template <class T> class completions {
    detail::counted_report r_;

    asynchron_report_t *use() const
    {
        if (r_.get() == nullptr)
            detail::refuse("there is no report");
        return r_.get();
    }

    completions(asynchron_t *const *handles, std::size_t n) : r_((detail::need_all(handles, n), asynchron_report_create(handles, n)))
    {
        if (r_.get() == nullptr)
            detail::raise_no_memory();
    }

public:
    /** The other has no report then: a call that needs one throws error, ASYNCHRON_E_INVALID. */
    completions(completions &&other) noexcept = default;
    /** The same. */
    completions &operator=(completions &&other) noexcept = default;

private:
    static completions of(const detail::several &all) { return completions(all.data(), all.size()); }
    template <class Range, class U> friend completions<U> report(Range &&range);
    template <class U> friend completions<U> report(std::initializer_list<future<U>> list);

    // Whether it ended before the time ran out.
    static bool next_ns(asynchron_report_t *r, std::uint64_t timeout, future<T> &next)
    {
        asynchron_item_t item;
        const asynchron_status_t status = asynchron_report_next(r, timeout, &item);
        if (status < 0)
            detail::raise(nullptr, status);
        if (status == ASYNCHRON_OK)
            next = from_handle<T>(item.asynchron, adopt);
        return status != ASYNCHRON_TIMEOUT;
    }

public:
    /** Empty. Throws std::bad_alloc. */
    completions() : completions(nullptr, 0) {}

    /** Of C handles, whose references stay the caller's; see from_handle(). Throws std::bad_alloc; error for a NULL. */
    explicit completions(const std::vector<asynchron_t *> &handles) : completions(handles.data(), handles.size()) {}

    /** Adds one, from any thread, even while others wait. Throws std::bad_alloc; error without state, and with the code
     *  ASYNCHRON_E_CLOSED after close(). */
    void add(const future<T> &f) { detail::need(asynchron_report_add(use(), f.handle(), nullptr)); }

    /** Takes out one that was not returned yet. Returns whether it was there. Throws error without state. */
    bool remove(const future<T> &f)
    {
        const asynchron_status_t status = asynchron_report_remove(use(), f.handle());
        return status != ASYNCHRON_END && detail::won(status);
    }

    /** How many were added and not returned yet, complete or not. */
    std::size_t pending() const noexcept { return asynchron_report_pending(r_.get()); }

    /** Blocks until one has completed, and returns it; one without state if nothing is left, or after wake(). */
    future<T> next() const
    {
        future<T> next;
        next_ns(use(), ASYNCHRON_FOREVER, next);
        return next;
    }

    /**
     * The same for at most this long; if the time runs out, too, it returns one without state.
     *
     * To tell the three cases apart: if pending() is 0, nothing is left. Else the time ran out, or wake() was called;
     * set a flag of your own before you call wake() to know that.
     */
    template <class Rep, class Period> future<T> next_for(const std::chrono::duration<Rep, Period> &time) const
    {
        future<T> next;
        next_ns(use(), detail::nanoseconds_of(time), next);
        return next;
    }

    /** Like next_for(), until a time of any clock; a change of the clock meanwhile takes effect after the wait. */
    template <class Clock, class Duration>
    future<T> next_until(const std::chrono::time_point<Clock, Duration> &time) const
    {
        future<T> next;
        detail::until(time, [&](std::uint64_t ns) { return next_ns(use(), ns, next); });
        return next;
    }

    /** Makes one next(), blocked now or called later, return one without state: it ends one loop. */
    void wake() { detail::need(asynchron_report_wake(use())); }

    /** Closes it for good: nothing can be added any more. What it holds is still returned. Once nothing is left, fd() is
     *  readable and stays so: that is how an event loop learns of the end. Throws error without a report. */
    void close() { detail::need(asynchron_report_close(use())); }

    /** Makes fd() ring once more if it is readable: for an edge-triggered loop that stops before it has taken all there
     *  is. Throws error without a report. */
    void rearm() { detail::need(asynchron_report_rearm(use())); }

    /** A descriptor for poll(2): readable while next_for() with a time of 0 would return one; see
     *  asynchron_report_fd(). Throws std::system_error. */
    int fd() const
    {
        const int descriptor = asynchron_report_fd(use());
        if (descriptor < 0)
            detail::raise(nullptr, descriptor);
        return descriptor;
    }

    /** The report, for C; this keeps its reference. */
    asynchron_report_t *handle() const noexcept { return r_.get(); }

    /** Takes one after the other; a step to the next one blocks. */
    class iterator {
        detail::counted_report from_; // its own, so that the completions may be moved or destroyed
        mutable future<T> at_;

        void go_on()
        {
            at_ = future<T>();
            next_ns(from_.get(), ASYNCHRON_FOREVER, at_);
            if (!at_.valid())
                from_ = detail::counted_report();
        }

        friend class completions;
        explicit iterator(const detail::counted_report &from) : from_(from) { go_on(); }

    public:
        typedef std::input_iterator_tag iterator_category; /**< A single pass. */
        typedef future<T> value_type;                      /**< What it gives. */
        typedef std::ptrdiff_t difference_type;            /**< Required, but unused. */
        typedef future<T> *pointer;                        /**< A pointer to one. */
        typedef future<T> &reference;                      /**< A reference to one. */

        /** The end. */
        iterator() noexcept {}
        /** One that is complete; the caller's, until the next. */
        future<T> &operator*() const noexcept { return at_; }
        /** The same. */
        future<T> *operator->() const noexcept { return &at_; }
        /** Blocks until the next one has completed. */
        iterator &operator++()
        {
            go_on();
            return *this;
        }
        /** The same. */
        void operator++(int) { go_on(); }
        /** Whether both are at the end, or neither. */
        friend bool operator==(const iterator &x, const iterator &y) noexcept { return x.from_.get() == y.from_.get(); }
        /** Whether only one is at the end. */
        friend bool operator!=(const iterator &x, const iterator &y) noexcept { return !(x == y); }
    };

    /** Blocks until one has completed. */
    iterator begin() const { return iterator((use(), r_)); }
    /** The end: nothing is left, or wake() was called. */
    iterator end() const noexcept { return iterator(); }
};

/** The futures of a range, in the order in which they complete. Throws std::bad_alloc; error if one has no state. */
template <class Range, class T = detail::value_in<Range>> completions<T> report(Range &&range)
{
    return completions<T>::of(range);
}

/** The same for a list. */
template <class T> completions<T> report(std::initializer_list<future<T>> list)
{
    return completions<T>::of(list);
}

ASYNCHRON_END_NAMESPACE

#include "end.hpp"

#endif // ASYNCHRON_REPORT_HPP
