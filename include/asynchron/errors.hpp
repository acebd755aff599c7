/**
 * @file asynchron/errors.hpp
 * Exceptions: how a failure is thrown, and how one that was thrown is delivered.
 */

#ifndef ASYNCHRON_ERRORS_HPP
#define ASYNCHRON_ERRORS_HPP

#include "module.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <new>
#include <stdexcept>
#include <string>
#include <system_error>

#include "begin.hpp"

ASYNCHRON_BEGIN_NAMESPACE

/// @cond
namespace ASYNCHRON_DETAIL {

#if defined(ASYNCHRON_EXCEPTIONS)
// Throws what an unsuccessful status means: of `a`, or of a call that was refused.
std::exception_ptr as_exception(asynchron_t *a, std::int32_t status);
#endif

} // namespace detail
/// @endcond

/**
 * A failure with a code: what a failure delivered by C is thrown as, and what a call that is refused throws (domain
 * "asynchron", code ASYNCHRON_E_INVALID, ASYNCHRON_E_DEADLOCK or ASYNCHRON_E_BROKEN). Thrown by a function that
 * computes a value, it fails that value with its code, domain and message, and C sees them as if C had failed it.
 *
 * what() has all of it in one line. Copies are cheap and do not throw.
 */
class ASYNCHRON_VISIBLE error final : public std::runtime_error {
    detail::counted source_; // a failed asynchron, which owns the strings

    asynchron_error_t look() const noexcept
    {
        asynchron_error_t e = {0, "", "", nullptr};
        (void)asynchron_error(source_.get(), &e);
        return e;
    }

    static std::string in_words(std::int32_t code, const std::string &domain, const std::string &message)
    {
        std::string words = domain.empty() ? "" : domain + ": ";
        words += message.empty() ? "failed" : message;
        return words + " (code " + std::to_string(code) + ")";
    }

    // How an asynchron failed in C. It shares that asynchron, and so keeps the payload.
#if defined(ASYNCHRON_EXCEPTIONS)
    friend std::exception_ptr detail::as_exception(asynchron_t *, std::int32_t);
#endif
    template <class T> friend class outcome;
    error(asynchron_t *failed, const asynchron_error_t &seen)
        : std::runtime_error(in_words(seen.code, seen.domain, seen.message)),
          source_(detail::counted::share(failed))
    {
    }

    static detail::counted made(std::int32_t code, const std::string &domain, const std::string &message)
    {
        detail::counted a = detail::counted::create();
        if (asynchron_fail_with(a.get(), code, domain.c_str(), message.c_str(), nullptr, nullptr) != ASYNCHRON_OK)
            detail::raise_no_memory();
        return a;
    }

public:
    /** A failure of your own. Throws std::bad_alloc. */
    error(std::int32_t code, const std::string &domain, const std::string &message)
        : std::runtime_error(in_words(code, domain, message)), source_(made(code, domain, message))
    {
    }

    /** The code that was given with the failure. */
    std::int32_t code() const noexcept { return look().code; }
    /** The domain of the code; "" unless given, "asynchron" for the library's own. Lives as long as this or a copy. */
    const char *domain() const noexcept { return look().domain; }
    /** The message for people; "" unless given. Lives as long as this or a copy. */
    const char *message() const noexcept { return look().message; }
    /** The payload that C gave, or nullptr. Lives as long as this or a copy. */
    const void *payload() const noexcept { return look().payload; }
};

/**
 * Thrown by get() if the asynchron was cancelled. Thrown by a function that computes a value, it cancels that value, so
 * a cancel passes on. It is not an asynchron::error, but both are a std::runtime_error: catch cancelled first, then
 * error, then std::exception.
 */
class ASYNCHRON_VISIBLE cancelled final : public std::runtime_error {
    std::size_t skip_;

public:
    /** With a reason, which may be "". Throws std::bad_alloc. */
    explicit cancelled(const std::string &reason = std::string())
        : std::runtime_error(reason.empty() ? "cancelled" : "cancelled: " + reason),
          skip_(std::strlen(reason.empty() ? "cancelled" : "cancelled: "))
    {
    }

    /** The reason; "" unless given. Lives as long as this. */
    const char *reason() const noexcept { return what() + skip_; }
};

