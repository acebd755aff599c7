// Many, in the order in which they complete, as a channel.

package asynchron

/*
#include "shim.h"
*/
import "C"

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// An Item is what a report yields.
type Item struct {
	// A is a handle of its own: release it, or leave it to the garbage collector.
	A *Asynchron
	// Tag is what it was added with.
	Tag any
}

// A Report yields asynchrons as they complete. All methods may be called from any goroutine. After Release, on
// nil and on the zero value, they answer ErrReleased.
type Report struct {
	c      *C.asynchron_report_t
	guard  guard
	poller *poller
	ch     chan Item
	quit   chan struct{} // closed by Release
	closed atomic.Bool
	lock   sync.Mutex
	begun  bool
	tags   map[*C.asynchron_t]tagged // of what is in it
}

// A tagged is what the report keeps of one in Go.
type tagged struct {
	tag    any
	family *family
}

// NewReport makes a report of several, each with the tag nil. ErrSystem: the system has no descriptor left.
func NewReport(as ...*Asynchron) (*Report, error) {
	c := C.asynchron_report_create(nil, 0)
	if c == nil {
		return nil, ErrNoMemory
	}
	p, err := newPoller(c)
	if err != nil {
		C.asynchron_report_release(c)
		return nil, err
	}
	r := &Report{
		c:      c,
		poller: p,
		ch:     make(chan Item, batch),
		quit:   make(chan struct{}),
		tags:   make(map[*C.asynchron_t]tagged),
	}
	r.guard.open()
	runtime.SetFinalizer(r, (*Report).Release)
	for _, a := range as {
		if err := r.Add(a, nil); err != nil {
			r.Release()
			return nil, err
		}
	}
	return r, nil
}

// Add adds one, which the report keeps until it has yielded it. ErrAlready: it is in there; ErrClosed: by Close.
func (r *Report) Add(a *Asynchron, tag any) error {
	if !r.enter() {
		return ErrReleased
	}
	defer r.leave()
	if !a.enter() {
		return ErrReleased
	}
	defer a.leave()
	r.lock.Lock()
	defer r.lock.Unlock()
	if _, there := r.tags[a.c]; there {
		return ErrAlready
	}
	status := C.asynchron_report_add(r.c, a.c, nil)
	if status == C.ASYNCHRON_OK {
		r.tags[a.c] = tagged{tag, a.family}
	}
	return answer(status)
}

// Remove takes one out, complete or not. ErrEnd: it is not in there, or no longer.
func (r *Report) Remove(a *Asynchron) error {
	if !r.enter() {
		return ErrReleased
	}
	defer r.leave()
	if !a.enter() {
		return ErrReleased
	}
	defer a.leave()
	r.lock.Lock()
	defer r.lock.Unlock()
	status := C.asynchron_report_remove(r.c, a.c)
	if status == C.ASYNCHRON_OK {
		delete(r.tags, a.c)
	}
	return answer(status)
}

// Len is how many are in it that have not completed, or are not on their way to the channel.
func (r *Report) Len() int {
	if !r.enter() {
		return 0
	}
	defer r.leave()
	return int(C.asynchron_report_pending(r.c))
}

// Close says that nothing more will be added. The channel is closed once all is yielded.
func (r *Report) Close() error {
	if !r.enter() {
		return ErrReleased
	}
	defer r.leave()
	C.asynchron_report_close(r.c)
	r.closed.Store(true)
	// The goroutine may have looked in between: tell it again.
	return answer(C.asynchron_report_rearm(r.c))
}

// Release gives the report up, with what it holds. The channel is closed, after what lies in it.
func (r *Report) Release() {
	if r != nil && r.guard.release() {
		runtime.SetFinalizer(r, nil)
		close(r.quit)
		r.poller.close()
		r.leave()
	}
}

func (r *Report) enter() bool {
	return r != nil && r.guard.enter()
}

func (r *Report) leave() {
	if r.guard.leave() {
		C.asynchron_report_release(r.c)
	}
}
