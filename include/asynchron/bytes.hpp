/**
 * @file asynchron/bytes.hpp
 * Bytes of any number, as C delivers them.
 */

#ifndef ASYNCHRON_BYTES_HPP
#define ASYNCHRON_BYTES_HPP

#include "handles.hpp"
#include "plain.hpp"

#include <cstddef>
#include <string>
#include <utility>

#include "begin.hpp"

ASYNCHRON_BEGIN_NAMESPACE

/**
 * Bytes that C has delivered by asynchron_set_bytes() or asynchron_set_buffer(): a text, a file, the body of a
 * transfer.
 *
 *     asynchron::future<asynchron::bytes> body = asynchron::from_handle<asynchron::bytes>(a, asynchron::adopt);
 *     std::string text = body.get();
 *
 * It is the value itself and no copy, and a handle of it: so the bytes stay as long as one of these does, also without
 * a future. A value of asynchron_set_pointer() is none: get() throws error, ASYNCHRON_E_INVALID. A promise of bytes
 * delivers a copy of them.
 */
class bytes {
    detail::counted a_;
    const char *data_;
    std::size_t size_;

public:
    /** None. */
    bytes() noexcept : data_(nullptr), size_(0) {}
    /** Of an asynchron that has this value. */
    bytes(asynchron_t *a, const asynchron_value_t &value) noexcept
        : a_(detail::counted::share(a)), data_(static_cast<const char *>(value.data)), size_(value.len)
    {
    }

    /** The first of them. No zero byte follows the last. nullptr, if there are none. */
    const char *data() const noexcept { return data_; }
    /** How many. */
    std::size_t size() const noexcept { return size_; }
    /** Whether there are none. */
    bool empty() const noexcept { return size_ == 0; }
    /** The first. */
    const char *begin() const noexcept { return data_; }
    /** Behind the last. */
    const char *end() const noexcept { return data_ + size_; }

    /** A copy. */
    std::string str() const { return size_ == 0 ? std::string() : std::string(data_, size_); }
    /** A copy. */
    operator std::string() const { return str(); }
};

/// @cond
namespace ASYNCHRON_DETAIL {

// However many bytes, which C has set.
struct as_raw {
    static constexpr std::size_t room = 0;

    static asynchron_status_t put(asynchron_t *a, const bytes &value) noexcept
    {
        return asynchron_set_bytes(a, value.data(), value.size());
    }
    static asynchron_status_t check(const asynchron_value_t &value) noexcept
    {
        return (value.data != nullptr) == (value.len > 0) ? ASYNCHRON_OK : ASYNCHRON_E_INVALID;
    }
    static bytes see(asynchron_t *a, const asynchron_value_t &value)
    {
        if (check(value) != ASYNCHRON_OK)
            raise_other_type();
        return bytes(a, value);
    }
    static bytes take(asynchron_t *a, const asynchron_value_t &value) { return see(a, value); }

    class parcel {
        bytes value_;

    public:
        template <class F, class... A> void fill(F &&f, A &&...args)
        {
            value_ = std::forward<F>(f)(std::forward<A>(args)...);
        }
        void set(bytes value) noexcept { value_ = std::move(value); }
        asynchron_status_t deliver(asynchron_t *a) noexcept { return put(a, value_); }
    };
};

} // namespace detail
/// @endcond

ASYNCHRON_END_NAMESPACE

#include "end.hpp"

#endif // ASYNCHRON_BYTES_HPP
