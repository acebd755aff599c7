// What a call refuses, what an asynchron failed with, and how Go's own errors become one and come back.

package asynchron

/*
#include "shim.h"
*/
import "C"

import (
	"context"
	"errors"
	"fmt"
)

// A Status is an answer of the C library other than "done", as an error.
type Status int32

// The answers. Compare with errors.Is.
const (
	// ErrCancelled: too late, it was cancelled. It is context.Canceled, too.
	ErrCancelled Status = C.ASYNCHRON_CANCELLED
	// ErrPending: it is not complete.
	ErrPending Status = C.ASYNCHRON_PENDING
	// ErrAlready: too late, it is delivered, or has begun.
	ErrAlready Status = C.ASYNCHRON_ALREADY
	// ErrEnd: it is not, or no longer, in the report.
	ErrEnd Status = C.ASYNCHRON_END
	// ErrInvalid: an argument that makes no sense.
	ErrInvalid Status = C.ASYNCHRON_E_INVALID
	// ErrNoMemory: the C library has no memory.
	ErrNoMemory Status = C.ASYNCHRON_E_NOMEM
	// ErrSystem: the system refuses a thread or a descriptor.
	ErrSystem Status = C.ASYNCHRON_E_SYSTEM
	// ErrClosed: the report was closed.
	ErrClosed Status = C.ASYNCHRON_E_CLOSED
	// ErrReleased: the handle was released, or is nil.
	ErrReleased Status = -1000
)

// Error is the status in words.
func (s Status) Error() string {
	if s == ErrReleased {
		return "asynchron: the handle was released"
	}
	return "asynchron: " + C.GoString(C.asynchron_status_string(C.int32_t(s)))
}

// Is makes ErrCancelled a context.Canceled.
func (s Status) Is(target error) bool {
	return s == ErrCancelled && target == context.Canceled
}

// answer is nil for "done".
func answer(status C.asynchron_status_t) error {
	if status == C.ASYNCHRON_OK {
		return nil
	}
	return Status(status)
}

// Whose code it is: the library's, or that of a Go function.
const (
	// DomainLibrary: Code is one of the library's statuses.
	DomainLibrary = "asynchron"
	// DomainGo: Go code failed it. Code is CodeError, CodePanic or CodeExit.
	DomainGo = "go"
)

// The codes in DomainGo.
const (
	// CodeError: an error that was returned, or given to Fail.
	CodeError = 1
	// CodePanic: a panic.
	CodePanic = 2
	// CodeExit: the goroutine ended by runtime.Goexit.
	CodeExit = 3
)

// An Error is what an asynchron failed with.
//
// It is context.DeadlineExceeded (errors.Is) if its deadline came, ErrBroken if nobody was left to deliver, and an
// *Error of the same Domain and Code. If it was made of an error of Go in this process, it wraps that. If it was made
// of a panic in this process, %+v prints the stack, too.
type Error struct {
	Code    int32
	Domain  string
	Message string
	within
}

// A within is what an *Error has in this process alone.
type within struct {
	wrapped error
	stack   []byte // of the panic
}

// ErrBroken is what an asynchron fails with when its last promise is released.
var ErrBroken = &Error{Code: C.ASYNCHRON_E_BROKEN, Domain: DomainLibrary, Message: "nobody was left to deliver"}

// Error is the message, or the domain and the code if there is none.
func (e *Error) Error() string {
	if e == nil {
		return "<nil>"
	}
	if e.Message != "" {
		return e.Message
	}
	if e.Domain == "" {
		return fmt.Sprintf("failed with code %d", e.Code)
	}
	return fmt.Sprintf("failed with code %d of %s", e.Code, e.Domain)
}

// Format prints Error, for package fmt, and for %+v the stack of the panic after it, if there was one.
func (e *Error) Format(f fmt.State, verb rune) {
	text := e.Error()
	if verb == 'v' && f.Flag('+') && e != nil && e.stack != nil {
		text += "\n\n" + string(e.stack)
	}
	switch {
	case verb == 'v' && f.Flag('#') && e != nil:
		fmt.Fprintf(f, "&asynchron.Error{Code:%d, Domain:%q, Message:%q}", e.Code, e.Domain, e.Message)
	case verb == 'v':
		fmt.Fprintf(f, "%"+options(f, "-")+"s", text)
	default:
		fmt.Fprintf(f, "%"+options(f, "+-# 0")+string(verb), text)
	}
}

// Unwrap is the error of Go that it was made of, or nil.
func (e *Error) Unwrap() error {
	if e == nil {
		return nil
	}
	return e.wrapped
}

// Is compares domain and code, and knows an expiry as context.DeadlineExceeded.
func (e *Error) Is(target error) bool {
	if e == nil {
		return false
	}
	if target == context.DeadlineExceeded {
		return e.Domain == DomainLibrary && e.Code == C.ASYNCHRON_TIMEOUT
	}
	other, ok := target.(*Error)
	return ok && other != nil && other.Domain == e.Domain && other.Code == e.Code
}

// A Cancelled is what a wait returns for an asynchron that was cancelled. It is ErrCancelled (errors.Is), and
// context.Canceled. If a context cancelled it in this process, it is in place of that what the context's Err and
// context.Cause said: so context.DeadlineExceeded, if the context had a deadline that came.
type Cancelled struct {
	Reason string
	origin *origin
}

// Error is "cancelled", and the reason if there is one.
func (c *Cancelled) Error() string {
	if c == nil {
		return "<nil>"
	}
	if c.Reason == "" {
		return "cancelled"
	}
	return "cancelled: " + c.Reason
}

// Is makes it an ErrCancelled, and a context.Canceled or what the context had.
func (c *Cancelled) Is(target error) bool {
	if c == nil {
		return false
	}
	if target == error(ErrCancelled) {
		return true
	}
	if c.origin == nil {
		return target == context.Canceled
	}
	return errors.Is(c.origin.err, target)
}

// Unwrap is context.Cause of the context that cancelled it in this process, or nil.
func (c *Cancelled) Unwrap() error {
	if c == nil || c.origin == nil {
		return nil
	}
	return c.origin.cause
}

// failure is an outcome that is no value, as an error.
func (a *Asynchron) failure(o *C.asynchron_go_outcome_t) error {
	message := C.GoString(o.message)
	if o.status == C.ASYNCHRON_CANCELLED {
		return &Cancelled{Reason: message, origin: a.family.find(message)}
	}
	e := &Error{Code: int32(o.code), Domain: C.GoString(o.domain), Message: message}
	if object, ok := objectAt(o.payload); ok {
		e.within, _ = object.(within)
	}
	return e
}

// cancelOf says whether an error that a function returned is a cancel, and for which reason.
func cancelOf(err error) (*Cancelled, bool) {
	var cancelled *Cancelled
	if errors.As(err, &cancelled) && cancelled != nil {
		return cancelled, true
	}
	return &Cancelled{Reason: err.Error()}, errors.Is(err, context.Canceled)
}
