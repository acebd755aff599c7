// The producers' share in an asynchron.

package asynchron

/*
#include "shim.h"
*/
import "C"

import (
	"runtime"
	"sync"
)

// A Promise is for a goroutine that is to deliver. If the last promise of an asynchron is released, or found by the
// garbage collector, before anyone delivered, the asynchron fails with ErrBroken, and nobody waits for ever.
//
// After Release, on nil and on the zero value, its methods answer ErrReleased.
type Promise struct {
	c     *C.asynchron_promise_t
	lent  *Asynchron // as long as the promise is valid
	guard guard
	lock  sync.Mutex
	gone  bool       // whether Release came
	done  *Asynchron // what Done gives the channel of: a shadow, which is released with the promise
}

// Promise makes one more promise of a.
func (a *Asynchron) Promise() (*Promise, error) {
	return a.promise(0)
}

// PromiseUntilUnwanted makes one more promise of a. From then on a is cancelled, with the reason "unwanted", as soon as
// nobody but producers has a handle of it, and nobody waits for it. Promise.Done tells of that.
func (a *Asynchron) PromiseUntilUnwanted() (*Promise, error) {
	return a.promise(C.ASYNCHRON_PROMISE_CANCEL_UNWANTED)
}

func (a *Asynchron) promise(flags C.uint64_t) (*Promise, error) {
	if !a.enter() {
		return nil, ErrReleased
	}
	defer a.leave()
	c := C.asynchron_promise_create(a.c, flags)
	if c == nil {
		return nil, ErrNoMemory
	}
	return promised(c, a.family), nil
}

func promised(c *C.asynchron_promise_t, f *family) *Promise {
	p := &Promise{c: c, lent: lent(C.asynchron_promise_asynchron(c), f)}
	p.guard.open()
	runtime.SetFinalizer(p, (*Promise).Release)
	return p
}

// Clone makes another promise of the same asynchron, for a second producer. It is nil if p is released.
func (p *Promise) Clone() *Promise {
	if !p.enter() {
		return nil
	}
	defer p.leave()
	return promised(C.asynchron_promise_retain(p.c), p.lent.family)
}

// Release gives the promise up. Deliver before.
func (p *Promise) Release() {
	if p != nil && p.guard.release() {
		runtime.SetFinalizer(p, nil)
		p.lock.Lock()
		p.gone = true
		shadow := p.done
		p.lock.Unlock()
		shadow.Release()
		p.leave()
	}
}

func (p *Promise) enter() bool {
	return p != nil && p.guard.enter()
}

func (p *Promise) leave() {
	if p.guard.leave() {
		C.asynchron_promise_release(p.c)
	}
}

// with makes a call on the asynchron, unless the promise is released.
func (p *Promise) with(call func(a *Asynchron) error) error {
	if !p.enter() {
		return ErrReleased
	}
	defer p.leave()
	return call(p.lent)
}

// Set delivers as Asynchron.Set.
func (p *Promise) Set(v any) error {
	return p.with(func(a *Asynchron) error { return a.Set(v) })
}

// Fail delivers as Asynchron.Fail.
func (p *Promise) Fail(err error) error {
	return p.with(func(a *Asynchron) error { return a.Fail(err) })
}

// Cancel cancels as Asynchron.Cancel.
func (p *Promise) Cancel(reason string) error {
	return p.with(func(a *Asynchron) error { return a.Cancel(reason) })
}

// Start says that the work has begun, as Asynchron.Start.
func (p *Promise) Start() error {
	return p.with((*Asynchron).Start)
}

// Poll is as Asynchron.Poll.
func (p *Promise) Poll() (Value, error) {
	if !p.enter() {
		return Value{}, ErrReleased
	}
	defer p.leave()
	return p.lent.Poll()
}

// Done is a channel that is closed once the asynchron is complete, as by a cancel. Unlike Asynchron.Done it is no
// interest in the value. It is closed, too, when the promise is released, also by the garbage collector, or if there is
// no memory: then the work is not to go on.
func (p *Promise) Done() <-chan struct{} {
	if !p.enter() {
		return ended
	}
	defer p.leave()
	p.lock.Lock()
	defer p.lock.Unlock()
	if p.done == nil && !p.gone {
		p.done = adopt(C.asynchron_go_shadow(p.lent.c))
	}
	return p.done.Done()
}
