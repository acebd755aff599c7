/**
 * @file asynchron.hpp
 * A value that arrives later, for C++11 and later: this header over asynchron.h, and nothing else to link.
 *
 *     asynchron::promise<int> promise;
 *     asynchron::future<int> answer = promise.get_future();
 *
 *     std::thread([promise]() mutable { promise.set_value(42); }).detach();  // both may be copied
 *     std::cout << answer.get() << '\n';                                     // any number of threads
 *
 *     asynchron::future<std::string> text = asynchron::spawn(read_file, "x.txt");
 *     asynchron::future<size_t> size = text.then([](const std::string& s) { return s.size(); });
 *
 *     for (auto& f : asynchron::report(downloads))                           // in completion order
 *         show(f.get());
 *
 *     asynchron::future<int> sum() { co_return co_await a() + co_await b(); } // C++20
 *
 * What holds for everything here:
 *
 *   - Handles. A future and a promise are counted references to an asynchron, as cheap to copy as a shared_ptr. No
 *     destructor blocks. Do not assign to an object while another thread uses it; copies of it may be used by any
 *     thread at any time, and so may its const members.
 *   - The first delivery wins, be it a value, an exception or a cancel. A later one returns false, which is not an
 *     error.
 *   - Threads. Every function may be called from any thread and from inside any callback, but not from a signal
 *     handler. Only those that say so block. What runs on which thread is the rule of asynchron.h: a callback, the
 *     function given to then(), and a coroutine run on the thread that completes what they wait for, one after the
 *     other and never inside each other; if it is complete already, on the thread that asks.
 *   - Locks. The library holds none while it calls you. While you deliver, cancel, register or release, do not hold a
 *     lock that your callbacks or destructors take: they may run inside that call. Every destructor, assignment, reset
 *     or erase of a future, a promise or a container of them may release the last reference. Move it out under the
 *     lock, and destroy it after unlocking.
 *   - Exceptions. An exception thrown by a function that computes a value becomes the failure of that value, and the
 *     same object is thrown again to everyone who asks for it: treat it as const. No exception crosses C. A failure
 *     delivered by C is thrown as asynchron::error, a cancel as asynchron::cancelled. Out of memory is std::bad_alloc
 *     and changes nothing.
 *   - No state. A future or promise that was moved from, or made without an asynchron, is not valid(): a call that
 *     needs one then throws asynchron::error with the code ASYNCHRON_E_INVALID.
 *   - In C. asynchron::from_handle() says what C sees of a T, and how a value that C set is read as a T.
 */

#ifndef ASYNCHRON_HPP
#define ASYNCHRON_HPP

#include "asynchron.h"

#if !defined(__cplusplus) || (__cplusplus < 201103L && (!defined(_MSVC_LANG) || _MSVC_LANG < 201103L))
#error "asynchron.hpp wants C++11 or later; for C there is asynchron.h"
#endif

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <functional>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <tuple>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <vector>

#if __cplusplus >= 201703L || (defined(_MSVC_LANG) && _MSVC_LANG >= 201703L)
#include <optional>
#include <variant>
/// @cond
#define ASYNCHRON_HAS_OPTIONAL
/// @endcond
#endif

#if defined(__cpp_impl_coroutine) && defined(__has_include)
#if __has_include(<coroutine>)
#include <coroutine>
/** Defined where a future can be awaited and can be the return type of a coroutine. */
#define ASYNCHRON_COROUTINES 1
#endif
#endif

#if defined(__cpp_exceptions) || defined(__EXCEPTIONS) || defined(_CPPUNWIND)
/** Defined where the compiler has exceptions. */
#define ASYNCHRON_EXCEPTIONS 1
/// @cond
#define ASYNCHRON_TRY try
#define ASYNCHRON_CATCH_ALL catch (...)
#define ASYNCHRON_RETHROW throw
/// @endcond
#else
/// @cond
#include <cstdio>
#include <cstdlib>
#define ASYNCHRON_TRY if (true)
#define ASYNCHRON_CATCH_ALL else
#define ASYNCHRON_RETHROW (void)0
/// @endcond
#endif

/// @cond
#if defined(__GNUC__)
#define ASYNCHRON_VISIBLE __attribute__((visibility("default")))
#define ASYNCHRON_OWN __attribute__((visibility("hidden"))) // each module has its own
#define ASYNCHRON_COLD __attribute__((noinline, cold))
#else
#define ASYNCHRON_VISIBLE
#define ASYNCHRON_OWN
#define ASYNCHRON_COLD
#endif

// A plug-in has its own copy of each function that hands something over, however it is compiled: another module's copy would
// count that as use of that module, or of none. So the namespace of the inner parts has another name in a plug-in, and so
// have functions whose types name them, such as then(); the others are hidden. Public types keep their names, since a
// plug-in and its program exchange them.
#if defined(ASYNCHRON_PLUGIN)
#define ASYNCHRON_DETAIL plug_in
#else
#define ASYNCHRON_DETAIL detail
#endif
#if defined(ASYNCHRON_PLUGIN)
#define ASYNCHRON_HIDDEN ASYNCHRON_OWN
#else
#define ASYNCHRON_HIDDEN
#endif
/// @endcond

