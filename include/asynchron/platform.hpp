/**
 * @file asynchron/platform.hpp
 * What the compiler has. Everything else stands on it.
 */

#ifndef ASYNCHRON_PLATFORM_HPP
#define ASYNCHRON_PLATFORM_HPP

#include "../asynchron.h"

#if !defined(__cplusplus) || (__cplusplus < 201103L && (!defined(_MSVC_LANG) || _MSVC_LANG < 201103L))
#error "asynchron.hpp wants C++11 or later; for C there is asynchron.h"
#endif

#if defined(__cpp_exceptions) || defined(__EXCEPTIONS) || defined(_CPPUNWIND)
/** Defined where the compiler has exceptions. */
#define ASYNCHRON_EXCEPTIONS 1
#else
#include <cstdio>
#include <cstdlib>
#endif

#endif // ASYNCHRON_PLATFORM_HPP
