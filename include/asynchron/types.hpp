/**
 * @file asynchron/types.hpp
 * What the compiler can say of types: how a function can be called, which future a range holds, what can be copied.
 */

#ifndef ASYNCHRON_TYPES_HPP
#define ASYNCHRON_TYPES_HPP

#include "handles.hpp"

#include <array>
#include <cstddef>
#include <functional>
#include <iterator>
#include <tuple>
#include <type_traits>
#include <utility>

#if __cplusplus >= 201703L || (defined(_MSVC_LANG) && _MSVC_LANG >= 201703L)
#include <optional>
#include <variant>
/// @cond
#define ASYNCHRON_HAS_OPTIONAL
/// @endcond
#endif

#include "begin.hpp"

ASYNCHRON_BEGIN_NAMESPACE

/// @cond
namespace ASYNCHRON_DETAIL {

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

} // namespace detail
/// @endcond

ASYNCHRON_END_NAMESPACE

#include "end.hpp"
#undef ASYNCHRON_HAS_OPTIONAL

#endif // ASYNCHRON_TYPES_HPP