namespace asynchron {

#if !defined(ASYNCHRON_EXCEPTIONS)
// Of another name, so that a unit with exceptions and one without do not take each other's functions.
inline namespace without_exceptions {
#endif

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
// Throws what an unsuccessful status means: of `a`, or of a call that was refused.
std::exception_ptr as_exception(asynchron_t *a, std::int32_t status);

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

#if defined(ASYNCHRON_PLUGIN)
// What holds this module: an asynchron that is never delivered, and breaks when its last reference goes.
struct module_keeper {
    std::atomic<asynchron_t *> held; // nullptr: nothing was handed over since it was given up
    asynchron_t *gone;               // while leave() waits for one that was given up: complete once that has broken
};

ASYNCHRON_OWN inline module_keeper &this_module() noexcept
{
    static module_keeper it;
    return it;
}

// One more reference; false without memory.
ASYNCHRON_HIDDEN inline bool hold_module(counted &reference) noexcept
{
    std::atomic<asynchron_t *> &held = this_module().held;
    asynchron_t *keeper = held.load(std::memory_order_acquire);
    if (keeper == nullptr) {
        asynchron_t *const made = asynchron_create("plug-in");
        if (made == nullptr)
            return false;
        if (held.compare_exchange_strong(keeper, made, std::memory_order_acq_rel, std::memory_order_acquire))
            keeper = made;
        else
            asynchron_release(made);
    }
    reference = counted::share(keeper);
    return true;
}
#else
// A program is not unloaded.
inline bool hold_module(counted &) noexcept { return true; }
#endif

// The same for what may throw.
ASYNCHRON_HIDDEN inline counted need_module()
{
    counted reference;
    if (!hold_module(reference))
        raise_no_memory();
    return reference;
}

#if defined(ASYNCHRON_PLUGIN)
// What is handed over to C begins with it: the module stays until the library has called its drop, and that returned.
class guard {
    asynchron_guarded_t guarded_;

public:
    explicit guard(asynchron_drop_fn_t drop)
    {
        guarded_.keeper = need_module().release();
        guarded_.drop = drop;
    }
    guard(guard &&other) noexcept : guarded_(other.guarded_) { other.guarded_.keeper = nullptr; }
    ~guard() { asynchron_release(guarded_.keeper); }

    // Inside of the drop: the library gives up the reference after it.
    void is_dropped() noexcept { guarded_.keeper = nullptr; }
};

template <class T> asynchron_drop_fn_t drop_of() noexcept { return asynchron_drop_guarded; }
#else
// Of nothing.
class guard {
public:
    explicit guard(asynchron_drop_fn_t) noexcept {}
    void is_dropped() noexcept {}
};

template <class T> asynchron_drop_fn_t drop_of() noexcept { return T::drop; }
#endif

} // namespace detail
/// @endcond

/*
 * ================================================================================================
 * Exceptions
 */

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
    return status == ASYNCHRON_E_INVALID ? "there is no asynchron" : asynchron_status_string(status);
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

// ---- Types -------------------------------------------------------------------------------------

template <class...> struct to_void {
    typedef void type;
};

template <bool B, class T = void> using when = typename std::enable_if<B, T>::type;
template <class T> using bare = typename std::remove_cv<typename std::remove_reference<T>::type>::type;
template <class T> using decayed = typename std::decay<T>::type;

template <std::size_t... I> struct indices {};
template <std::size_t N, std::size_t... I> struct indices_to : indices_to<N - 1, N - 1, I...> {};
template <std::size_t... I> struct indices_to<0, I...> {
    typedef indices<I...> type;
};

// std::invoke, which C++11 lacks.
template <class F, class... A, class = when<!std::is_member_pointer<decayed<F>>::value>>
auto invoke(F &&f, A &&...args) -> decltype(std::forward<F>(f)(std::forward<A>(args)...))
{
    return std::forward<F>(f)(std::forward<A>(args)...);
}

template <class F, class... A, class = when<std::is_member_pointer<decayed<F>>::value>, class = void>
auto invoke(F &&f, A &&...args) -> decltype(std::mem_fn(f)(std::forward<A>(args)...))
{
    return std::mem_fn(f)(std::forward<A>(args)...);
}

template <class... A> struct arguments {};

template <class F, class Arguments, class = void> struct invoked : std::false_type {};
template <class F, class... A>
struct invoked<F, arguments<A...>,
               typename to_void<decltype(detail::invoke(std::declval<F>(), std::declval<A>()...))>::type>
    : std::true_type {
    typedef decltype(detail::invoke(std::declval<F>(), std::declval<A>()...)) type;
};

// Called with the first arguments if that is possible, else with the second. The second are not tried unless needed,
// since the body of a generic lambda might not compile with them.
template <class F, class First, class Second, bool = invoked<F, First>::value> struct invoked_with : invoked<F, First> {
    typedef std::true_type is_first;
};
template <class F, class First, class Second>
struct invoked_with<F, First, Second, false> : invoked<F, Second> {
    typedef std::false_type is_first;
};

// The T of the futures in a range.
template <class F> struct future_value {};
template <class T> struct future_value<future<T>> {
    typedef T type;
};
template <class F> struct is_future : std::false_type {};
template <class T> struct is_future<future<T>> : std::true_type {};

template <class Iterator> using yielded_by = decltype(*std::declval<Iterator &>());
template <class Range> using iterator_of = decltype(std::begin(std::declval<Range &>()));
template <class Range> using value_in = typename future_value<bare<yielded_by<iterator_of<Range>>>>::type;

// Whether the range stores what it yields, rather than making it on the way.
template <class Iterator, class = void> struct yields_in_place : std::false_type {};
template <class Iterator>
struct yields_in_place<Iterator, typename to_void<typename std::iterator_traits<Iterator>::iterator_category>::type>
    : std::integral_constant<bool,
                             std::is_lvalue_reference<yielded_by<Iterator>>::value &&
                                 std::is_base_of<std::forward_iterator_tag,
                                                 typename std::iterator_traits<Iterator>::iterator_category>::value> {};

// The T of the future for the result of a function that returns R: a reference stays one, a future<T> is joined.
template <class R> struct result_of {
    typedef typename std::conditional<std::is_lvalue_reference<R>::value, R, bare<R>>::type type;
    typedef std::false_type is_joined;
};
template <class R> struct joined_result {
    typedef typename future_value<bare<R>>::type type;
    typedef std::true_type is_joined;
};
template <class R>
struct computed : std::conditional<is_future<bare<R>>::value, joined_result<R>, result_of<R>>::type {};

// Whether it can be copied. A container claims so whatever its elements are, and so does what holds a container: so the
// elements are asked.
template <class T, class = void> struct is_copied : std::is_copy_constructible<T> {};

template <class... T> struct are_copied : std::true_type {};
template <class T, class... More>
struct are_copied<T, More...>
    : std::integral_constant<bool, is_copied<typename std::remove_cv<T>::type>::value && are_copied<More...>::value> {};

// What holds values of these types.
template <class Holder, class... T>
struct is_copied_with
    : std::integral_constant<bool, std::is_copy_constructible<Holder>::value && are_copied<T...>::value> {};

template <class T>
struct is_copied<T, typename to_void<typename T::value_type, typename T::allocator_type>::type>
    : std::conditional<std::is_same<typename T::value_type, T>::value, std::is_copy_constructible<T>,
                       is_copied_with<T, typename T::value_type>>::type {};
template <class T> // of std::stack and other adaptors
struct is_copied<T, typename to_void<typename T::container_type, typename T::size_type>::type>
    : is_copied_with<T, typename T::container_type> {};
template <class T, std::size_t N> struct is_copied<std::array<T, N>> : is_copied_with<std::array<T, N>, T> {};
template <class T, class U> struct is_copied<std::pair<T, U>> : is_copied_with<std::pair<T, U>, T, U> {};
template <class... T> struct is_copied<std::tuple<T...>> : is_copied_with<std::tuple<T...>, T...> {};
#if defined(ASYNCHRON_HAS_OPTIONAL)
template <class T> struct is_copied<std::optional<T>> : is_copied_with<std::optional<T>, T> {};
template <class... T> struct is_copied<std::variant<T...>> : is_copied_with<std::variant<T...>, T...> {};
#endif

// ---- Values ------------------------------------------------------------------------------------
//
// How a T is stored in an asynchron:
//   put, read     delivers one, and finds it again, if it fits
//   take          moves it out, or copies it
//   pass          delivers the value of another asynchron, which is complete and has one
//   parcel        one that exists and is not delivered yet

constexpr char OTHER_TYPE[] = "the value is not of the type that is asked for";

[[noreturn]] ASYNCHRON_COLD inline void raise_other_type() { refuse(OTHER_TYPE); }

template <class T> inline bool is_aligned(const void *p) noexcept
{
    return reinterpret_cast<std::uintptr_t>(p) % alignof(T) == 0;
}

// A copy of the bytes of a T, which C may read and write, too.
template <class T> struct as_bytes {
    typedef const T &reference;

    // One that exists already is not copied on the stack.
    static asynchron_status_t put(asynchron_t *a, const T &value) noexcept
    {
        return asynchron_set_bytes(a, std::addressof(value), sizeof(T));
    }
    static asynchron_status_t put(asynchron_t *a, T &value) noexcept { return put(a, const_cast<const T &>(value)); }
    static asynchron_status_t put(asynchron_t *a, T &&value) noexcept { return put(a, const_cast<const T &>(value)); }

    template <class... A> static asynchron_status_t put(asynchron_t *a, A &&...args)
    {
        const T value(std::forward<A>(args)...);
        return put(a, value);
    }

    static bool fits(const asynchron_value_t &value) noexcept
    {
        return value.len == sizeof(T) && is_aligned<T>(value.data);
    }
    static const T &read(const asynchron_value_t &value)
    {
        if (!fits(value))
            raise_other_type();
        return *static_cast<const T *>(value.data);
    }
    static T take(asynchron_t *, const asynchron_value_t &value) { return read(value); }

    static asynchron_status_t pass(asynchron_t *into, asynchron_t *, const asynchron_value_t &value) noexcept
    {
        return asynchron_set_bytes(into, value.data, value.len);
    }

    class parcel {
        union {
            T value_;
        };

    public:
        parcel() noexcept {}
        parcel(const parcel &other) noexcept { std::memcpy(place(), other.place(), sizeof(T)); }
        void operator=(const parcel &) = delete;
        void *place() noexcept { return const_cast<void *>(static_cast<const parcel *>(this)->place()); }
        const void *place() const noexcept { return static_cast<const void *>(std::addressof(value_)); }
        template <class F, class... A> void fill(F &&f, A &&...args)
        {
            ::new (place()) T(std::forward<F>(f)(std::forward<A>(args)...));
        }
        template <class U> void set(U &&value) { ::new (place()) T(std::forward<U>(value)); }
        asynchron_status_t deliver(asynchron_t *a) noexcept { return asynchron_set_bytes(a, place(), sizeof(T)); }
    };
};

// Which type a T is, for every module of the program to compare: by name, since each module may have a std::type_info of
// its own for the same type. Two that are local to their units may share a name, and are compared by address alone.
#if defined(__GXX_RTTI) || defined(_CPPRTTI) || defined(__cpp_rtti)
constexpr std::uint64_t TYPE_NAMES = UINT64_C(0x10000);

template <class T> const char *type_name() noexcept { return typeid(T).name(); }
#else
constexpr std::uint64_t TYPE_NAMES = UINT64_C(0x20000);

template <class T> const char *type_name() noexcept
{
#if defined(_MSC_VER)
    return __FUNCSIG__;
#else
    return __PRETTY_FUNCTION__;
#endif
}
#endif

inline bool same_type(const char *x, const char *y) noexcept
{
    const bool local = std::strstr(x, "_GLOBAL__N") != nullptr || std::strstr(x, "{anonymous}") != nullptr ||
                       std::strstr(x, "(anonymous ") != nullptr || std::strstr(x, "`anonymous") != nullptr;
    return x == y || (!local && std::strcmp(x, y) == 0);
}

// What is being completed on this thread, while that calls the program. Whoever completes it holds it until all that was
// called has returned. All of it is the module's own: what one notes, no other may take off.
class ASYNCHRON_OWN completing {
    asynchron_t *const *all_;
    std::size_t n_;
    const void *value_; // or a value that is just being delivered
    const completing *outer_;

    static const completing *&innermost() noexcept
    {
        static thread_local const completing *it = nullptr;
        return it;
    }
    bool is(const asynchron_t *a, const void *value) const noexcept
    {
        for (std::size_t i = 0; i < n_; i++)
            if (all_[i] == a)
                return true;
        return value_ == value;
    }

public:
    completing(asynchron_t *const *all, std::size_t n, const void *value = nullptr) noexcept
        : all_(all), n_(n), value_(value), outer_(innermost())
    {
        innermost() = this;
    }
    completing(const completing &) = delete;
    void operator=(const completing &) = delete;
    ~completing() { innermost() = outer_; }

