// Go functions that compute a value, each in a goroutine of its own.

package asynchron

import (
	"fmt"
	"runtime/debug"
)

// Go runs fn in a goroutine, and returns what it will have computed: what fn returns goes as by Set, its error as by
// Fail, and as a cancel if it is a *Cancelled or context.Canceled. If fn panics, that is a failure with DomainGo,
// CodePanic and the panic's message, whose stack %+v prints; if it calls runtime.Goexit, one with CodeExit.
//
// Inside, self is that asynchron, valid until fn returns: self.Context or self.Done tell of a cancel. Nothing
// interrupts fn. It may deliver into self itself; then what it returns comes too late. Without memory, Go returns nil,
// and fn does not run. If fn is nil, that is a failure with ErrInvalid.
func Go(fn func(self *Asynchron) (any, error)) *Asynchron {
	a := New()
	if a == nil {
		return nil
	}
	if fn == nil {
		if a.Fail(ErrInvalid) != nil { // there is no memory
			a.Release()
			return nil
		}
		return a
	}
	self := a.Clone()
	go self.compute(func() (any, error) { return fn(self) })
	return a
}

// compute runs fn unless it is too late, delivers into self, and releases it.
func (self *Asynchron) compute(fn func() (any, error)) {
	defer self.Release()
	if self.Start() == nil {
		self.finish(fn)
	}
}

// finish delivers what fn returns, or how else it ended. What comes too late is dropped.
func (self *Asynchron) finish(fn func() (any, error)) {
	returned := false
	defer func() {
		if returned {
			return
		}
		if why := recover(); why != nil {
			wrapped, _ := why.(error)
			message := fmt.Sprint("panic: ", why)
			if self.fail(CodePanic, DomainGo, message, within{wrapped, debug.Stack()}) == ErrNoMemory {
				_ = self.fail(CodePanic, DomainGo, message, within{}) // which needs less
			}
		} else {
			_ = self.fail(CodeExit, DomainGo, "the goroutine ended before the function returned", within{})
		}
	}()
	v, err := fn()
	returned = true
	_ = self.conclude(v, err)
}

// conclude delivers a result as functions return it. Nobody else delivers it: so if that is refused, self fails with
// why.
func (self *Asynchron) conclude(v any, err error) error {
	var refused error
	if err == nil {
		refused = self.Set(v)
	} else if c, cancelled := cancelOf(err); cancelled && c.origin != nil {
		refused = self.cancelFrom(c.origin)
	} else if cancelled {
		refused = self.Cancel(c.Reason)
	} else {
		refused = self.Fail(err)
	}
	switch refused {
	case nil, ErrAlready, ErrCancelled:
		return refused
	}
	return self.fail(CodeError, DomainGo, refused.Error(), within{})
}
