// A cancel by a context is what the context says.

package asynchron

import (
	"context"
	"errors"
	"testing"
	"time"
)

// overdue is a context whose deadline came.
func overdue(t *testing.T) context.Context {
	ctx, cancel := context.WithDeadline(context.Background(), time.Now())
	t.Cleanup(cancel)
	<-ctx.Done()
	return ctx
}

// isDeadline fails the test if an asynchron is not cancelled by a context's deadline.
func isDeadline(t *testing.T, what string, a *Asynchron) {
	t.Helper()
	_, err := a.Wait(patient(t))
	var c *Cancelled
	if !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) || !errors.Is(err, ErrCancelled) ||
		!errors.As(err, &c) || c.Reason != "context deadline exceeded" {
		t.Errorf("%s: %#v", what, err)
	}
}

func TestACancelByADeadlineIsDeadlineExceeded(t *testing.T) {
	a := New()
	defer a.Release()
	b, p := a.Clone(), made(a.Promise())
	defer b.Release()
	defer p.Release()
	r := made(NewReport(a))
	defer r.Release()
	b.CancelWith(overdue(t))
	isDeadline(t, "another handle", a)
	isDeadline(t, "the handle", b)
	if _, err := p.Poll(); !errors.Is(err, context.DeadlineExceeded) {
		t.Error("a promise:", err)
	}
	item, _ := next(t, r)
	isDeadline(t, "an item of a report", item.A)
}

func TestACancelByADeadlineIsPassedOnAsSuch(t *testing.T) {
	a, before, after, between := New(), New(), New(), New()
	if before.Follow(between) != nil || between.Follow(a) != nil {
		t.Fatal("refused")
	}
	race := made(Race(0, a, New()))
	caught := make(chan error, 1)
	step := made(a.Catch(func(err error) (any, error) { caught <- err; return nil, err }))
	passed := made(a.Then(func(Value) (any, error) { return nil, nil }))
	a.CancelWith(overdue(t))
	isDeadline(t, "itself", a)
	_ = after.Follow(a)
	if err := <-caught; !errors.Is(err, context.DeadlineExceeded) {
		t.Error("in a step:", err)
	}
	for what, a := range map[string]*Asynchron{
		"followed before": before, "followed after": after, "a race": race, "returned by a step": step,
		"passed on by a step": passed,
	} {
		isDeadline(t, what, a)
		a.Release()
	}
	between.Release()
	a.Release()
}

func TestAContextThatIsCancelledIsContextCanceled(t *testing.T) {
	a := New()
	defer a.Release()
	ctx, cancel := context.WithCancel(context.Background())
	a.CancelWith(ctx)
	cancel()
	if _, err := a.Wait(patient(t)); !errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
}

func TestAContextThatComesTooLateIsNotTheCause(t *testing.T) {
	a := New()
	defer a.Release()
	_ = a.Cancel("first")
	if err := a.cancelFrom(originOf(overdue(t))); err == nil {
		t.Fatal("it was not too late")
	}
	if _, err := a.Wait(patient(t)); !errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
	b := New()
	defer b.Release()
	for i := 0; i < 100; i++ {
		if b.Follow(b) == nil {
			t.Fatal("follows itself")
		}
	}
	if k := b.family.kin(); len(k.sources) != 0 || len(a.family.kin().origins) != 0 {
		t.Fatal("what was refused is kept")
	}
}

func TestACircleStaysPendingUntilOneIsCancelledOrExpires(t *testing.T) {
	a, b := New(), New()
	defer a.Release()
	defer b.Release()
	if a.Follow(b) != nil || b.Follow(a) != nil {
		t.Fatal("refused")
	}
	if _, err := a.Poll(); err != ErrPending {
		t.Fatal("it ended by itself:", err)
	}
	a.CancelWith(overdue(t))
	isDeadline(t, "the one that was cancelled", a)
	isDeadline(t, "the other one", b)
	if a.family.find("another reason") != nil {
		t.Fatal("found")
	}
	c, d := New(), New()
	defer c.Release()
	defer d.Release()
	if c.Follow(d) != nil || d.Follow(c) != nil || c.ExpireAfter(time.Millisecond) != nil {
		t.Fatal("refused")
	}
	if _, err := d.Wait(patient(t)); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
}