    // Whether this thread is inside of a call by the completion of this asynchron, or of another that has its value.
    static bool is_inside(const asynchron_t *a, const void *value) noexcept
    {
        for (const completing *it = innermost(); it != nullptr; it = it->outer_)
            if (it->is(a, value))
                return true;
        return false;
    }
};

struct not_noted {
    not_noted(asynchron_t *const *, std::size_t, const void * = nullptr) noexcept {}
};

// The same where it matters: nobody waits to be the last holder of a value that can be copied. A future of void may be
// one of any type.
template <class T>
using noted = typename std::conditional<std::is_void<T>::value || (std::is_object<T>::value && !is_copied<T>::value),
                                        completing, not_noted>::type;

// A T on the heap, which several asynchrons may own. A tag behind its bytes says what it is, since from_handle() may be
// given any handle. Each owner has a reference to the keeper of the module that made it, if that is a plug-in.
template <class T> struct boxed {
    T value_;

    template <class... A> explicit boxed(A &&...args) : value_(std::forward<A>(args)...) {}
};

template <class T> class box : boxed<T>, asynchron_guarded_t {
    using boxed<T>::value_;

    std::uint64_t seal_;
    const char *type_;
    std::atomic<std::size_t> owners_;

    // The module is held before anything is made that would need it.
    struct held {
        counted keeper;
    };
    static asynchron_guarded_t guarded(held &by) noexcept
    {
        const asynchron_guarded_t made = {by.keeper.release(), drop};
        return made;
    }
    template <class... A>
    explicit box(held &&by, A &&...args)
        : boxed<T>(std::forward<A>(args)...), asynchron_guarded_t(guarded(by)), seal_(SEAL), type_(type_name<T>()),
          owners_(1)
    {
    }
    static void drop(void *guarded) noexcept
    {
        box *const it = static_cast<box *>(static_cast<asynchron_guarded_t *>(guarded));
        if (it->owners_.fetch_sub(1, std::memory_order_acq_rel) != 1)
            return;
        it->keeper = nullptr; // the library gives it up after this
        delete it;
    }

    static constexpr std::uint64_t SEAL = UINT64_C(0xa5fc7202f2b10000) ^ TYPE_NAMES ^ STANDARD_LIBRARY;

public:
    struct from_function {};
    template <class... A>
    explicit box(A &&...args) : box(held{need_module()}, std::forward<A>(args)...)
    {
    }
    template <class F, class... A>
    box(from_function, F &&f, A &&...args) : box{held{need_module()}, std::forward<F>(f)(std::forward<A>(args)...)}
    {
    }
    box(const box &) = delete;
    void operator=(const box &) = delete;
    ~box() { asynchron_release(this->keeper); }

    // Hands over one owner.
    asynchron_status_t deliver(asynchron_t *a) noexcept
    {
        asynchron_guarded_t *const owner = this;
        const noted<T> here(nullptr, 0, this);
        return asynchron_set_buffer(a, static_cast<void *>(this), sizeof(box), owner, asynchron_drop_guarded);
    }
    void add_owner() noexcept
    {
        asynchron_retain(this->keeper);
        owners_.fetch_add(1, std::memory_order_relaxed);
    }
    bool has_one_owner() const noexcept { return owners_.load(std::memory_order_acquire) == 1; }
    T &value() noexcept { return value_; }
    T copy() const { return value_; }

    // Whatever the value is, at least this many bytes can be read.
    static box *find(const asynchron_value_t &value) noexcept
    {
        if (value.len != sizeof(box) || !is_aligned<box>(value.data))
            return nullptr;
        box *const it = static_cast<box *>(const_cast<void *>(value.data));
        return it->seal_ == SEAL && same_type(it->type_, type_name<T>()) ? it : nullptr;
    }
};

template <class T> struct as_box {
    typedef const T &reference;

#if !defined(__cpp_aligned_new)
    static_assert(alignof(T) <= alignof(std::max_align_t), "a type aligned so strictly wants C++17");
#endif

    static asynchron_status_t put_box(asynchron_t *a, box<T> *made) noexcept
    {
        return made->deliver(a);
    }

    template <class... A> static asynchron_status_t put(asynchron_t *a, A &&...args)
    {
        return put_box(a, new box<T>(std::forward<A>(args)...));
    }

    static bool fits(const asynchron_value_t &value) noexcept { return box<T>::find(value) != nullptr; }
    static box<T> &find(const asynchron_value_t &value)
    {
        box<T> *const found = box<T>::find(value);
        if (found == nullptr)
            raise_other_type();
        return *found;
    }
    static const T &read(const asynchron_value_t &value) { return find(value).value(); }

    static bool is_last(asynchron_t *a, const box<T> &of) noexcept { return !asynchron_is_shared(a) && of.has_one_owner(); }

    // The same for an asynchron that is complete; true if it has no such value.
    static bool is_last(asynchron_t *a) noexcept
    {
        asynchron_value_t value = {nullptr, 0};
        const box<T> *const found = asynchron_get(a, &value) == ASYNCHRON_OK ? box<T>::find(value) : nullptr;
        return found == nullptr || is_last(a, *found);
    }

    // The thread that delivered it may be about to release it.
    static void become_last(asynchron_t *a, const box<T> &of)
    {
        const std::chrono::steady_clock::time_point end = std::chrono::steady_clock::now() + std::chrono::seconds(1);
        for (int i = 0; !is_last(a, of) && std::chrono::steady_clock::now() < end; i++) {
            if (i < 100)
                std::this_thread::yield();
            else
                std::this_thread::sleep_for(std::chrono::microseconds(100));
        }
    }

    static T take(asynchron_t *a, const asynchron_value_t &value) { return take(a, find(value), is_copied<T>()); }
    static T take(asynchron_t *a, box<T> &from, std::true_type)
    {
        if (is_last(a, from))
            return std::move(from.value());
        return static_cast<const box<T> &>(from).copy();
    }
    static T take(asynchron_t *a, box<T> &from, std::false_type)
    {
        const bool is_inside = completing::is_inside(a, std::addressof(from));
        if (!is_inside)
            become_last(a, from);
        if (!is_last(a, from))
            refuse(is_inside ? "the value cannot be moved out inside a callback of its own completion: take it afterwards"
                             : "the value cannot be moved out: others hold it, too",
                   ASYNCHRON_ALREADY);
        return std::move(from.value());
    }

    static asynchron_status_t pass(asynchron_t *into, asynchron_t *, const asynchron_value_t &value) noexcept
    {
        box<T> *const shared = box<T>::find(value);
        if (shared == nullptr) {
            fail_with(into, ASYNCHRON_E_INVALID, OTHER_TYPE);
            return ASYNCHRON_OK;
        }
        shared->add_owner();
        return shared->deliver(into);
    }

    class parcel {
        std::unique_ptr<box<T>> made_;

    public:
        template <class F, class... A> void fill(F &&f, A &&...args)
        {
            made_.reset(new box<T>(typename box<T>::from_function(), std::forward<F>(f), std::forward<A>(args)...));
        }
        template <class U> void set(U &&value) { made_.reset(new box<T>(std::forward<U>(value))); }
        asynchron_status_t deliver(asynchron_t *a) noexcept { return put_box(a, made_.release()); }
    };
};

// A pointer to what nobody frees.
template <class T> struct as_pointer {
    typedef T &reference;

    static_assert(!std::is_function<T>::value, "an asynchron refers to objects, not functions");

    static void *plain(T &object) noexcept
    {
        return const_cast<void *>(static_cast<const volatile void *>(std::addressof(object)));
    }

    static asynchron_status_t put(asynchron_t *a, T &object) noexcept
    {
        return asynchron_set_pointer(a, plain(object), nullptr);
    }

    static bool fits(const asynchron_value_t &value) noexcept
    {
        return value.len == 0 && value.data != nullptr && is_aligned<T>(value.data);
    }
    static T &read(const asynchron_value_t &value)
    {
        if (!fits(value))
            raise_other_type();
        return *static_cast<T *>(const_cast<void *>(value.data));
    }
    static T &take(asynchron_t *, const asynchron_value_t &value) { return read(value); }

    static asynchron_status_t pass(asynchron_t *into, asynchron_t *, const asynchron_value_t &value) noexcept
    {
        return asynchron_set_pointer(into, const_cast<void *>(value.data), nullptr);
    }

    class parcel {
        T *object_ = nullptr;

    public:
        template <class F, class... A> void fill(F &&f, A &&...args)
        {
            object_ = std::addressof(std::forward<F>(f)(std::forward<A>(args)...));
        }
        void set(T &object) noexcept { object_ = std::addressof(object); }
        asynchron_status_t deliver(asynchron_t *a) noexcept { return put(a, *object_); }
    };
};

// The empty value.
struct as_nothing {
    typedef void reference;

    static asynchron_status_t put(asynchron_t *a) noexcept { return asynchron_set_bytes(a, nullptr, 0); }
    static bool fits(const asynchron_value_t &) noexcept { return true; }
    static void read(const asynchron_value_t &) noexcept {}
    static void take(asynchron_t *, const asynchron_value_t &) noexcept {}
    static asynchron_status_t pass(asynchron_t *into, asynchron_t *, const asynchron_value_t &) noexcept
    {
        return put(into);
    }

    class parcel {
    public:
        template <class F, class... A> void fill(F &&f, A &&...args)
        {
            std::forward<F>(f)(std::forward<A>(args)...);
        }
        asynchron_status_t deliver(asynchron_t *a) noexcept { return put(a); }
    };
};

template <class T>
struct kind
    : std::conditional<std::is_trivially_copyable<T>::value && alignof(T) <= alignof(std::max_align_t), as_bytes<T>,
                       as_box<T>>::type {
    static_assert(std::is_object<T>::value && !std::is_array<T>::value, "a future of what can be returned");
    static_assert(std::is_same<T, bare<T>>::value, "a future's value is const as it is");
};
template <class T> struct kind<T &> : as_pointer<T> {};
template <> struct kind<void> : as_nothing {};

// What get() of an lvalue returns; T need not be complete yet.
template <class T> struct seen_as {
    typedef const T &type;
};
template <class T> struct seen_as<T &> {
    typedef T &type;
};
template <> struct seen_as<void> {
    typedef void type;
};

// And of an rvalue, which may be the last to hold it: a copy if T can be copied, else what take() returns.
template <class T> struct is_taken : std::integral_constant<bool, !std::is_object<T>::value || is_copied<T>::value> {};

// The T of the future that ready<T>(U) returns; T is void if it is not given.
template <class T, class U, bool = std::is_convertible<U, T>::value> struct ready_as {};
template <class T, class U> struct ready_as<T, U, true> {
    typedef T type;
};
template <class T, class U> // no reference to a temporary that the conversion makes
struct ready_as<T &, U &, true> : std::enable_if<std::is_convertible<U *, T *>::value, T &> {};
template <class T, class U> struct ready_as<T &, U, true> {};
template <class U> struct ready_as<void, U, false> {
    typedef decayed<U> type;
};

// Delivers what was computed, unless another delivery came first.
template <class Parcel> void deliver(asynchron_t *a, Parcel &made) noexcept
{
    if (made.deliver(a) == ASYNCHRON_E_NOMEM)
        fail_without_memory(a);
}

// ---- Time --------------------------------------------------------------------------------------

// In seconds: a time this far away counts as for ever. (The clocks' nanoseconds reach 292 years.)
constexpr double AGES = 250.0 * 365 * 24 * 3600;

// Nanoseconds, rounded up, so that a wait does not end early.
template <class Rep, class Period> std::uint64_t nanoseconds_of(const std::chrono::duration<Rep, Period> &time)
{
    typedef std::chrono::duration<Rep, Period> given;
    if (!(time > given::zero()))
        return 0;
    if (std::chrono::duration<double>(time).count() >= AGES)
        return ASYNCHRON_FOREVER;
    const std::chrono::nanoseconds whole = std::chrono::duration_cast<std::chrono::nanoseconds>(time);
    return static_cast<std::uint64_t>(whole.count()) + (whole < time ? 1 : 0);
}

// Calls wait(nanoseconds), which returns false when the time ran out, until the clock agrees.
template <class Clock, class Duration, class Wait>
bool until(const std::chrono::time_point<Clock, Duration> &when_over, Wait wait)
{
    for (;;) {
        const typename Clock::time_point now = Clock::now();
        // Roughly first: between the ends of two clocks' ranges, an exact difference overflows.
        const double ahead = std::chrono::duration<double>(when_over.time_since_epoch()).count() -
                             std::chrono::duration<double>(now.time_since_epoch()).count();
        if (ahead >= AGES)
            return wait(ASYNCHRON_FOREVER);
        if (ahead <= -AGES || !(now < when_over))
            return wait(std::uint64_t(0));
        if (wait(nanoseconds_of(when_over - now)))
            return true;
    }
}

// Runs a function on demand now, as a wait would, if nobody has started it.
inline void ask(asynchron_t *a) noexcept
{
    if (asynchron_is_on_demand(a))
        (void)asynchron_wait(a, ASYNCHRON_FOREVER);
}

template <class T, class F> struct then_of;
template <class F, class T> class told;

// Gives up the handle once the taken value is in its place.
struct letting_go {
    counted &a;
    bool let;
    ~letting_go()
    {
        if (let)
            a = counted();
    }
};

template <class T> T take_out(counted &a, const asynchron_value_t &value)
{
    letting_go gone{a, true};
    ASYNCHRON_TRY { return kind<T>::take(a.get(), value); }
    ASYNCHRON_CATCH_ALL
    {
        gone.let = false;
        ASYNCHRON_RETHROW;
    }
}

} // namespace detail
/// @endcond

/*
 * ================================================================================================
 * Futures
 */

