// Waiting, for a value, or for the completion alone.

package asynchron

/*
#include "shim.h"
*/
import "C"

import "context"

// Wait waits until it is complete, and returns its value, or why there is none: an *Error or a *Cancelled. If ctx ends
// first, that is ctx.Err(), and the asynchron goes on: CancelWith has it end, too. A nil ctx is ErrInvalid.
//
// No thread waits: any number of open waits takes one goroutine each, and one for all of them.
func (a *Asynchron) Wait(ctx context.Context) (Value, error) {
	if ctx == nil {
		return Value{}, ErrInvalid
	}
	if !a.enter() {
		return Value{}, ErrReleased
	}
	defer a.leave()
	o := C.asynchron_go_outcome(a.c)
	if o.status == C.ASYNCHRON_PENDING {
		if o.on_demand != 0 {
			a.demand()
		}
		w, err := join(a.c, nil)
		if err != nil {
			return Value{}, err
		}
		select {
		case <-w.done:
		case <-ctx.Done():
			w.leave()
		}
		o = C.asynchron_go_outcome(a.c)
		if o.status == C.ASYNCHRON_PENDING {
			return Value{}, ctx.Err()
		}
	}
	return a.result(&o)
}

// Poll is as Wait, and does not wait: ErrPending, if it is not complete.
func (a *Asynchron) Poll() (Value, error) {
	if !a.enter() {
		return Value{}, ErrReleased
	}
	defer a.leave()
	o := C.asynchron_go_outcome(a.c)
	return a.result(&o)
}

// result is a complete outcome as Go has it.
func (a *Asynchron) result(o *C.asynchron_go_outcome_t) (Value, error) {
	switch o.status {
	case C.ASYNCHRON_OK:
		return valueOf(o), nil
	case C.ASYNCHRON_FAILED, C.ASYNCHRON_CANCELLED:
		return Value{}, a.failure(o)
	}
	return Value{}, Status(o.status)
}

// demand has a function of C that computes the value on demand run on a thread of its own. Nothing else starts it.
func (a *Asynchron) demand() {
	c := C.asynchron_retain(a.c)
	go func() {
		C.asynchron_wait(c, C.ASYNCHRON_FOREVER)
		C.asynchron_release(c)
	}()
}

// whenComplete has call run in a goroutine of its own once a, whose handle is valid, is complete.
func (a *Asynchron) whenComplete(call func()) error {
	if C.asynchron_poll(a.c) != C.ASYNCHRON_PENDING {
		go call()
		return nil
	}
	_, err := join(a.c, call)
	return err
}

// until runs wait with a channel that is closed when a is complete, leaves nothing of that behind, and releases a.
func (a *Asynchron) until(wait func(done <-chan struct{})) {
	defer a.Release()
	if C.asynchron_poll(a.c) != C.ASYNCHRON_PENDING {
		wait(ended)
	} else if w, err := join(a.c, nil); err == nil {
		wait(w.done)
		w.leave()
	} else {
		wait(a.Done())
	}
}
