/**
 * @file asynchron/outcome.hpp
 * How a future ended, for those who want no exceptions.
 */

#ifndef ASYNCHRON_OUTCOME_HPP
#define ASYNCHRON_OUTCOME_HPP

#include "future.hpp"

#include <cstdint>
#include <utility>

#include "begin.hpp"

ASYNCHRON_BEGIN_NAMESPACE

/**
 * How a future ended, without exceptions: what future::try_get() returns. It keeps the value.
 *
 *     const auto got = f.try_get();
 *     if (got)
 *         use(got.value());
 *     else if (!got.is_cancelled())
 *         complain(got.error().message());
 */
template <class T> class outcome {
    detail::counted a_;
    asynchron_value_t value_ = {nullptr, 0};
    std::int32_t status_;

    friend class future<T>;
    explicit outcome(detail::counted a) noexcept : a_(std::move(a)), status_(asynchron_get(a_.get(), &value_))
    {
        if (status_ == ASYNCHRON_OK)
            status_ = detail::kind<T>::check(value_);
    }

    // One that was moved or taken from has nothing.
    std::int32_t status() const noexcept { return a_.get() == nullptr ? ASYNCHRON_E_INVALID : status_; }
    void need_value() const
    {
        if (!has_value())
            detail::raise(a_.get(), status());
    }

public:
    /** Whether there is a value. */
    bool has_value() const noexcept { return status() == ASYNCHRON_OK; }
    /** The same. */
    explicit operator bool() const noexcept { return has_value(); }
    /** Whether it was cancelled. */
    bool is_cancelled() const noexcept { return status() == ASYNCHRON_CANCELLED; }
    /** Whether there is neither: then error() says why. */
    bool is_failed() const noexcept { return !has_value() && !is_cancelled(); }

    /** The value: `const T&`, valid as long as this; `T&` for a reference; nothing for void. Without a value, does what
     *  future::get() does: throws, or ends the program where there are no exceptions. */
    typename detail::seen_as<T>::type value() const &
    {
        need_value();
        return detail::seeing<T>::see(a_.get(), value_);
    }

    /** The same for a temporary, since the value may go with it: as take(). */
    template <class U = T, detail::when<detail::is_taken<U>::value, int> = 0> U value() &&
    {
        return std::move(*this).take();
    }

    /** For a const temporary: a copy. */
    template <class U = T, detail::when<detail::is_taken<U>::value, int> = 0> U value() const &&
    {
        const outcome &self = *this;
        return self.value();
    }

    /** Not for a temporary if T cannot be copied: the value might be gone with it. Give the outcome a name, or take(). */
    template <class U = T, detail::when<!detail::is_taken<U>::value, int> = 0> const U &value() const && = delete;

    /** As value(), but hands the value over, as future::take() does: moved out if this is the last handle, else copied.
     *  If T cannot be copied and others hold it, throws error with the code ASYNCHRON_ALREADY, and nothing has changed.
     *  A promise is a handle as it is there. Afterwards there is no value here. */
    T take() &&
    {
        need_value();
        return detail::take_out<T>(a_, value_);
    }

    /** Why there is no value: how it failed, also by a C++ exception, with a code, a domain and a message, as C sees
     *  it; or why it could not be waited for (ASYNCHRON_E_DEADLOCK, ASYNCHRON_E_INVALID); or ASYNCHRON_ALREADY, if the
     *  value was taken out before. The code is 0 if there is a value, or if it was cancelled: then the message is the
     *  reason. Throws std::bad_alloc. */
    asynchron::error error() const
    {
        asynchron_error_t e = {0, "", "", nullptr};
        if (status() > 0 && asynchron_error(a_.get(), &e) == ASYNCHRON_OK)
            return asynchron::error(a_.get(), e);
        return asynchron::error(status(), "asynchron", detail::described(status()));
    }
};

template <class T> outcome<T> future<T>::try_get() const & noexcept { return outcome<T>(a_); }
template <class T> outcome<T> future<T>::try_get() && noexcept { return outcome<T>(std::move(a_)); }

ASYNCHRON_END_NAMESPACE

#include "end.hpp"

#endif // ASYNCHRON_OUTCOME_HPP