/** What registration::try_remove() found. */
enum class removal {
    removed, /**< The callback never ran and never will. */
    too_late, /**< It has run, or was removed before, or there was none. */
    running, /**< It is running on another thread. */
};

/**
 * A callback registered by future::notify(), for taking it back. Destroying this does not: the callback stays. It holds
 * a reference to the asynchron, so do not keep it longer than you need it.
 */
class registration {
    detail::counted a_;
    std::uint64_t token_ = 0;

    template <class> friend class future;
    registration(const detail::counted &a, std::uint64_t token) noexcept : a_(a), token_(token) {}

public:
    /** Refers to no callback. */
    registration() noexcept {}
    /** Takes the callback over; the other refers to none then. */
    registration(registration &&other) noexcept : a_(std::move(other.a_)), token_(other.token_) {}
    /** The same. The callback that this one referred to stays. */
    registration &operator=(registration &&other) noexcept
    {
        a_ = std::move(other.a_);
        token_ = other.token_;
        return *this;
    }

    /**
     * Takes the callback back, and waits if it is running on another thread: afterwards nothing of it is in use.
     *
     * - Threads: blocks while it runs elsewhere; from inside the callback itself it does not wait.
     * - Returns: true: it never ran and never will; false: it has run, or there is none.
     */
    bool remove() noexcept
    {
        const detail::counted a(std::move(a_));
        return a.get() != nullptr && asynchron_unnotify(a.get(), token_) == ASYNCHRON_OK;
    }

    /** The same without waiting. */
    removal try_remove() noexcept
    {
        const asynchron_status_t status =
            a_.get() == nullptr ? ASYNCHRON_ALREADY : asynchron_try_unnotify(a_.get(), token_);
        if (status == ASYNCHRON_PENDING)
            return removal::running;
        a_ = detail::counted();
        return status == ASYNCHRON_OK ? removal::removed : removal::too_late;
    }
};

/** Takes its callback back when it is destroyed, and waits if the callback is running on another thread: for callbacks
 *  that use what is destroyed next. */
class scoped_registration {
    registration held_;

public:
    /** Refers to no callback. */
    scoped_registration() noexcept {}
    /** From what future::notify() returned. */
    scoped_registration(registration &&held) noexcept : held_(std::move(held)) {}
    /** Takes the callback over; the other refers to none then. */
    scoped_registration(scoped_registration &&other) noexcept : held_(std::move(other.held_)) {}
    /** The same; the callback that this one referred to is taken back. */
    scoped_registration &operator=(scoped_registration &&other) noexcept
    {
        if (this != &other) {
            held_.remove();
            held_ = std::move(other.held_);
        }
        return *this;
    }
    /** Takes it back. Blocks while it is running on another thread. */
    ~scoped_registration() { held_.remove(); }
};

/**
 * A value of type T that arrives later, or an exception, or a cancel. T is any type that can be moved, a reference, or
 * void.
 *
 * Any number of futures may share one asynchron, and any number of threads may wait for it: all of them see the same
 * const value, as long as one future of it is left. Destroying a future does not wait. So get() does not move the value
 * out, unlike that of std::future: it returns a reference, any number of times. If others have to own the value beyond
 * the future, a std::shared_ptr is the best T.
 */
template <class T> class future {
    detail::counted a_;

    explicit future(detail::counted a) noexcept : a_(std::move(a)) {}

    bool wait_ns(std::uint64_t timeout) const
    {
        const asynchron_status_t status = asynchron_wait(a_.get(), timeout);
        if (status < 0)
            detail::raise(nullptr, status);
        return status == ASYNCHRON_OK;
    }

    // Whether there is a value in time. If it ended otherwise, throws that.
    bool get_ns(std::uint64_t timeout, asynchron_value_t &value) const
    {
        const asynchron_status_t status = asynchron_get_timeout(a_.get(), timeout, &value);
        if (status != ASYNCHRON_OK && status != ASYNCHRON_TIMEOUT)
            detail::raise(a_.get(), status);
        return status == ASYNCHRON_OK;
    }

public:
    /** The type of the value. */
    typedef T value_type;

    /** What get_for() returns: a pointer to the value, or nullptr; for a future of void, whether it is complete. */
    typedef typename std::conditional<
        std::is_void<T>::value, bool,
        typename std::remove_reference<typename detail::seen_as<T>::type>::type *>::type found_type;

    /** Without state: not valid(). */
    future() noexcept {}

    /** Every future converts to a future of void of the same asynchron: it tells whether that is complete or failed. */
    template <class U, class = detail::when<std::is_void<T>::value && !std::is_void<U>::value>>
    future(const future<U> &other) noexcept : a_(detail::counted::share(other.handle()))
    {
    }
    /** The same; the other is not valid() then. */
    template <class U, class = detail::when<std::is_void<T>::value && !std::is_void<U>::value>>
    future(future<U> &&other) noexcept : a_(other.release(), adopt)
    {
    }

    /** Whether there is an asynchron. */
    bool valid() const noexcept { return a_.get() != nullptr; }

    /**
     * Blocks until it is complete.
     *
     * - Threads: any number; blocks. If it was made by on_demand(), the first to ask runs its function.
     * - Returns: the value as a `const T&`, valid as long as a future of it is left. Of a future that is a temporary,
     *   and so may be the last one, a copy. If T is a reference, that; if T is void, nothing.
     * - Throws: what it failed with; error for a failure from C; cancelled; error with ASYNCHRON_E_DEADLOCK inside the
     *   function that computes it, and with ASYNCHRON_E_INVALID without state or if C delivered no T.
     */
    typename detail::seen_as<T>::type get() const &
    {
        asynchron_value_t value;
        const asynchron_status_t status = asynchron_get(a_.get(), &value);
        if (status != ASYNCHRON_OK)
            detail::raise(a_.get(), status);
        return detail::kind<T>::read(value);
    }

    /** The same for a temporary: a copy, since the value may go with it. */
    template <class U = T, detail::when<detail::is_taken<U>::value, int> = 0> U get() const &&
    {
        const future &self = *this;
        return self.get();
    }

    /** For a temporary whose T cannot be copied: the same as take(). */
    template <class U = T, detail::when<!detail::is_taken<U>::value, int> = 0> U get() && { return std::move(*this).take(); }

    /** Not for a const temporary: the value might be gone with it. Give the future a name. */
    template <class U = T, detail::when<!detail::is_taken<U>::value, int> = 0> const U &get() const && = delete;

    /**
     * Like get(), but hands the value over: `std::move(f).take()`. The future is not valid() then.
     *
     * - Returns: the value, moved out if this is its last handle, else copied. If T is a reference, that; if T is void,
     *   nothing.
     * - These are handles, too: each promise, each other future of it, each outcome, each report that it is in, a
     *   function that computes it, and a future that was joined to it.
     * - Inside a callback, a then() or a coroutine that the completion has called, a T that cannot be copied cannot be
     *   taken: the thread that completes it still holds it. Take it afterwards, or co_await the future as a temporary.
     * - Threads: blocks as get() does. If T cannot be copied, it waits up to a second for other threads that are about
     *   to release theirs, such as the one that delivered it. Inside what the completion has called it does not wait.
     * - Throws: as get(); error with the code ASYNCHRON_ALREADY, if T cannot be copied and others hold it. Then nothing
     *   has changed.
     */
    T take() &&
    {
        asynchron_value_t value;
        const asynchron_status_t status = asynchron_get(a_.get(), &value);
        if (status != ASYNCHRON_OK)
            detail::raise(a_.get(), status);
        return detail::take_out<T>(a_, value);
    }

    /**
     * Like get(), but throws nothing: blocks until it is complete, and returns how it ended. It can be
     * used where the compiler has no exceptions.
     */
    outcome<T> try_get() const & noexcept;

    /** The same for a temporary. Its handle goes to the outcome, and it is not valid() then. */
    outcome<T> try_get() && noexcept;

    /**
     * Like get(), for at most this long. A timeout is not an exception:
     *
     *     if (const int *found = f.get_for(std::chrono::seconds(1)))
     *         use(*found);
     *
     * - Returns: a pointer to the value, valid as long as a future of it is left, or nullptr if it was not complete in
     *   time. For a future of void: true or false.
     * - Throws: as get().
     */
    template <class Rep, class Period> found_type get_for(const std::chrono::duration<Rep, Period> &time) const &
    {
        return get_found(detail::nanoseconds_of(time), std::is_void<T>());
    }

    /** Like get_for(), until a time of any clock; a change of the clock meanwhile takes effect after the wait. */
    template <class Clock, class Duration>
    found_type get_until(const std::chrono::time_point<Clock, Duration> &time) const &
    {
        asynchron_value_t value = {nullptr, 0};
        const bool there = detail::until(time, [&](std::uint64_t ns) { return get_ns(ns, value); });
        return there_or_not(there, value, std::is_void<T>());
    }

    /** Not for a temporary: the value might be gone with it. */
    template <class Rep, class Period> found_type get_for(const std::chrono::duration<Rep, Period> &) const && = delete;
    /** Not for a temporary: the value might be gone with it. */
    template <class Clock, class Duration>
    found_type get_until(const std::chrono::time_point<Clock, Duration> &) const && = delete;

    /** Blocks until it is complete, however it ends. Throws error: ASYNCHRON_E_DEADLOCK, ASYNCHRON_E_INVALID. */
    void wait() const { wait_ns(ASYNCHRON_FOREVER); }

    /** The same for at most this long. Returns whether it is complete. With a time of 0 it does not wait. */
    template <class Rep, class Period> bool wait_for(const std::chrono::duration<Rep, Period> &time) const
    {
        return wait_ns(detail::nanoseconds_of(time));
    }

    /** The same until a time of any clock; a change of the clock meanwhile takes effect after the wait. */
    template <class Clock, class Duration>
    bool wait_until(const std::chrono::time_point<Clock, Duration> &time) const
    {
        return detail::until(time, [this](std::uint64_t ns) { return wait_ns(ns); });
    }

    /** Where it is in its life, at this moment; pending without state. */
    asynchron::state state() const noexcept
    {
        return static_cast<asynchron::state>(static_cast<std::int32_t>(asynchron_state(a_.get())));
    }

    /** Whether it is complete, however it ended: then get() does not block. */
    bool complete() const noexcept
    {
        const asynchron_status_t status = asynchron_poll(a_.get());
        return status >= 0 && status != ASYNCHRON_PENDING;
    }

#if defined(ASYNCHRON_EXCEPTIONS)
    /** What get() would throw, if it is complete and has no value; else nullptr. Does not block. */
    std::exception_ptr exception() const
    {
        const asynchron_status_t status = asynchron_poll(a_.get());
        const bool failed = status == ASYNCHRON_FAILED || status == ASYNCHRON_CANCELLED;
        return failed ? detail::as_exception(a_.get(), status) : std::exception_ptr();
    }
#endif

    /** The name that promise::promise() was given, or else one made now; valid as long as a future of it is left. */
    const char *name() const noexcept { return asynchron_name(a_.get()); }

    /**
     * Cancels it: all waits end, and get() throws cancelled. A function that is computing it goes on; it can ask its
     * cancellation whether that happened, and what it delivers is dropped.
     *
     * - Returns: whether this cancelled it; false: it was complete already.
     * - Throws: error without state.
     */
    bool cancel() const { return detail::won(asynchron_cancel(a_.get())); }

    /** The same with a reason, which cancelled::reason() returns. Throws std::bad_alloc, too. */
    bool cancel(const std::string &reason) const
    {
        return detail::won(asynchron_cancel_with(a_.get(), reason.c_str()));
    }

    /**
     * Calls `f` once it is complete.
     *
     * - `f` takes the value (`const T&`; `T&` for a reference; nothing for void): then it runs only if there is one,
     *   and a failure or a cancel passes on whole. Or it takes a `const future<T>&`, which is complete: then it runs
     *   however that ended. If it could take both, it gets the value. It is moved or copied, and called once at most.
     * - Returns: a future of what `f` returns; it fails with what `f` throws. If `f` returns a future, that is joined:
     *   the result is a future of the same type, completed as that one is. Cancelling the result does not touch this.
     * - A value that cannot be copied arrives as `const T&`, too, and cannot be moved on: inside of `f` take() throws.
     * - Threads: does not block. `f` runs on the thread that completes this. If it is complete already, `f` runs before
     *   this returns; but inside a callback or another such `f`, later, after everything that is due there.
     * - Throws: std::bad_alloc; error without state.
     */
    template <class F> typename detail::then_of<T, F>::type then(F &&f) const
    {
        return detail::then_of<T, F>::make(a_.get(), std::forward<F>(f));
    }

    /**
     * Calls `f` once it is complete, however it ended.
     *
     * - `f` takes a `const future<T>&`, which is complete, or nothing. It must not throw: there is no result to carry
     *   the exception, so that ends in std::terminate(). Use then() for what may fail.
     * - Returns: an object to take the callback back with. It may be dropped: the callback stays.
     * - Threads: does not block. `f` runs on the thread that completes this, or here, if it is complete, as with
     *   then(). If nobody is left to complete it, it fails, and `f` runs.
     * - Throws: std::bad_alloc; error without state.
     */
    template <class F> ASYNCHRON_HIDDEN registration notify(F &&f) const
    {
        typedef detail::told<detail::decayed<F>, T> callback;
        asynchron_notify_options_t options = asynchron_notify_options_t();
        options.size = sizeof options;
        options.fn = callback::tell;
        options.ctx = new callback(std::forward<F>(f));
        options.drop_ctx = detail::drop_of<callback>();
        std::uint64_t token = 0;
        const detail::counted keep(a_); // the callback may assign to this very future
        detail::need(asynchron_notify_with(keep.get(), &options, &token));
        return registration(keep, token);
    }

    /** The asynchron, for C; this keeps its reference. nullptr without state. */
    asynchron_t *handle() const noexcept { return a_.get(); }

    /** The same, and the caller takes over this future's reference and has to release it. Not valid() then. */
    ASYNCHRON_MUST_USE asynchron_t *release() noexcept { return a_.release(); }

    /** From a C handle, whose reference stays the caller's; see asynchron::from_handle(). */
    static future from_handle(asynchron_t *a) noexcept { return future(detail::counted::share(a)); }

    /** The same, taking over the reference. */
    static future from_handle(asynchron_t *a, adopt_t) noexcept { return future(detail::counted(a, adopt)); }

    /** Whether both share one asynchron. */
    friend bool operator==(const future &x, const future &y) noexcept { return x.handle() == y.handle(); }
    /** Whether they are not. */
    friend bool operator!=(const future &x, const future &y) noexcept { return x.handle() != y.handle(); }

private:
    found_type get_found(std::uint64_t timeout, std::is_void<T> is_void) const
    {
        asynchron_value_t value = {nullptr, 0};
        const bool there = get_ns(timeout, value);
        return there_or_not(there, value, is_void);
    }

    static bool there_or_not(bool there, const asynchron_value_t &, std::true_type) noexcept { return there; }
    template <class U = T>
    static found_type there_or_not(bool there, const asynchron_value_t &value, std::false_type)
    {
        return there ? std::addressof(detail::kind<U>::read(value)) : nullptr;
    }
};

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
        if (status_ == ASYNCHRON_OK && !detail::kind<T>::fits(value_))
            status_ = ASYNCHRON_E_INVALID;
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
        return detail::kind<T>::read(value_);
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
     *  Afterwards there is no value here. */
    T take() &&
    {
        need_value();
        return detail::take_out<T>(a_, value_);
    }

    /** Why there is no value: how it failed, also by a C++ exception, with a code, a domain and a message, as C sees
     *  it; or why it could not be waited for (ASYNCHRON_E_DEADLOCK, ASYNCHRON_E_INVALID). The code is 0 if there is a
     *  value, or if it was cancelled: then the message is the reason. Throws std::bad_alloc. */
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

