// Without memory every call of the Go module says so, changes nothing and keeps nothing.

package refuse_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"asynchron"
	"asynchron/internal/refuse"
)

// A call makes what it needs while there is memory, and returns what is to be tried, and what must hold if it was
// refused.
type call struct {
	name string
	make func() (try func() error, still func() bool)
}

func pending(a *asynchron.Asynchron) func() bool {
	return func() bool { _, err := a.Poll(); return err == asynchron.ErrPending && a.Set("x") == nil }
}

func of(name string, try func(a *asynchron.Asynchron) error) call {
	return call{name, func() (func() error, func() bool) {
		a := asynchron.New()
		return func() error { return try(a) }, pending(a)
	}}
}

func making[T comparable](name string, make func() (T, error)) call {
	return call{name, func() (func() error, func() bool) {
		return func() error {
			made, err := make()
			var nothing T
			if (err == nil) == (made == nothing) {
				return errors.New("both or neither")
			}
			return err
		}, func() bool { return true }
	}}
}

func orNone(a *asynchron.Asynchron) (*asynchron.Asynchron, error) {
	if a == nil {
		return nil, asynchron.ErrNoMemory
	}
	return a, nil
}

func calls() []call {
	long := strings.Repeat("long ", 20)
	options := asynchron.Options{Name: "name", Reserve: 100, ExpireAfter: time.Hour}
	a, b := asynchron.New(), asynchron.New()
	full := func(a *asynchron.Asynchron) error { return a.Fail(&asynchron.Error{Domain: "d", Message: long}) }
	step := func(asynchron.Value) (any, error) { return nil, nil }
	return []call{
		making("New", func() (*asynchron.Asynchron, error) { return orNone(asynchron.New()) }),
		making("NewWith", func() (*asynchron.Asynchron, error) { return asynchron.NewWith(options) }),
		making("Timer", func() (*asynchron.Asynchron, error) { return asynchron.Timer(time.Hour) }),
		making("All", func() (*asynchron.Asynchron, error) { return asynchron.All(0, a, b) }),
		making("Any", func() (*asynchron.Asynchron, error) { return asynchron.Any(0, a, b) }),
		making("Race", func() (*asynchron.Asynchron, error) { return asynchron.Race(0, a, b) }),
		making("Then", func() (*asynchron.Asynchron, error) { return a.Then(step) }),
		making("Go", func() (*asynchron.Asynchron, error) {
			return orNone(asynchron.Go(func(*asynchron.Asynchron) (any, error) { return nil, nil }))
		}),
		{"Promise", func() (func() error, func() bool) {
			a := asynchron.New() // only the first promise of one needs memory
			return func() error { _, err := a.Promise(); return err }, pending(a)
		}},
		making("NewReport", func() (*asynchron.Report, error) { return asynchron.NewReport(a, b) }),
		of("SetString", func(a *asynchron.Asynchron) error { return a.SetString(long) }),
		of("SetObject", func(a *asynchron.Asynchron) error { return a.SetObject(&long) }),
		of("Fail with an *Error", full),
		of("Fail with an error of Go", func(a *asynchron.Asynchron) error { return a.Fail(io.EOF) }),
		of("Cancel", func(a *asynchron.Asynchron) error { return a.Cancel(long) }),
		of("Follow", func(a *asynchron.Asynchron) error { return a.Follow(b) }),
		of("ExpireAfter", func(a *asynchron.Asynchron) error { return a.ExpireAfter(time.Hour) }),
		of("Wait", func(a *asynchron.Asynchron) error {
			ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
			defer cancel()
			if _, err := a.Wait(ctx); !errors.Is(err, context.DeadlineExceeded) {
				return err
			}
			return nil
		}),
	}
}

// This is the first test, so that the report of the process cannot be made at first. Later ones fill what it has
// allocated.
func TestWithoutMemoryDoneStillEnds(t *testing.T) {
	var as []*asynchron.Asynchron
	var dones []<-chan struct{}
	for _, what := range []string{"the report", "an entry"} {
		for times := 0; times < 2 && len(as) < 5000; {
			a := asynchron.New()
			refused, ok := refuse.After(0, func() { dones = append(dones, a.Done()) })
			if !ok {
				t.Skip("this C library is not known")
			}
			if refused > 0 {
				times++
			}
			as = append(as, a)
		}
		t.Logf("%s was refused after %d", what, len(as))
		a := asynchron.New()
		as, dones = append(as, a), append(dones, a.Done())
	}
	time.Sleep(time.Millisecond)
	for i, a := range as {
		select {
		case <-dones[i]:
			t.Fatal("too early")
		default:
		}
		_ = a.Set(nil)
		a.Release()
	}
	for _, done := range dones {
		select {
		case <-done:
		case <-time.After(30 * time.Second):
			t.Fatal("never")
		}
	}
}

func TestWithoutMemoryEveryCallSaysSo(t *testing.T) {
	for _, c := range calls() {
		for granted := 0; ; granted++ {
			try, still := c.make()
			var err error
			refused, ok := refuse.After(granted, func() { err = try() })
			if !ok {
				t.Skip("this C library is not known")
			}
			if refused == 0 {
				if err != nil {
					t.Errorf("%s: %v, with memory", c.name, err)
				}
				if granted == 0 {
					t.Logf("%s needs none", c.name)
				}
				break
			}
			if err == nil {
				continue // it could do without
			}
			// A timer that cannot be made is one answer for memory and threads.
			if err != asynchron.ErrNoMemory && err != asynchron.ErrSystem {
				t.Errorf("%s, refused %d after %d: %v", c.name, refused, granted, err)
			}
			if !still() {
				t.Errorf("%s, refused after %d, has changed something", c.name, granted)
			}
			if granted > 100 {
				t.Fatalf("%s is never satisfied", c.name)
			}
		}
	}
}