/// @cond
namespace ASYNCHRON_DETAIL {

// ---- Exceptions to C and back -------------------------------------------------------------------
//
// A C++ exception is a failure of the domain "c++", or "c++:" and the category of a std::system_error, and its payload
// holds a std::exception_ptr. The rest is for C to read, and for units that have another standard library.

constexpr std::int32_t THROWN = ASYNCHRON_FAILED; // the code of an exception that has none: not 0

// The standard library that this unit is compiled with. An object made by one, such as a std::string, means nothing to
// another, though both use the same name for it.
constexpr std::uint64_t STANDARD_LIBRARY =
#if defined(_LIBCPP_ABI_VERSION)
    UINT64_C(0x100) * _LIBCPP_ABI_VERSION + 1;
#elif defined(_GLIBCXX_DEBUG)
    UINT64_C(0x100) * _GLIBCXX_USE_CXX11_ABI + 3;
#elif defined(_GLIBCXX_USE_CXX11_ABI)
    UINT64_C(0x100) * _GLIBCXX_USE_CXX11_ABI + 2;
#elif defined(_ITERATOR_DEBUG_LEVEL)
    UINT64_C(0x100) * _ITERATOR_DEBUG_LEVEL + 4;
#else
    0;
#endif

struct thrown_payload {
    asynchron_guarded_t guarded;
    std::exception_ptr thrown;
    std::uint64_t standard_library;