/**
 * A future from a C handle, whose reference stays the caller's. NULL makes one without state.
 *
 * How a T is stored in an asynchron, for C to write or to read:
 *
 *   - T that can be copied as bytes (std::is_trivially_copyable): as with asynchron_set_bytes(&t, sizeof t). If the
 *     length differs or the value is not aligned, get() throws error, ASYNCHRON_E_INVALID. Nothing tells an int from a
 *     float: the caller has to know.
 *   - T&: as with asynchron_set_pointer(&t). Nobody frees it, unless C set it with a drop.
 *   - void: the empty value; any value at all will do.
 *   - Any other T: only C++ makes it. C sees an object that begins with the T. If it is no such object, or one of
 *     another type, get() throws error, ASYNCHRON_E_INVALID.
 *   - An exception: a failure with what() as message and the domain "c++", or "c++:" and the category of a
 *     std::system_error, with its code; else the code is ASYNCHRON_E_NOMEM for a std::bad_alloc and 1 for all others.
 *     The payload is this header's own: C must not fail anything with that domain and a payload of its own.
 *     asynchron::error is a failure with its own code, domain and message, asynchron::cancelled a cancel.
 */
template <class T> future<T> from_handle(asynchron_t *a) noexcept { return future<T>::from_handle(a); }

/** The same, taking over the reference: for what a C function returned. */
template <class T> future<T> from_handle(asynchron_t *a, adopt_t) noexcept
{
    return future<T>::from_handle(a, adopt);
}

/*
 * ================================================================================================
 * Promises
 */

/** What promises of every type have in common. */
class promise_base {
    // The copies of one are counted, from the second on: when the last one goes, nobody will deliver.
    struct holders {
        std::atomic<std::size_t> count;
        std::atomic<bool> released; // somebody else has the duty to deliver
        explicit holders(std::size_t n) noexcept : count(n), released(false) {}
    };

    detail::counted a_;
    mutable std::atomic<holders *> holders_; // nullptr: this is the only one

    holders *one_more() const
    {
        if (a_.get() == nullptr)
            return nullptr;
        holders *all = holders_.load(std::memory_order_acquire);
        if (all == nullptr) {
            std::unique_ptr<holders> made(new holders(1));
            // Another thread may be copying this one, too.
            if (holders_.compare_exchange_strong(all, made.get(), std::memory_order_acq_rel, std::memory_order_acquire))
                all = made.release();
        }
        all->count.fetch_add(1, std::memory_order_relaxed);
        return all;
    }

    // Neither may be in use elsewhere meanwhile.
    void swap(promise_base &other) noexcept
    {
        std::swap(a_, other.a_);
        holders *const mine = holders_.load(std::memory_order_relaxed);
        holders_.store(other.holders_.load(std::memory_order_relaxed), std::memory_order_relaxed);
        other.holders_.store(mine, std::memory_order_relaxed);
    }

    // Whether this was the last one and has the duty to deliver.
    bool one_less() noexcept
    {
        holders *const all = holders_.load(std::memory_order_acquire);
        if (all == nullptr)
            return true;
        holders_.store(nullptr, std::memory_order_relaxed);
        if (all->count.fetch_sub(1, std::memory_order_acq_rel) != 1)
            return false;
        const bool has_duty = !all->released.load(std::memory_order_relaxed);
        delete all;
        return has_duty;
    }

    template <class Thrown> ASYNCHRON_HIDDEN bool deliver(const Thrown &thrown)
    {
        if (!valid())
            detail::raise(nullptr, ASYNCHRON_E_INVALID);
        return detail::fail(a_.get(), thrown);
    }

protected:
    /// @cond
    explicit promise_base(detail::counted a) noexcept : a_(std::move(a)), holders_(nullptr) {}
    promise_base(const promise_base &other) : a_(other.a_), holders_(other.one_more()) {}
    promise_base(promise_base &&other) noexcept
        : a_(std::move(other.a_)), holders_(other.holders_.exchange(nullptr, std::memory_order_relaxed))
    {
    }
    promise_base &operator=(const promise_base &other)
    {
        promise_base copy(other);
        swap(copy);
        return *this;
    }
    promise_base &operator=(promise_base &&other) noexcept
    {
        promise_base taken(std::move(other));
        swap(taken);
        return *this;
    }
    ~promise_base()
    {
        // If it is RUNNING, its function will deliver.
        if (a_.get() != nullptr && one_less() && asynchron_state(a_.get()) == ASYNCHRON_STATE_PENDING)
            detail::fail_with(a_.get(), ASYNCHRON_E_BROKEN, "the last promise went without delivering");
    }

    /// @endcond

public:
    /** Whether there is an asynchron. */
    bool valid() const noexcept { return a_.get() != nullptr; }

    /** Delivers a failure: every get() throws it. Returns whether this won; false: it was complete already. Throws
     *  error without state. */
    ASYNCHRON_HIDDEN bool set_exception(const error &failure) { return deliver(failure); }

    /** The same for a cancel. */
    ASYNCHRON_HIDDEN bool set_exception(const cancelled &cancel) { return deliver(cancel); }

#if defined(ASYNCHRON_EXCEPTIONS)
    /**
     * Delivers an exception: every get() throws it. asynchron::cancelled cancels.
     *
     * - Returns: whether this won; false: it was complete already.
     * - Throws: error without state, or if `thrown` is null. Out of memory, it still fails it, with std::bad_alloc.
     */
    ASYNCHRON_HIDDEN bool set_exception(const std::exception_ptr &thrown)
    {
        if (thrown == nullptr && valid())
            detail::refuse("there is no exception to deliver");
        return deliver(thrown);
    }

