// Delivering: a value, a failure, a cancel. The first one wins.

package asynchron

/*
#include "shim.h"
*/
import "C"

import (
	"errors"
	"math"
	"unsafe"
)

// deliver makes a call on a, unless the handle is released.
func (a *Asynchron) deliver(call func() C.asynchron_status_t) error {
	if !a.enter() {
		return ErrReleased
	}
	defer a.leave()
	return answer(call())
}

// SetBytes delivers a copy of the bytes. ErrAlready and ErrCancelled: too late.
func (a *Asynchron) SetBytes(b []byte) error {
	if !a.enter() {
		return ErrReleased
	}
	defer a.leave()
	if len(b) == 0 {
		return answer(C.asynchron_set_bytes(a.c, nil, 0))
	}
	// Written so, cgo checks the bytes alone, and not what else may lie in the same object.
	return answer(C.asynchron_set_bytes(a.c, unsafe.Pointer(&b[0]), C.size_t(len(b))))
}

// SetString delivers a copy of the bytes of a string, also of NULs.
func (a *Asynchron) SetString(s string) error {
	return a.SetBytes([]byte(s))
}

// SetUint64 delivers a number, as 8 bytes in the order of this machine: C reads a uint64_t.
func (a *Asynchron) SetUint64(n uint64) error {
	var b [8]byte
	native.PutUint64(b[:], n)
	return a.SetBytes(b[:])
}

// SetInt64 delivers a number: C reads an int64_t.
func (a *Asynchron) SetInt64(n int64) error {
	return a.SetUint64(uint64(n))
}

// SetFloat64 delivers a number: C reads a double.
func (a *Asynchron) SetFloat64(x float64) error {
	return a.SetUint64(math.Float64bits(x))
}

// SetObject delivers a Go value of any type, nil among them, which Value.Object gives back. Another language sees a
// pointer that it can only pass on. The library keeps the value until the last handle goes.
func (a *Asynchron) SetObject(object any) error {
	return a.deliver(func() C.asynchron_status_t {
		box := box(object)
		if box == nil {
			return C.ASYNCHRON_E_NOMEM
		}
		return C.asynchron_go_set_object(a.c, box)
	})
}

// Set delivers whatever it is given: []byte, string, and integers and floats of every size as by SetBytes, SetString,
// SetUint64, SetInt64 and SetFloat64; untyped nil as the empty value; an *Asynchron by Follow; a Value as it was;
// anything else, also types of your own that are numbers, by SetObject.
func (a *Asynchron) Set(v any) error {
	switch v := v.(type) {
	case nil:
		return a.SetBytes(nil)
	case []byte:
		return a.SetBytes(v)
	case string:
		return a.SetString(v)
	case uint64:
		return a.SetUint64(v)
	case uint:
		return a.SetUint64(uint64(v))
	case uint32:
		return a.SetUint64(uint64(v))
	case uint16:
		return a.SetUint64(uint64(v))
	case uint8:
		return a.SetUint64(uint64(v))
	case int64:
		return a.SetInt64(v)
	case int:
		return a.SetInt64(int64(v))
	case int32:
		return a.SetInt64(int64(v))
	case int16:
		return a.SetInt64(int64(v))
	case int8:
		return a.SetInt64(int64(v))
	case float64:
		return a.SetFloat64(v)
	case float32:
		return a.SetFloat64(float64(v))
	case Value:
		if v.held {
			return a.SetObject(v.object)
		}
		if v.c != nil {
			return ErrInvalid // C's pointer, which is not ours to deliver
		}
		return a.SetBytes(v.bytes)
	case *Asynchron:
		return a.Follow(v)
	}
	return a.SetObject(v)
}

// Fail delivers a failure. An *Error goes as it is: with its code, domain and message. Of any other error its message
// goes, with the code and domain of the *Error that it wraps (errors.As), or else with DomainGo and CodeError; and
// whoever waits in this process gets an error that wraps it.
func (a *Asynchron) Fail(err error) error {
	if err == nil {
		return ErrInvalid
	}
	if e, ok := err.(*Error); ok {
		if e == nil {
			return ErrInvalid
		}
		return a.fail(e.Code, e.Domain, e.Message, e.within)
	}
	code, domain := int32(CodeError), DomainGo
	var inner *Error
	if errors.As(err, &inner) && inner != nil {
		code, domain = inner.Code, inner.Domain
	}
	return a.fail(code, domain, err.Error(), within{wrapped: err})
}

func (a *Asynchron) fail(code int32, domain, message string, more within) error {
	return a.deliver(func() C.asynchron_status_t {
		var object unsafe.Pointer
		if more.wrapped != nil || more.stack != nil {
			object = box(more)
			if object == nil {
				return C.ASYNCHRON_E_NOMEM
			}
		}
		return C.asynchron_go_fail(a.c, C.int32_t(code), text(domain), text(message), object)
	})
}

// Cancel cancels, with a reason, which may be empty. All who wait get a *Cancelled.
func (a *Asynchron) Cancel(reason string) error {
	return a.deliver(func() C.asynchron_status_t {
		return C.asynchron_cancel_with(a.c, text(reason))
	})
}

// CancelPending cancels what has not begun; ErrAlready: it has.
func (a *Asynchron) CancelPending(reason string) error {
	return a.deliver(func() C.asynchron_status_t {
		return C.asynchron_cancel_pending(a.c, text(reason))
	})
}

// Start says that the value is being computed: CancelPending comes too late from then on.
func (a *Asynchron) Start() error {
	return a.deliver(func() C.asynchron_status_t { return C.asynchron_start(a.c) })
}

// Follow has a complete as source does: with its value, its failure or its cancel, which they share. Following itself
// is ErrInvalid. A circle of several is not noticed: all of them stay pending, until one is cancelled or its deadline
// comes.
func (a *Asynchron) Follow(source *Asynchron) error {
	if !source.enter() {
		return ErrReleased
	}
	defer source.leave()
	if !a.enter() {
		return ErrReleased
	}
	defer a.leave()
	unlearn := a.family.derive(source.family)
	status := C.asynchron_follow(a.c, source.c)
	if status != C.ASYNCHRON_OK {
		unlearn()
	}
	return answer(status)
}
