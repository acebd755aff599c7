// Package refuse has C's malloc refuse, on one thread, for tests.
package refuse

/*
#cgo CFLAGS: -std=gnu99 -Wall
#include "refuse.h"
*/
import "C"

import "runtime"

// After runs call while this thread gets so many allocations of C and then none, and says how many were refused.
// It is false where the C library's malloc cannot be replaced.
func After(granted int, call func()) (refused int, ok bool) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if C.asynchron_refuse_after(C.long(granted)) == 0 {
		return 0, false
	}
	defer func() { refused = int(C.asynchron_refuse_end()) }()
	call()
	return 0, true
}
