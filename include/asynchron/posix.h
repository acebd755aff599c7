/* asynchron/posix.h: says it clearly when the system's headers hide what the producers' headers need of POSIX, as with
 * -std=c99 and nothing else. Nothing here is for a user.
 */
#ifndef ASYNCHRON_POSIX_H
#define ASYNCHRON_POSIX_H

#include <signal.h>
#include <time.h>

#if !defined(SIG_BLOCK) || !defined(SIG_SETMASK) || !defined(CLOCK_MONOTONIC)
#error "asynchron's producers need POSIX: define _POSIX_C_SOURCE as 200809L before the first #include, or by -D"
#endif

#endif /* ASYNCHRON_POSIX_H */
