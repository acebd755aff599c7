// Failures and cancels as errors of Go.

package asynchron

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"
)

// failed is the error of one that a call ended.
func failed(t *testing.T, deliver func(a *Asynchron) error) error {
	t.Helper()
	a := New()
	defer a.Release()
	if err := deliver(a); err != nil {
		t.Fatal(err)
	}
	v, err := a.Wait(patient(t))
	if err == nil {
		t.Fatal("it has a value:", v)
	}
	return err
}

func TestAFailureHasItsCodeDomainAndMessage(t *testing.T) {
	err := failed(t, func(a *Asynchron) error { return a.Fail(&Error{Code: -7, Domain: "disk", Message: "is full ✓"}) })
	var e *Error
	if !errors.As(err, &e) || e.Code != -7 || e.Domain != "disk" || e.Message != "is full ✓" || err.Error() != e.Message {
		t.Fatal(err)
	}
	same, other := &Error{Code: -7, Domain: "disk"}, &Error{Code: -7}
	if !errors.Is(err, same) || errors.Is(err, other) || errors.Is(err, context.Canceled) {
		t.Fatal("is another one")
	}
	if text := failed(t, func(a *Asynchron) error { return a.Fail(&Error{Code: 5, Domain: "x"}) }).Error(); text == "" {
		t.Fatal("no text")
	}
}

func TestAnErrorOfGoIsWrapped(t *testing.T) {
	err := failed(t, func(a *Asynchron) error { return a.Fail(io.ErrUnexpectedEOF) })
	var e *Error
	if !errors.Is(err, io.ErrUnexpectedEOF) || !errors.As(err, &e) || e.Domain != DomainGo || e.Code != CodeError {
		t.Fatal(err)
	}
	again := failed(t, func(a *Asynchron) error { return a.Fail(err) })
	if !errors.Is(again, io.ErrUnexpectedEOF) || again.Error() != io.ErrUnexpectedEOF.Error() {
		t.Fatal("passed on, it is", again)
	}
}

func TestTheCodeOfAWrappedErrorGoesToC(t *testing.T) {
	inner := &Error{Code: 9, Domain: "disk", Message: "is full"}
	outer := fmt.Errorf("saving: %w", inner)
	err := failed(t, func(a *Asynchron) error { return a.Fail(outer) })
	var e *Error
	if !errors.As(err, &e) || e.Code != 9 || e.Domain != "disk" || e.Message != "saving: is full" {
		t.Fatalf("%#v", e)
	}
	if !errors.Is(err, outer) || !errors.Is(err, &Error{Code: 9, Domain: "disk"}) {
		t.Fatal("it is not the error that was given")
	}
	g := Go(func(*Asynchron) (any, error) { return nil, fmt.Errorf("saving: %w", ErrBroken) })
	defer g.Release()
	if _, err := g.Wait(patient(t)); !errors.As(err, &e) || e.Code != ErrBroken.Code || e.Domain != DomainLibrary {
		t.Fatalf("%#v", err)
	}
	var none *Error
	err = failed(t, func(a *Asynchron) error { return a.Fail(around{none}) })
	if errors.Is(err, io.EOF) || errors.Is(inner, none) {
		t.Fatal("it is what it is not")
	}
	if !errors.As(err, &e) || e.Code != CodeError || e.Domain != DomainGo || e.Message != "around" {
		t.Fatalf("%#v", err)
	}
}

// around wraps an error, and has a text of its own.
type around struct{ inner error }

func (around) Error() string   { return "around" }
func (w around) Unwrap() error { return w.inner }

func TestACancelIsContextCanceledWithItsReason(t *testing.T) {
	err := failed(t, func(a *Asynchron) error { return a.Cancel("not\x00needed") })
	var c *Cancelled
	if !errors.Is(err, context.Canceled) || !errors.As(err, &c) || c.Reason != "not\u2400needed" {
		t.Fatal(err)
	}
	if err.Error() != "cancelled: not\u2400needed" || errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
	if text := failed(t, func(a *Asynchron) error { return a.Cancel("") }).Error(); text != "cancelled" {
		t.Fatal(text)
	}
}

func TestAnExpiryIsDeadlineExceeded(t *testing.T) {
	err := failed(t, func(a *Asynchron) error { return a.ExpireAfter(time.Millisecond) })
	if !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	a := made(NewWith(Options{ExpireAfter: time.Millisecond}))
	defer a.Release()
	if _, err := a.Wait(patient(t)); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
	b := made(NewWith(Options{ExpireAfter: 20 * time.Millisecond}))
	defer b.Release()
	if err := b.NeverExpire(); err != nil {
		t.Skip("the machine was too slow to take it back:", err)
	}
	time.Sleep(40 * time.Millisecond)
	if _, err := b.Poll(); err != ErrPending {
		t.Fatal("expired all the same:", err)
	}
}

func TestTheSecondDeliveryComesTooLate(t *testing.T) {
	a, b := New(), New()
	defer a.Release()
	defer b.Release()
	if a.Set(1) != nil || a.Set(2) != ErrAlready || a.Fail(io.EOF) != ErrAlready || a.Cancel("") != ErrAlready {
		t.Fatal("a second one")
	}
	if a.SetObject("dropped at once") != ErrAlready {
		t.Fatal("a second object")
	}
	if b.Cancel("") != nil || b.Set(1) != ErrCancelled || !errors.Is(b.Set(1), context.Canceled) {
		t.Fatal("after a cancel")
	}
	if text := b.Set(1).Error(); text != "asynchron: cancelled" {
		t.Fatal(text)
	}
}

func TestWhatHasBegunIsNotCancelledAsPending(t *testing.T) {
	a, b := New(), New()
	defer a.Release()
	defer b.Release()
	if a.Start() != nil || a.CancelPending("late") != ErrAlready || a.Set("done") != nil {
		t.Fatal("begun")
	}
	if b.CancelPending("in time") != nil || b.Start() != ErrCancelled {
		t.Fatal("not begun")
	}
}

func TestAFollowerEndsAsItsSource(t *testing.T) {
	source, into := New(), New()
	defer source.Release()
	defer into.Release()
	if err := into.Set(source); err != nil {
		t.Fatal(err)
	}
	if into.Follow(into) != ErrInvalid {
		t.Fatal("follows itself")
	}
	_ = source.Fail(io.EOF)
	if _, err := into.Wait(patient(t)); !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
}
