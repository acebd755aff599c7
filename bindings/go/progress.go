// How far the work is.

package asynchron

/*
#include "shim.h"
*/
import "C"

// SetProgress says how far the work is, in units of your own; a total of 0 means that it is not known. It wakes nobody.
func (a *Asynchron) SetProgress(done, total uint64) error {
	return a.deliver(func() C.asynchron_status_t {
		return C.asynchron_progress(a.c, C.uint64_t(done), C.uint64_t(total))
	})
}

// Progress is what the last SetProgress said: both numbers of the same one. It is false if there was none.
func (a *Asynchron) Progress() (done, total uint64, ok bool) {
	if !a.enter() {
		return 0, 0, false
	}
	defer a.leave()
	var d, t C.uint64_t
	ok = C.asynchron_progress_of(a.c, &d, &t) == C.ASYNCHRON_OK
	return uint64(d), uint64(t), ok
}