    /** The same for an exception object, delivered by its static type: in a handler that caught a base, pass
     *  std::current_exception() instead. */
    template <class E, class = detail::when<!std::is_convertible<E, std::exception_ptr>::value>>
    ASYNCHRON_HIDDEN bool set_exception(E thrown)
    {
        return set_exception(std::make_exception_ptr(std::move(thrown)));
    }
#endif

    /** As future::cancel(). */
    bool cancel() { return detail::won(asynchron_cancel(a_.get())); }

    /** As future::cancel(). */
    bool cancel(const std::string &reason) { return detail::won(asynchron_cancel_with(a_.get(), reason.c_str())); }

    /** Whether it was cancelled: nobody wants the value any more. */
    bool is_cancelled() const noexcept { return asynchron_poll(a_.get()) == ASYNCHRON_CANCELLED; }

    /** The asynchron, for C; this keeps its reference. nullptr without state. */
    asynchron_t *handle() const noexcept { return a_.get(); }

    /** The same, and the caller takes over this promise's reference and the duty to deliver: C must deliver, fail or
     *  cancel it before it releases it, or those who hold a future wait for ever. Copies of this promise may still
     *  deliver, but need not: the last one goes without failing it. */
    ASYNCHRON_MUST_USE asynchron_t *release() noexcept
    {
        if (holders *const all = holders_.load(std::memory_order_acquire))
            all->released.store(true, std::memory_order_relaxed); // the last one sees it: the count orders that
        one_less();
        return a_.release();
    }
};

/**
 * The side that delivers. Copies of it deliver into the same asynchron, and the first delivery wins.
 *
 * If the last copy is destroyed and nobody has delivered or cancelled, it fails as broken: error, domain "asynchron",
 * code ASYNCHRON_E_BROKEN. So nobody waits in vain.
 */
template <class T> class promise : public promise_base {
public:
    /** With a new asynchron. Throws std::bad_alloc. */
    promise() : promise_base(detail::counted::create()) {}
    /** The same with a name for people. */
    explicit promise(const char *name) : promise_base(detail::counted::create(name)) {}

    /** A future of it. May be called any number of times. */
    future<T> get_future() const noexcept { return future<T>::from_handle(handle()); }

    /**
     * Delivers a value.
     *
     * - Returns: whether this won; false: it was complete already, and nobody sees the value.
     * - Throws: what copying or moving it throws; std::bad_alloc; error without state. Then nothing was delivered.
     */
    ASYNCHRON_HIDDEN bool set_value(const T &value) { return detail::won(detail::kind<T>::put(handle(), value)); }

    /** The same, moving the value. */
    ASYNCHRON_HIDDEN bool set_value(T &&value) { return detail::won(detail::kind<T>::put(handle(), std::move(value))); }

    /** The same for a T that is made in place from constructor arguments. */
    template <class... A> ASYNCHRON_HIDDEN bool emplace(A &&...args)
    {
        return detail::won(detail::kind<T>::put(handle(), std::forward<A>(args)...));
    }

    /** From a C handle, whose reference stays the caller's: this promise and its copies have the duty to deliver. */
    static promise from_handle(asynchron_t *a) noexcept { return promise(detail::counted::share(a)); }
    /** The same, taking over the reference. */
    static promise from_handle(asynchron_t *a, adopt_t) noexcept { return promise(detail::counted(a, adopt)); }

private:
    explicit promise(detail::counted a) noexcept : promise_base(std::move(a)) {}
};

/** A promise of a reference. */
template <class T> class promise<T &> : public promise_base {
public:
    /** With a new asynchron. Throws std::bad_alloc. */
    promise() : promise_base(detail::counted::create()) {}
    /** The same with a name for people. */
    explicit promise(const char *name) : promise_base(detail::counted::create(name)) {}

    /** A future of it. May be called any number of times. */
    future<T &> get_future() const noexcept { return future<T &>::from_handle(handle()); }

    /** Delivers the reference; the object stays yours. Returns whether this won. Throws error without state. */
    ASYNCHRON_HIDDEN bool set_value(T &object) { return detail::won(detail::kind<T &>::put(handle(), object)); }

    /** From a C handle, whose reference stays the caller's: this promise and its copies have the duty to deliver. */
    static promise from_handle(asynchron_t *a) noexcept { return promise(detail::counted::share(a)); }
    /** The same, taking over the reference. */
    static promise from_handle(asynchron_t *a, adopt_t) noexcept { return promise(detail::counted(a, adopt)); }

private:
    explicit promise(detail::counted a) noexcept : promise_base(std::move(a)) {}
};

/** A promise without a value: it says that something is done. */
template <> class promise<void> : public promise_base {
public:
    /** With a new asynchron. Throws std::bad_alloc. */
    promise() : promise_base(detail::counted::create()) {}
    /** The same with a name for people. */
    explicit promise(const char *name) : promise_base(detail::counted::create(name)) {}

    /** A future of it. May be called any number of times. */
    future<void> get_future() const noexcept { return future<void>::from_handle(handle()); }

    /** Says that it is done. Returns whether this won. Throws error without state. */
    ASYNCHRON_HIDDEN bool set_value() { return detail::won(detail::kind<void>::put(handle())); }

    /** From a C handle, whose reference stays the caller's: this promise and its copies have the duty to deliver. */
    static promise from_handle(asynchron_t *a) noexcept { return promise(detail::counted::share(a)); }
    /** The same, taking over the reference. */
    static promise from_handle(asynchron_t *a, adopt_t) noexcept { return promise(detail::counted(a, adopt)); }

private:
    explicit promise(detail::counted a) noexcept : promise_base(std::move(a)) {}
};

/** A future that has its value already: ready(value) has the type of the value; ready<T>(value) has a T made from it,
 *  or a reference to it. Throws what making a T throws, and std::bad_alloc. */
template <class T = void, class U = T>
ASYNCHRON_HIDDEN future<typename detail::ready_as<T, U>::type> ready(U &&value)
{
    typedef typename detail::ready_as<T, U>::type made;
    detail::counted a = detail::counted::create();
    detail::need(detail::kind<made>::put(a.get(), static_cast<made>(std::forward<U>(value))));
    return from_handle<made>(a.release(), adopt);
}

/** The same for void. */
inline future<void> ready()
{
    detail::counted a = detail::counted::create();
    detail::need(detail::kind<void>::put(a.get()));
    return from_handle<void>(a.release(), adopt);
}

/** A future that has failed already, or was cancelled: with anything that promise_base::set_exception() takes. Throws
 *  std::bad_alloc. */
template <class T, class E> ASYNCHRON_HIDDEN future<T> failed(const E &thrown)
{
    promise<T> made;
    made.set_exception(thrown);
    return made.get_future();
}

/*
 * ================================================================================================
 * Functions that compute
 */

/**
 * Tells a function that is computing that nobody wants its result any more: spawn(), call() and on_demand() pass one as
 * its first argument, if it can be called with it and not without. It may be copied and kept.
 */
class cancellation {
    detail::counted a_;

public:
    /** Refers to nothing: never requested. */
    cancellation() noexcept {}
    /** For a C handle, whose reference stays the caller's. */
    explicit cancellation(asynchron_t *a) noexcept : a_(detail::counted::share(a)) {}
    /** Whether it was cancelled. */
    bool requested() const noexcept { return asynchron_poll(a_.get()) == ASYNCHRON_CANCELLED; }
    /** Throws cancelled if it was. */
    void check() const
    {
        if (requested())
            detail::raise(a_.get(), ASYNCHRON_CANCELLED);
    }
};

