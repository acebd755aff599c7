/**
 * @file asynchron/begin.hpp
 * Begins what a room holds, after the room has included those below it; end.hpp ends it. The macros here exist between
 * the two, and nowhere else. There is no guard: each room begins and ends for itself.
 */

#include "platform.hpp"

/// @cond
#if defined(ASYNCHRON_EXCEPTIONS)
#define ASYNCHRON_BEGIN_NAMESPACE namespace asynchron {
#define ASYNCHRON_END_NAMESPACE }
#define ASYNCHRON_TRY try
#define ASYNCHRON_CATCH_ALL catch (...)
#define ASYNCHRON_RETHROW throw
#else
// Of another name, so that a unit with exceptions and one without do not take each other's functions.
#define ASYNCHRON_BEGIN_NAMESPACE namespace asynchron { inline namespace without_exceptions {
#define ASYNCHRON_END_NAMESPACE } }
#define ASYNCHRON_TRY if (true)
#define ASYNCHRON_CATCH_ALL else
#define ASYNCHRON_RETHROW std::abort() // never gets there
#endif

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
