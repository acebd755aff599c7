// The type Asynchron: a handle of the C library, and how long it is valid.

package asynchron

/*
#cgo pkg-config: asynchron
#cgo CFLAGS: -std=c99 -D_POSIX_C_SOURCE=200809L -Wall
#include "shim.h"
*/
import "C"

import (
	"runtime"
	"sync/atomic"
	"time"
	"unsafe"
)

// An Asynchron is a value that arrives later. Anyone delivers it, once: a value, a failure or a cancel. Any number of
// goroutines, and threads of C, wait for it.
//
// All methods may be called from any goroutine, also while another one calls Release. After Release, on nil and on
// the zero value, they answer ErrReleased, or what they answer for one that is pending.
type Asynchron struct {
	c      *C.asynchron_t
	guard  guard
	family *family
	done   atomic.Pointer[ending] // what Done gave; stored under the table's lock
}

// Options are what NewWith takes. The zero value is what New makes.
type Options struct {
	// Name is for people and logs. Empty: the library makes one when it is asked for.
	Name string
	// Reserve is the room for a value of so many bytes, which then need no memory when they are delivered. At most 64
	// MiB.
	Reserve int
	// ExpireAfter is a deadline as of ExpireAfter. 0: none.
	ExpireAfter time.Duration
}

// New makes a pending Asynchron. Without memory it returns nil, on which every method answers ErrReleased.
//
// Call Release when you need the handle no longer. If you do not, that is done when the garbage collector finds it;
// never, if its own value refers to it.
func New() *Asynchron {
	return adopt(C.asynchron_create(nil))
}

// NewWith makes a pending Asynchron with a name, with room for its value, or with a deadline.
func NewWith(o Options) (*Asynchron, error) {
	if o.Reserve < 0 || o.ExpireAfter < 0 {
		return nil, ErrInvalid
	}
	var name *C.char
	if o.Name != "" {
		name = text(o.Name)
	}
	var status C.asynchron_status_t
	c := C.asynchron_go_create(name, C.size_t(o.Reserve), C.uint64_t(o.ExpireAfter), &status)
	if status != C.ASYNCHRON_OK {
		return nil, Status(status)
	}
	return adopt(c), nil
}

// adopt makes a handle of a reference, which is the handle's from then on.
func adopt(c *C.asynchron_t) *Asynchron {
	return adoptInto(c, new(family))
}

// adoptInto is adopt for one of which there are handles.
func adoptInto(c *C.asynchron_t, f *family) *Asynchron {
	if c == nil {
		return nil
	}
	a := lent(c, f)
	runtime.SetFinalizer(a, (*Asynchron).Release)
	return a
}

// lent makes a handle that is never released, of a reference of somebody else's.
func lent(c *C.asynchron_t, f *family) *Asynchron {
	a := &Asynchron{c: c, family: f}
	a.guard.open()
	return a
}

// Release gives up the handle. It never blocks, and a second one does nothing. It does not cancel: a Wait that is under
// way goes on. What Done gave is closed.
func (a *Asynchron) Release() {
	if a != nil && a.guard.release() {
		runtime.SetFinalizer(a, nil)
		if a.done.Load() != nil {
			a.detach()
		}
		a.leave()
	}
}

// enter says whether the handle is valid, and keeps it so until leave.
func (a *Asynchron) enter() bool {
	return a != nil && a.guard.enter()
}

func (a *Asynchron) leave() {
	if a.guard.leave() {
		C.asynchron_release(a.c)
	}
}

// Clone makes another handle of the same asynchron, which is released by itself. It is nil if a is released.
func (a *Asynchron) Clone() *Asynchron {
	if !a.enter() {
		return nil
	}
	defer a.leave()
	return adoptInto(C.asynchron_retain(a.c), a.family)
}

// Same says whether two handles are of one asynchron.
func (a *Asynchron) Same(b *Asynchron) bool {
	return a.Pointer() != nil && a.Pointer() == b.Pointer()
}

// Name is the name that it was given, or one that was made when first asked for.
func (a *Asynchron) Name() string {
	if !a.enter() {
		return ""
	}
	defer a.leave()
	return C.GoString(C.asynchron_name(a.c))
}

// Pointer is the asynchron_t pointer, for a package that uses the C library itself. It is borrowed: valid until
// Release, so keep a alive (runtime.KeepAlive) until C is through with it. It is nil if a is released.
func (a *Asynchron) Pointer() unsafe.Pointer {
	if a == nil || a.guard.released.Load() {
		return nil
	}
	return unsafe.Pointer(a.c)
}

// FromPointer makes a handle of an asynchron_t pointer from C, and takes over the caller's reference. It is nil for
// nil.
func FromPointer(p unsafe.Pointer) *Asynchron {
	return adopt((*C.asynchron_t)(p))
}
