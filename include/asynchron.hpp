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

// The rooms of this header, from the ground up: each includes what it needs of those that are named before it, and of no
// other. Each compiles alone, so a unit may include only those that it uses. begin.hpp and end.hpp are the frame of each.

// The ground: what the compiler has, references, exceptions.
#include "asynchron/platform.hpp"
#include "asynchron/handles.hpp"
#include "asynchron/module.hpp"
#include "asynchron/errors.hpp"

// Values: how a T is stored, and found again.
#include "asynchron/types.hpp"
#include "asynchron/completing.hpp"
#include "asynchron/plain.hpp"
#include "asynchron/bytes.hpp"
#include "asynchron/taking.hpp"
#include "asynchron/box.hpp"
#include "asynchron/values.hpp"

// One: the side that waits, and the side that delivers.
#include "asynchron/time.hpp"
#include "asynchron/executor.hpp"
#include "asynchron/future_base.hpp"
#include "asynchron/registration.hpp"
#include "asynchron/future.hpp"
#include "asynchron/outcome.hpp"
#include "asynchron/promise_base.hpp"
#include "asynchron/promise.hpp"
#include "asynchron/timer.hpp"

// Functions: those that compute, and those that follow.
#include "asynchron/passing.hpp"
#include "asynchron/job.hpp"
#include "asynchron/computing.hpp"
#include "asynchron/then.hpp"
#include "asynchron/recover.hpp"

// Several together.
#include "asynchron/several.hpp"
#include "asynchron/together.hpp"
#include "asynchron/after.hpp"
#include "asynchron/when_any.hpp"
#include "asynchron/report.hpp"

// Where futures are used: in coroutines, and in plug-ins.
#include "asynchron/coroutine.hpp"
#include "asynchron/plug_in.hpp"

#endif // ASYNCHRON_HPP
