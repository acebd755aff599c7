// Go functions that compute, and steps.

package asynchron

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"
)

func TestAFunctionComputesInAGoroutine(t *testing.T) {
	a := Go(func(*Asynchron) (any, error) { return "computed", nil })
	defer a.Release()
	if v, err := a.Wait(patient(t)); err != nil || v.String() != "computed" {
		t.Fatal(v, err)
	}
	b := Go(func(*Asynchron) (any, error) { return nil, io.EOF })
	defer b.Release()
	if _, err := b.Wait(patient(t)); !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	c := Go(func(*Asynchron) (any, error) { return nil, fmt.Errorf("gave up: %w", context.Canceled) })
	defer c.Release()
	var cancelled *Cancelled
	if _, err := c.Wait(patient(t)); !errors.As(err, &cancelled) || cancelled.Reason != "gave up: context canceled" {
		t.Fatal(err)
	}
}

func TestAPanicIsAFailureWithItsMessage(t *testing.T) {
	a := Go(func(*Asynchron) (any, error) { panic("at the disco") })
	defer a.Release()
	_, err := a.Wait(patient(t))
	if !errors.Is(err, &Error{Code: CodePanic, Domain: DomainGo}) || err.Error() != "panic: at the disco" {
		t.Fatal(err)
	}
	b := Go(func(*Asynchron) (any, error) { panic(io.ErrClosedPipe) })
	defer b.Release()
	if _, err := b.Wait(patient(t)); !errors.Is(err, io.ErrClosedPipe) {
		t.Fatal(err)
	}
	c := Go(func(*Asynchron) (any, error) { var none []int; return none[3], nil })
	defer c.Release()
	if _, err := c.Wait(patient(t)); err == nil || !strings.Contains(err.Error(), "out of range") {
		t.Fatal(err)
	}
}

// failsBadly is a name to look for in a stack.
func failsBadly() (any, error) { panic("at the disco") }

func TestAPanicHasItsStack(t *testing.T) {
	a := Go(func(*Asynchron) (any, error) { return failsBadly() })
	defer a.Release()
	passed := made(a.Then(func(Value) (any, error) { return nil, nil }))
	defer passed.Release()
	_, err := passed.Wait(patient(t))
	again := New()
	defer again.Release()
	_ = again.Fail(err)
	_, err = again.Wait(patient(t))
	if text := fmt.Sprintf("%+v", err); !strings.HasPrefix(text, "panic: at the disco\n") ||
		!strings.Contains(text, "failsBadly") {
		t.Fatal(text)
	}
	for format, want := range map[string]string{
		"%v": "panic: at the disco", "%s": "panic: at the disco", "%q": `"panic: at the disco"`, "%.5s": "panic",
		"%#v": `&asynchron.Error{Code:2, Domain:"go", Message:"panic: at the disco"}`,
	} {
		if text := fmt.Sprintf(format, err); text != want {
			t.Error(format, "is", text)
		}
	}
	if text := fmt.Sprintf("%+v", &Error{Message: "no panic"}); text != "no panic" {
		t.Error(text)
	}
	var none *Error
	if text := fmt.Sprintf("%v", none); text != "<nil>" {
		t.Error(text)
	}
}

func TestAGoroutineThatExitsIsAFailure(t *testing.T) {
	a := Go(func(*Asynchron) (any, error) { runtime.Goexit(); return nil, nil })
	defer a.Release()
	if _, err := a.Wait(patient(t)); !errors.Is(err, &Error{Code: CodeExit, Domain: DomainGo}) {
		t.Fatal(err)
	}
}

func TestAFunctionLearnsOfACancel(t *testing.T) {
	left := make(chan error)
	begun := make(chan struct{})
	a := Go(func(self *Asynchron) (any, error) {
		ctx, cancel := self.Context(context.Background())
		defer cancel()
		close(begun)
		select {
		case <-ctx.Done():
			left <- ctx.Err()
		case <-time.After(patience):
			left <- nil
		}
		return "too late", nil
	})
	defer a.Release()
	<-begun
	if a.CancelPending("") != ErrAlready {
		t.Fatal("it has begun")
	}
	_ = a.Cancel("enough")
	if err := <-left; err != context.Canceled {
		t.Fatal(err)
	}
}

func TestWhatAFunctionReturnsMayComeLater(t *testing.T) {
	later := New()
	defer later.Release()
	a := Go(func(*Asynchron) (any, error) { return later, nil })
	defer a.Release()
	_ = later.Set("later")
	if v, err := a.Wait(patient(t)); err != nil || v.String() != "later" {
		t.Fatal(v, err)
	}
	gone := New()
	gone.Release()
	b := Go(func(*Asynchron) (any, error) { return gone, nil })
	defer b.Release()
	if _, err := b.Wait(patient(t)); err == nil || errors.Is(err, context.Canceled) {
		t.Fatal("follows what is released:", err)
	}
}

func TestStepsRunOnTheOutcomeTheyAreFor(t *testing.T) {
	for _, complete := range []bool{false, true} {
		value, failing := New(), New()
		deliver := func() { _ = value.Set(21); _ = failing.Fail(io.EOF) }
		if complete {
			deliver()
		}
		double := func(v Value) (any, error) { n, err := v.Int64(); return 2 * n, err }
		mend := func(err error) (any, error) { return "mended " + err.Error(), nil }
		then, passed := made(value.Then(double)), made(failing.Then(double))
		caught, shared := made(failing.Catch(mend)), made(value.Catch(mend))
		finally := made(failing.Finally(func(v Value, err error) (any, error) { return nil, fmt.Errorf("again: %w", err) }))
		broken := made(value.Then(func(Value) (any, error) { panic("in a step") }))
		if !complete {
			deliver()
		}
		if v, err := then.Wait(patient(t)); err != nil || made(v.Int64()) != 42 {
			t.Fatal(v, err)
		}
		if _, err := passed.Wait(patient(t)); !errors.Is(err, io.EOF) {
			t.Fatal(err)
		}
		if v, err := caught.Wait(patient(t)); err != nil || v.String() != "mended EOF" {
			t.Fatal(v, err)
		}
		if v, err := shared.Wait(patient(t)); err != nil || made(v.Int64()) != 21 {
			t.Fatal(v, err)
		}
		if _, err := finally.Wait(patient(t)); !errors.Is(err, io.EOF) || err.Error() != "again: EOF" {
			t.Fatal(err)
		}
		if _, err := broken.Wait(patient(t)); err == nil || err.Error() != "panic: in a step" {
			t.Fatal(err)
		}
		for _, a := range []*Asynchron{value, failing, then, passed, caught, shared, finally, broken} {
			a.Release()
		}
	}
}

func TestAStepThatIsCancelledDoesNotRun(t *testing.T) {
	a := New()
	defer a.Release()
	ran := make(chan bool, 1)
	step := made(a.Then(func(Value) (any, error) { ran <- true; return nil, nil }))
	_ = step.Cancel("")
	step.Release()
	_ = a.Set(1)
	select {
	case <-ran:
		t.Fatal("it ran")
	case <-time.After(50 * time.Millisecond):
	}
}