/// @cond
namespace ASYNCHRON_DETAIL {

// What is called. Its result goes into `self`; `sources` are what it comes after.
//
//   call()     called once at most; returns what the program's function returns
//   result     the type of that
//   of_value   whether it is only called if the source has a value

// A function and its arguments, which may take a cancellation before them.
template <class F, class... A> class bound {
    F f_;
    std::tuple<A...> args_;

    typedef invoked_with<F, arguments<A...>, arguments<cancellation, A...>> chosen;
    static_assert(chosen::value, "the function cannot be called with these arguments");

    template <std::size_t... I>
    typename chosen::type with(asynchron_t *, indices<I...>, std::true_type)
    {
        return detail::invoke(std::move(f_), std::get<I>(std::move(args_))...);
    }
    template <std::size_t... I>
    typename chosen::type with(asynchron_t *self, indices<I...>, std::false_type)
    {
        return detail::invoke(std::move(f_), cancellation(self), std::get<I>(std::move(args_))...);
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

template <class T> struct value_arguments {
    typedef arguments<typename seen_as<T>::type> type;
};
template <> struct value_arguments<void> {
    typedef arguments<> type;
};

// What follows one source: called with its value, or with the future.
template <class T, class F> class next {
    F f_;

    typedef invoked_with<F, typename value_arguments<T>::type, arguments<const future<T> &>> chosen;
    static_assert(chosen::value, "the function takes neither the value nor the future");

    typename chosen::type with(asynchron_t *source, std::true_type, std::false_type)
    {
        asynchron_value_t value = {nullptr, 0};
        need(asynchron_get(source, &value));
        return detail::invoke(std::move(f_), kind<T>::read(value));
    }
    typename chosen::type with(asynchron_t *, std::true_type, std::true_type)
    {
        return detail::invoke(std::move(f_));
    }
    template <class IsVoid> typename chosen::type with(asynchron_t *source, std::false_type, IsVoid)
    {
        const future<T> complete = from_handle<T>(source);
        return detail::invoke(std::move(f_), complete);
    }

public:
    typedef typename chosen::type result;
    static constexpr bool of_value = chosen::is_first::value;

    template <class G> explicit next(G &&f) : f_(std::forward<G>(f)) {}
    result call(asynchron_t *, asynchron_t *const *sources, std::size_t n)
    {
        const noted<T> here(sources, n);
        return with(sources[0], typename chosen::is_first(), std::is_void<T>());
    }
};

// What follows several: called with all of them, or with nothing.
template <class T, class F> class next_of_many {
    F f_;

    typedef invoked_with<F, arguments<const std::vector<future<T>> &>, arguments<>> chosen;
    static_assert(chosen::value, "the function takes neither the futures nor nothing");

    typename chosen::type with(asynchron_t *const *sources, std::size_t n, std::true_type)
    {
        std::vector<future<T>> all;
        all.reserve(n);
        for (std::size_t i = 0; i < n; i++)
            all.push_back(from_handle<T>(sources[i]));
        return detail::invoke(std::move(f_), static_cast<const std::vector<future<T>> &>(all));
    }
    typename chosen::type with(asynchron_t *const *, std::size_t, std::false_type)
    {
        return detail::invoke(std::move(f_));
    }

public:
    typedef typename chosen::type result;
    static constexpr bool of_value = false;

    template <class G> explicit next_of_many(G &&f) : f_(std::forward<G>(f)) {}
    result call(asynchron_t *, asynchron_t *const *sources, std::size_t n)
    {
        const noted<T> here(sources, n);
        return with(sources, n, typename chosen::is_first());
    }
};

// The value that holds all of several.
template <class... T> class gather {
    template <std::size_t... I>
    static std::tuple<future<T>...> all(asynchron_t *const *sources, indices<I...>)
    {
        (void)sources; // unused if there are none
        return std::tuple<future<T>...>(from_handle<T>(sources[I])...);
    }

public:
    typedef std::tuple<future<T>...> result;
    static constexpr bool of_value = false;
    result call(asynchron_t *, asynchron_t *const *sources, std::size_t)
    {
        return all(sources, typename indices_to<sizeof...(T)>::type());
    }
};

template <class T> struct gather_range {
    std::vector<future<T>> operator()(const std::vector<future<T>> &all) const { return all; }
};

// Passes the outcome of one that is complete, or will be, on to another.
inline std::int32_t pass_nothing(asynchron_t *, asynchron_t *const *, std::size_t, void *) noexcept { return 0; }

template <class T>
std::int32_t pass_value(asynchron_t *self, asynchron_t *const *sources, std::size_t, void *) noexcept
{
    asynchron_value_t value = {nullptr, 0};
    const asynchron_status_t status = asynchron_get(sources[0], &value);
    if (status == ASYNCHRON_OK && kind<T>::pass(self, sources[0], value) == ASYNCHRON_E_NOMEM)
        fail_without_memory(self);
    return status;
}

#if defined(ASYNCHRON_PLUGIN)
// The step has a function of this module: it counts as use of it.
ASYNCHRON_HIDDEN inline asynchron_t *then_pass(asynchron_t *from, asynchron_t *into, asynchron_join_fn_t pass) noexcept
{
    counted keeper;
    if (!hold_module(keeper))
        return nullptr;
    asynchron_guarded_t *const step = new (std::nothrow) asynchron_guarded_t;
    if (step == nullptr)
        return nullptr;
    step->keeper = keeper.release();
    step->drop = [](void *it) { delete static_cast<asynchron_guarded_t *>(it); };
    return asynchron_then(from, into, pass, step, asynchron_drop_guarded);
}
#else
inline asynchron_t *then_pass(asynchron_t *from, asynchron_t *into, asynchron_join_fn_t pass) noexcept
{
    return asynchron_then(from, into, pass, nullptr, nullptr);
}
#endif

inline void pass_on(asynchron_t *from, asynchron_t *into, asynchron_join_fn_t pass) noexcept
{
    if (from == into) {
        fail_with(into, ASYNCHRON_E_DEADLOCK, "a future cannot be joined to itself");
        return;
    }
    asynchron_t *const reference = then_pass(from, into, pass);
    if (reference == nullptr)
        fail_without_memory(into);
    else
        asynchron_release(reference);
}

// Delivers at once how `from` failed or was cancelled, or why it could not be waited for.
ASYNCHRON_COLD inline void fail_as(asynchron_t *into, asynchron_t *from, std::int32_t status) noexcept
{
    asynchron_error_t e = {0, "", "", nullptr};
    asynchron_status_t done;
    if (status < 0 || asynchron_error(from, &e) != ASYNCHRON_OK)
        return fail_with(into, status, described(status));
    if (status == ASYNCHRON_CANCELLED)
        done = asynchron_cancel_with(into, e.message);
    else if (is_thrown(e))
        done = fail_as_thrown(into, static_cast<const thrown_payload *>(e.payload)->thrown, e.code, e.domain, e.message);
    else
        done = asynchron_fail_with(into, e.code, e.domain, e.message, nullptr, nullptr);
    if (done == ASYNCHRON_E_NOMEM)
        fail_without_memory(into);
}

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

template <class T, class F> struct then_of {
    typedef next<T, decayed<F>> call;
    typedef job<call> work;
    typedef future<typename work::value_type> type;
    typedef typename work::is_joined is_joined;

    static type make(asynchron_t *a, F &&f)
    {
        if (a == nullptr)
            raise(nullptr, ASYNCHRON_E_INVALID);
        const counted keep = counted::share(a); // the function may run at once, and assign to the future
        const auto start = [a](work *ctx) {
            // A failure passes on by itself, but not to where a future is joined.
            if (call::of_value && !is_joined::value)
                return made(asynchron_then(a, nullptr, work::join, ctx, drop_of<work>()));
            return start_after(&a, 1, ctx);
        };
        return begin<work>(is_joined(), start, std::forward<F>(f));
    }
};

template <class F, class T> class told : guard {
    F f_;

    typedef invoked_with<F, arguments<const future<T> &>, arguments<>> chosen;
    static_assert(chosen::value, "a callback takes the future or nothing");

    void call(asynchron_t *a, std::true_type)
    {
        const future<T> complete = from_handle<T>(a);
        detail::invoke(std::move(f_), complete);
    }
    void call(asynchron_t *, std::false_type) { detail::invoke(std::move(f_)); }

public:
    template <class G> explicit told(G &&f) : guard(drop), f_(std::forward<G>(f)) {}
    static void tell(asynchron_t *a, void *ctx) noexcept
    {
        const noted<T> here(&a, 1);
        static_cast<told *>(ctx)->call(a, typename chosen::is_first());
    }
    static void drop(void *ctx) noexcept
    {
        told *const it = static_cast<told *>(ctx);
        it->is_dropped();
        delete it;
    }
};

template <class F, class... A> using job_of = job<bound<decayed<F>, decayed<A>...>>;

} // namespace detail
/// @endcond

/**
 * Computes `f(args...)` on a background thread.
 *
 * - `f` and `args` are moved or copied, and destroyed before the result is there; std::ref() passes a reference. `f`
 *   may take a cancellation before `args`.
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
        detail::counted self;
        ASYNCHRON_TRY { self = detail::counted::create(); }
        ASYNCHRON_CATCH_ALL
        {
            delete ctx;
            ASYNCHRON_RETHROW;
        }
        detail::need(asynchron_spawn(self.get(), work::run, ctx, detail::drop_of<work>()));
        return self;
    };
    return detail::begin<work>(typename work::is_joined(), start, std::forward<F>(f), std::forward<A>(args)...);
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
        detail::counted self = detail::counted::create();
        detail::need(asynchron_call(self.get(), work::run, ctx));
        return self;
    };
    return detail::begin<work>(typename work::is_joined(), start, std::forward<F>(f), std::forward<A>(args)...);
}

/**
 * Computes `f()` when somebody asks: the first get, wait or co_await runs it on the calling thread, to its end,
 * whatever the timeout, unless that is 0. Everybody else waits for that run. Returning it to be joined, from a
 * function given to spawn() or then(), asks for it, too. Nothing else starts it: not then(), notify(), after(),
 * when_all(), when_any() or report() of it, nor a wait for several. To compute it on a background thread:
 * `spawn([lazy] { lazy.wait(); })`.
 *
 * - `f` is moved or copied; it may take a cancellation. If it returns a future, that is waited for.
 * - Returns: a future of what `f` returns; it fails with what `f` throws.
 * - Threads: does not block.
 * - Throws: std::bad_alloc; what moving or copying throws.
 */
template <class F> future<typename detail::job_of<F>::value_type> on_demand(F &&f)
{
    typedef detail::job_of<F> work;
    asynchron_options_t options = asynchron_options_t();
    options.size = sizeof options;
    options.on_demand = work::run_to_the_end;
    options.on_demand_ctx = new work(detail::counted(), std::forward<F>(f));
    options.drop_on_demand_ctx = detail::drop_of<work>();
    asynchron_t *a = nullptr;
    detail::need(asynchron_create_with(&options, &a));
    return from_handle<typename work::value_type>(a, adopt);
}

/*
 * ================================================================================================
 * Several together
 *
 * A range is anything that std::begin() and std::end() take whose elements are futures of one type, be they stored or
 * made on the way, as by a view; or it is a list in braces. To mix futures of several types, use future<void>, to which
 * all of them convert.
 */

/// @cond
namespace ASYNCHRON_DETAIL {

// The handles of a range, for the length of a call: borrowed from its futures, if the range stores them.
class several {
    std::vector<asynchron_t *> all_;
    std::vector<counted> kept_;

    template <class T> void add(const future<T> &f, std::true_type)
    {
        if (!f.valid())
            raise(nullptr, ASYNCHRON_E_INVALID);
        all_.push_back(f.handle());
    }
    template <class T> void add(const future<T> &f, std::false_type)
    {
        add(f, std::true_type());
        kept_.push_back(counted::share(f.handle()));
    }

public:
    template <class Range, class = value_in<Range>> several(Range &&range)
    {
        auto it = std::begin(range);
        const auto end = std::end(range);
        for (; it != end; ++it)
            add(*it, yields_in_place<decltype(it)>());
    }
    several(std::initializer_list<future<void>> list)
    {
        for (const future<void> &f : list)
            add(f, std::true_type());
    }

    asynchron_t *const *data() const noexcept { return all_.data(); }
    std::size_t size() const noexcept { return all_.size(); }
};

inline void need_all(asynchron_t *const *all, std::size_t n)
{
    for (std::size_t i = 0; i < n; i++)
        if (all[i] == nullptr)
            raise(nullptr, ASYNCHRON_E_INVALID);
}

inline bool wait_all_ns(const several &all, std::uint64_t timeout)
{
    const asynchron_status_t status = asynchron_wait_all(all.data(), all.size(), timeout);
    if (status < 0)
        raise(nullptr, status);
    return status == ASYNCHRON_OK;
}

// The index, or the largest size_t.
inline std::size_t wait_any_ns(const several &all, std::uint64_t timeout)
{
    if (all.size() == 0)
        refuse("there is nothing to wait for");
    std::size_t index = static_cast<std::size_t>(-1);
    const asynchron_status_t status = asynchron_wait_any(all.data(), all.size(), timeout, &index);
    if (status < 0)
        raise(nullptr, status);
    return index;
}

template <class T, class F> using after_job = job<next_of_many<T, decayed<F>>>;

template <class T, class F>
future<typename after_job<T, F>::value_type> after_all(const several &sources, F &&f)
{
    typedef after_job<T, F> work;
    const auto start = [&](work *ctx) { return start_after(sources.data(), sources.size(), ctx); };
    return begin<work>(typename work::is_joined(), start, std::forward<F>(f));
}

} // namespace detail
/// @endcond

/** Blocks until all of a range are complete, however they ended. Starts no function on demand. Throws std::bad_alloc;
 *  error: ASYNCHRON_E_DEADLOCK, ASYNCHRON_E_INVALID. */
inline void wait_all(const detail::several &range) { detail::wait_all_ns(range, ASYNCHRON_FOREVER); }

/** The same for at most this long. Returns whether all are complete. With a time of 0 it does not wait. */
template <class Rep, class Period>
bool wait_all_for(const detail::several &range, const std::chrono::duration<Rep, Period> &time)
{
    return detail::wait_all_ns(range, detail::nanoseconds_of(time));
}

/** The same until a time of any clock; a change of the clock meanwhile takes effect after the wait. */
template <class Clock, class Duration>
bool wait_all_until(const detail::several &range, const std::chrono::time_point<Clock, Duration> &time)
{
    return detail::until(time, [&range](std::uint64_t ns) { return detail::wait_all_ns(range, ns); });
}

/** Blocks until any of a range is complete, however it ended, and returns its index. Starts no function on demand.
 *  Throws as wait_all(), and error with ASYNCHRON_E_INVALID for an empty range. */
inline std::size_t wait_any(const detail::several &range) { return detail::wait_any_ns(range, ASYNCHRON_FOREVER); }

/** The same for at most this long. Returns SIZE_MAX, the largest index there is, if the time ran out. With a time of 0
 *  it does not wait. */
template <class Rep, class Period>
std::size_t wait_any_for(const detail::several &range, const std::chrono::duration<Rep, Period> &time)
{
    return detail::wait_any_ns(range, detail::nanoseconds_of(time));
}

/** The same until a time of any clock; a change of the clock meanwhile takes effect after the wait. */
template <class Clock, class Duration>
std::size_t wait_any_until(const detail::several &range, const std::chrono::time_point<Clock, Duration> &time)
{
    const std::size_t none = static_cast<std::size_t>(-1);
    std::size_t index = none;
    detail::until(time, [&](std::uint64_t ns) { return (index = detail::wait_any_ns(range, ns)) != none; });
    return index;
}

/**
 * Calls `f` once all of a range are complete, however they ended.
 *
 * - `f` takes a `const std::vector<future<T>>&`, which are complete, or nothing.
 * - Returns: a future of what `f` returns; it fails with what `f` throws. If `f` returns a future, that is joined.
 * - Sources are not kept while they are pending. One that can still complete is kept by what will complete it: a
 *   promise, a thread, a coroutine, the source of a then(). One that cannot, such as an on_demand() that was dropped,
 *   fails as broken, and `f` sees that.
 * - Threads: does not block. `f` runs on the thread that completes the last, or here, if all are complete, as with
 *   then().
 * - Throws: std::bad_alloc; error, if one is without state.
 */
template <class Range, class F, class T = detail::value_in<Range>>
future<typename detail::after_job<T, F>::value_type> after(Range &&range, F &&f)
{
    return detail::after_all<T>(range, std::forward<F>(f));
}

/** The same for a list. */
template <class T, class F>
future<typename detail::after_job<T, F>::value_type> after(std::initializer_list<future<T>> list, F &&f)
{
    return detail::after_all<T>(list, std::forward<F>(f));
}

/**
 * A future that is ready once all of a range are complete, however they ended: then none of the futures in it blocks.
 *
 * - Sources are not kept while they are pending, as with after(): one that nobody is left to complete fails as broken,
 *   and so is complete.
 * - The futures are copied, also out of a range that is given as an rvalue. Clear yours before you take() from these.
 * - Threads: does not block.
 * - Throws: std::bad_alloc; error, if one is without state.
 */
template <class Range, class T = detail::value_in<Range>>
ASYNCHRON_HIDDEN future<std::vector<future<T>>> when_all(Range &&range)
{
    return detail::after_all<T>(range, detail::gather_range<T>());
}

/** The same for a list. */
template <class T>
ASYNCHRON_HIDDEN future<std::vector<future<T>>> when_all(std::initializer_list<future<T>> list)
{
    return detail::after_all<T>(list, detail::gather_range<T>());
}

/** The same for futures of any types, as a tuple. */
template <class... T> ASYNCHRON_HIDDEN future<std::tuple<future<T>...>> when_all(const future<T> &...futures)
{
    typedef detail::job<detail::gather<T...>> work;
    asynchron_t *const all[sizeof...(T) + 1] = {futures.handle()..., nullptr};
    detail::need_all(all, sizeof...(T));
    detail::counted made = detail::start_after(all, sizeof...(T), new work(detail::counted()));
    return from_handle<std::tuple<future<T>...>>(made.release(), adopt);
}

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

/*
 * ================================================================================================
 * Many, in completion order
 */

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

    /** Adds one, from any thread, even while others wait. Throws std::bad_alloc; error without state. */
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

#if defined(ASYNCHRON_PLUGIN)
/*
 * ================================================================================================
 * Plug-ins
 *
 * A module that is unloaded again, by dlclose() or FreeLibrary(), defines ASYNCHRON_PLUGIN for all of its units, and
 * calls leave() before. What it hands over by this header, functions and values, then counts as use of the module until
 * the library has freed it. Nothing else does: a plug-in joins its own threads before, and whoever moved or copied a
 * value or an exception out of a future is done with it, if the plug-in has code for it, such as a virtual destructor.
 *
 * Compile it with -fvisibility=hidden, and link it with a version script that names what it exports, and nothing more:
 *
 *     { global: plugin_*; local: *; };                       -Wl,--version-script=FILE
 *
 * Without the script, templates of the standard library remain symbols that other modules may use, above all at -O0, and
 * the plug-in may use those of the program or of another plug-in in place of its own. Then the system may keep it loaded,
 * or run code of a module that is gone. Where there is no version script, GCC needs -fno-gnu-unique.
 */

/// @cond
namespace ASYNCHRON_DETAIL {

// What is left of a time that began then.
inline std::uint64_t time_left(std::uint64_t timeout, std::chrono::steady_clock::time_point began) noexcept
{
    if (timeout == ASYNCHRON_FOREVER)
        return timeout;
    const std::uint64_t over = nanoseconds_of(std::chrono::steady_clock::now() - began);
    return over < timeout ? timeout - over : 0;
}

// What is handed over from now on gets a new keeper, which is waited for after this one. A function of the plug-in that runs
// holds this one or the new one, so neither goes while it is in use.
ASYNCHRON_HIDDEN inline void give_up(module_keeper &it, asynchron_t *keeper)
{
    it.gone = made(asynchron_after(&keeper, 1, nullptr, pass_nothing, nullptr, nullptr)).release();
    it.held.store(nullptr, std::memory_order_release);
    asynchron_release(keeper);
}

ASYNCHRON_HIDDEN inline bool leave_ns(std::uint64_t timeout)
{
    const std::chrono::steady_clock::time_point began = std::chrono::steady_clock::now();
    module_keeper &it = this_module();
    for (;;) {
        if (it.gone == nullptr) {
            asynchron_t *const keeper = it.held.load(std::memory_order_acquire);
            if (keeper == nullptr)
                return true;
            give_up(it, keeper);
        }
        const asynchron_status_t status = asynchron_wait(it.gone, time_left(timeout, began));
        if (status < 0)
            raise(nullptr, status);
        if (status == ASYNCHRON_TIMEOUT)
            return false;
        asynchron_release(it.gone);
        it.gone = nullptr;
    }
}

} // namespace detail
/// @endcond

/**
 * Waits until the library holds nothing more of this plug-in: its functions have returned, and its values were freed.
 * Then none of its code runs any more, nor ever will, and it may be unloaded. Cancel, deliver or release before what
 * would keep it: a value is in use as long as anybody has a future of it.
 *
 * - Threads: one at a time, from a function of the plug-in's that the host calls, when nobody else calls into it. Blocks.
 *   Not from inside of what it waits for, as a callback or a spawned function of the plug-in: that never ends.
 * - Throws: std::bad_alloc.
 */
ASYNCHRON_HIDDEN inline void leave() { (void)detail::leave_ns(ASYNCHRON_FOREVER); }

/** The same for so long at most. Returns whether it may be unloaded; false: something of it is in use. Then the plug-in
 *  may go on as before, and what it hands over counts as well, until leave() or leave_for() is called again. */
template <class Rep, class Period> ASYNCHRON_HIDDEN bool leave_for(const std::chrono::duration<Rep, Period> &time)
{
    return detail::leave_ns(detail::nanoseconds_of(time));
}
#endif

#if defined(ASYNCHRON_COROUTINES)
/*
 * ================================================================================================
 * Coroutines
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
    promise<T> promise_;
    std::exception_ptr thrown_;

protected:
    typename kind<T>::parcel made_;

    // Carries the result out of the coroutine, and delivers it when nothing is left of the coroutine.
    struct last {
        bool await_ready() const noexcept { return false; }
        template <class P> void await_suspend(std::coroutine_handle<P> coroutine) const noexcept
        {
            coroutine_base &it = coroutine.promise();
            promise<T> promise = std::move(it.promise_);
            const std::exception_ptr thrown = std::move(it.thrown_);
            if (thrown != nullptr) {
                coroutine.destroy();
                fail(promise.handle(), thrown);
                return;
            }
            typename kind<T>::parcel made = std::move(it.made_);
            coroutine.destroy();
            deliver(promise.handle(), made);
        }
        void await_resume() const noexcept {}
    };

public:
    future<T> get_return_object() const noexcept { return promise_.get_future(); }
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

#if !defined(ASYNCHRON_EXCEPTIONS)
} // namespace without_exceptions
#endif

} // namespace asynchron

#if defined(ASYNCHRON_COROUTINES)
/** A coroutine that returns an asynchron::future. */
template <class T, class... A> struct std::coroutine_traits<asynchron::future<T>, A...> {
    /** How it delivers. */
    using promise_type = asynchron::detail::coroutine<T>;
};
#endif

#undef ASYNCHRON_TRY
#undef ASYNCHRON_CATCH_ALL
#undef ASYNCHRON_RETHROW
#undef ASYNCHRON_COLD
#undef ASYNCHRON_DETAIL
#undef ASYNCHRON_HAS_OPTIONAL
#undef ASYNCHRON_HIDDEN
#undef ASYNCHRON_OWN
#undef ASYNCHRON_VISIBLE

#endif // ASYNCHRON_HPP