    static void drop(void *payload) noexcept { delete static_cast<thrown_payload *>(payload); }
};

// There is no memory to say more: as_exception() knows it by the code alone.
inline bool fail_without_memory(asynchron_t *a) noexcept
{
    return asynchron_fail(a, ASYNCHRON_E_NOMEM, nullptr) == ASYNCHRON_OK;
}

// With an error of this header's own.
ASYNCHRON_COLD inline void fail_with(asynchron_t *a, std::int32_t code, const char *message) noexcept
{
    if (asynchron_fail_with(a, code, "asynchron", message, nullptr, nullptr) == ASYNCHRON_E_NOMEM)
        (void)(asynchron_fail(a, code, nullptr) == ASYNCHRON_OK);
}

inline asynchron_status_t fail_as_thrown(asynchron_t *a, const std::exception_ptr &thrown, std::int32_t code,
                                         const char *domain, const char *message) noexcept
{
    counted keeper;
    if (!hold_module(keeper))
        return ASYNCHRON_E_NOMEM;
    const asynchron_guarded_t guarded = {keeper.get(), thrown_payload::drop};
    thrown_payload *payload = new (std::nothrow) thrown_payload{guarded, thrown, STANDARD_LIBRARY};
    if (payload == nullptr)
        return ASYNCHRON_E_NOMEM;
    (void)keeper.release(); // the payload's now
    return asynchron_fail_with(a, code, domain, message, payload, asynchron_drop_guarded);
}

// A failure delivered by C that is not a C++ exception.
ASYNCHRON_COLD inline asynchron_status_t fail_status(asynchron_t *a, const cancelled &e) noexcept
{
    const asynchron_status_t status = asynchron_cancel_with(a, e.reason());
    return status == ASYNCHRON_E_NOMEM ? asynchron_cancel(a) : status;
}
ASYNCHRON_COLD inline asynchron_status_t fail_status(asynchron_t *a, const error &e) noexcept
{
    return asynchron_fail_with(a, e.code(), e.domain(), e.message(), nullptr, nullptr);
}

#if defined(ASYNCHRON_EXCEPTIONS)
// What C sees of an exception.
ASYNCHRON_COLD inline asynchron_status_t fail_status(asynchron_t *a, const std::exception_ptr &thrown) noexcept
{
    try {
        std::rethrow_exception(thrown);
    } catch (const cancelled &e) {
        return fail_status(a, e);
    } catch (const error &e) {
        return fail_status(a, e);
    } catch (const std::system_error &e) {
        try {
            const std::string domain = std::string("c++:") + e.code().category().name();
            return fail_as_thrown(a, thrown, e.code().value(), domain.c_str(), e.what());
        } catch (...) {
            return ASYNCHRON_E_NOMEM;
        }
    } catch (const std::bad_alloc &e) {
        return fail_as_thrown(a, thrown, ASYNCHRON_E_NOMEM, "c++", e.what());
    } catch (const std::exception &e) {
        return fail_as_thrown(a, thrown, THROWN, "c++", e.what());
    } catch (...) {
        return fail_as_thrown(a, thrown, THROWN, "c++", "an exception that is no std::exception");
    }
}
#else
// Thrown in a unit that has exceptions.
inline asynchron_status_t fail_status(asynchron_t *a, const std::exception_ptr &thrown) noexcept
{
    return fail_as_thrown(a, thrown, THROWN, "c++", "an exception");
}
#endif

// Fails it, unless another delivery came first, with as much detail as memory allows. Returns whether this won.
template <class Thrown> bool fail(asynchron_t *a, const Thrown &thrown) noexcept
{
    const asynchron_status_t status = fail_status(a, thrown);
    return status == ASYNCHRON_E_NOMEM ? fail_without_memory(a) : status == ASYNCHRON_OK;
}

// Whether there is a C++ exception that can be thrown here.
inline bool is_thrown(const asynchron_error_t &e) noexcept
{
    const bool from_cpp =
        e.payload != nullptr && std::strncmp(e.domain, "c++", 3) == 0 && (e.domain[3] == '\0' || e.domain[3] == ':');
    return from_cpp && static_cast<const thrown_payload *>(e.payload)->standard_library == STANDARD_LIBRARY;
}

inline bool is_out_of_memory(const asynchron_error_t &e) noexcept
{
    const bool ours = std::strcmp(e.domain, "asynchron") == 0 || (*e.domain == '\0' && *e.message == '\0');
    return e.code == ASYNCHRON_E_NOMEM && ours;
}

inline const char *described(std::int32_t status) noexcept
{
    return status == ASYNCHRON_E_INVALID ? "there is no asynchron"
           : status == ASYNCHRON_ALREADY ? "the value was taken out already"
                                         : asynchron_status_string(status);
}

#if defined(ASYNCHRON_EXCEPTIONS)
// Throws for a call that cannot be served for some other reason.
[[noreturn]] ASYNCHRON_COLD inline void refuse(const char *why, std::int32_t code = ASYNCHRON_E_INVALID)
{
    throw error(code, "asynchron", why);
}

ASYNCHRON_COLD inline std::exception_ptr as_exception(asynchron_t *a, std::int32_t status)
{
    asynchron_error_t e;
    switch (status) {
    case ASYNCHRON_CANCELLED:
        return std::make_exception_ptr(cancelled(asynchron_error(a, &e) == ASYNCHRON_OK ? e.message : ""));
    case ASYNCHRON_FAILED:
        if (asynchron_error(a, &e) != ASYNCHRON_OK)
            break;
        if (is_thrown(e))
            return static_cast<const thrown_payload *>(e.payload)->thrown;
        if (is_out_of_memory(e))
            return std::make_exception_ptr(std::bad_alloc());
        return std::make_exception_ptr(error(a, e));
    case ASYNCHRON_E_NOMEM:
        return std::make_exception_ptr(std::bad_alloc());
    case ASYNCHRON_E_SYSTEM:
        return std::make_exception_ptr(std::system_error(
            std::make_error_code(std::errc::resource_unavailable_try_again), asynchron_status_string(status)));
    default:
        break;
    }
    return std::make_exception_ptr(error(status, "asynchron", described(status)));
}

[[noreturn]] ASYNCHRON_COLD inline void raise(asynchron_t *a, std::int32_t status)
{
    std::rethrow_exception(as_exception(a, status));
}
#else
[[noreturn]] ASYNCHRON_COLD inline void refuse(const char *why, std::int32_t = ASYNCHRON_E_INVALID) noexcept
{
    end_program(why);
}

[[noreturn]] ASYNCHRON_COLD inline void raise(asynchron_t *a, std::int32_t status) noexcept
{
    asynchron_error_t e = {0, "", "", nullptr};
    if (status >= 0)
        (void)(asynchron_error(a, &e) == ASYNCHRON_OK);
    end_program(described(status), e.message);
}
#endif

inline void need(std::int32_t status)
{
    if (status != ASYNCHRON_OK)
        raise(nullptr, status);
}

// Whether a delivery won. A status that refuses is thrown.
inline bool won(asynchron_status_t status)
{
    if (status == ASYNCHRON_OK)
        return true;
    if (status < 0)
        raise(nullptr, status);
    return false;
}

// Whether one follows another from now on, or has completed as that did.
inline bool follow(asynchron_t *into, asynchron_t *source)
{
    if (into != nullptr && into == source)
        refuse("a future cannot follow itself");
    return won(asynchron_follow(into, source));
}

} // namespace detail
/// @endcond

ASYNCHRON_END_NAMESPACE

#include "end.hpp"

#endif // ASYNCHRON_ERRORS_HPP
