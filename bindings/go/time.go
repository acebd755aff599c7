// Timers and deadlines.

package asynchron

/*
#include "shim.h"
*/
import "C"

import "time"

// nanoseconds is a duration for C. One that is over is 0.
func nanoseconds(d time.Duration) C.uint64_t {
	if d < 0 {
		d = 0
	}
	return C.uint64_t(d)
}

// Timer makes an Asynchron that is complete, with the empty value, once that time is over. It may be cancelled before.
func Timer(d time.Duration) (*Asynchron, error) {
	c := C.asynchron_timer(nanoseconds(d))
	if c == nil {
		return nil, ErrSystem
	}
	return adopt(c), nil
}

// ExpireAfter has a fail once that time is over, unless it is complete by then: its error is context.DeadlineExceeded
// (errors.Is). A later call replaces the deadline.
func (a *Asynchron) ExpireAfter(d time.Duration) error {
	return a.deliver(func() C.asynchron_status_t { return C.asynchron_expire_after(a.c, nanoseconds(d)) })
}

// NeverExpire takes the deadline back.
func (a *Asynchron) NeverExpire() error {
	return a.deliver(func() C.asynchron_status_t { return C.asynchron_expire_after(a.c, C.ASYNCHRON_FOREVER) })
}
