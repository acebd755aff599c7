//go:build go1.20

// A context's cause, which Go has since 1.20.

package asynchron

import (
	"context"
	"errors"
	"io"
	"testing"
)

func TestTheCauseOfAContextIsKept(t *testing.T) {
	a := New()
	defer a.Release()
	ctx, cancel := context.WithCancelCause(context.Background())
	a.CancelWith(ctx)
	cancel(&Error{Code: 9, Domain: "disk", Message: "is\x00full", within: within{wrapped: io.EOF}})
	_, err := a.Wait(patient(t))
	var c *Cancelled
	var e *Error
	if !errors.As(err, &c) || c.Reason != "is\u2400full" || !errors.As(err, &e) || e.Code != 9 {
		t.Fatal(err)
	}
	if !errors.Is(err, context.Canceled) || !errors.Is(err, io.EOF) || errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
}
