// Handles: who gives up what, and what memory does.

package asynchron

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"
	"testing"
	"time"

	"asynchron/internal/ctest"
)

func TestWhatNobodyReleasesTheCollectorDoes(t *testing.T) {
	before := kept()
	for i := 0; i < 1000; i++ {
		a := New()
		_ = a.SetObject(i)
		r := made(NewReport())
		_ = r.Add(New(), nil)
	}
	eventually(t, "all are freed", func() bool { runtime.GC(); return kept() <= before })
	descriptors := func() int { return len(made(os.ReadDir("/proc/self/fd"))) }
	if runtime.GOOS == "linux" {
		eventually(t, "and their descriptors", func() bool { runtime.GC(); return descriptors() < 100 })
	}
}

func TestDropsOnThreadsOfTheLibraryReachGo(t *testing.T) {
	before := kept()
	for i := 0; i < 500; i++ {
		a := New()
		_ = a.SetObject(i)
		if !ctest.ReleaseThere(a.Pointer()) {
			t.Fatal("not queued")
		}
		a.Release()
	}
	eventually(t, "all are dropped", func() bool { return kept() <= before })
}

func TestWhatComesTooLateIsDropped(t *testing.T) {
	before := kept()
	a := New()
	_ = a.Set("first")
	_ = a.SetObject("second")
	_ = a.Fail(os.ErrClosed)
	if kept() != before {
		t.Fatal("kept")
	}
	a.Release()
}

func TestReleaseMayRaceWithAnything(t *testing.T) {
	for i := 0; i < 1000; i++ {
		a := New()
		var all sync.WaitGroup
		start := make(chan struct{})
		calls := []func(){
			func() { _ = a.Set(i) },
			func() { _ = a.Name() },
			func() { a.Release() },
			func() { a.Release() },
			func() { a.Clone().Release() },
			func() { a.Done() },
			func() {
				ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
				defer cancel()
				_, _ = a.Wait(ctx)
			},
		}
		for _, call := range calls {
			call := call
			all.Add(1)
			go func() { defer all.Done(); <-start; call() }()
		}
		close(start)
		all.Wait()
	}
}

func TestAReleasedHandleAndNilAnswerThatTheyAre(t *testing.T) {
	released := New()
	released.Release()
	r := made(NewReport())
	defer r.Release()
	b := New()
	defer b.Release()
	for _, a := range []*Asynchron{nil, released, {}} {
		_, wait := a.Wait(context.Background())
		_, poll := a.Poll()
		_, then := a.Then(func(Value) (any, error) { return nil, nil })
		_, promise := a.Promise()
		_, all := All(0, b, a)
		_, report := NewReport(a)
		for i, err := range []error{
			wait, poll, then, promise, all, report, a.Set(1), a.SetObject(1), a.Fail(os.ErrClosed), a.Cancel(""),
			a.CancelPending(""), a.Start(), a.Follow(b), b.Follow(a), a.ExpireAfter(1), a.SetProgress(1, 2),
			r.Add(a, nil), r.Remove(a),
		} {
			if err != ErrReleased {
				t.Error(i, err)
			}
		}
		if a.Clone() != nil || a.Name() != "" || a.Pointer() != nil || a.Same(b) {
			t.Error("not nothing")
		}
		<-a.Done()
		a.CancelWith(context.Background())()
		a.Release()
	}
}

func TestNilAndTheZeroValuesOfAllTypesAnswerThatTheyAreReleased(t *testing.T) {
	a := New()
	defer a.Release()
	for _, p := range []*Promise{nil, {}} {
		_, poll := p.Poll()
		for i, err := range []error{poll, p.Set(1), p.Fail(os.ErrClosed), p.Cancel(""), p.Start()} {
			if err != ErrReleased {
				t.Error(i, err)
			}
		}
		if p.Clone() != nil {
			t.Error("a clone of nothing")
		}
		<-p.Done()
		p.Release()
		p.Release()
	}
	for _, r := range []*Report{nil, {}} {
		for i, err := range []error{r.Add(a, nil), r.Remove(a), r.Close()} {
			if err != ErrReleased {
				t.Error(i, err)
			}
		}
		if _, ok := <-r.C(); ok || r.Len() != 0 {
			t.Error("an item")
		}
		r.Release()
		r.Release()
		if _, ok := <-r.C(); ok {
			t.Error("an item after Release")
		}
	}
	for _, err := range []error{&Error{}, &Cancelled{}, (*Error)(nil), (*Cancelled)(nil), Status(0)} {
		if err.Error() == "" || fmt.Sprintf("%v%+v%#v", err, err, err) == "" || errors.Is(err, os.ErrClosed) {
			t.Errorf("%T", err)
		}
	}
	if v := (Value{}); !v.IsEmpty() || v.String() != "" || v.Object() != nil || a.Set(v) != nil {
		t.Error("the zero Value is no empty one")
	}
}

func TestAHandleIsReleasedAtOnceThoughAWaitGoesOn(t *testing.T) {
	a, b := New(), New()
	defer b.Release()
	_ = a.Follow(b)
	done := make(chan error)
	go func() { _, err := a.Wait(patient(t)); done <- err }()
	eventually(t, "it waits", func() bool { return waiters(a) == 1 })
	a.Release()
	if err := a.Set(1); err != ErrReleased {
		t.Fatal(err)
	}
	_ = b.Set(2)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

func TestBadArgumentsAreRefused(t *testing.T) {
	a := New()
	defer a.Release()
	_, any := Any(0)
	_, race := Race(0)
	_, flags := All(2, a)
	_, reserve := NewWith(Options{Reserve: -1})
	_, large := NewWith(Options{Reserve: 1 << 30})
	_, expire := NewWith(Options{ExpireAfter: -1})
	var typed *Error
	for i, err := range []error{
		any, race, flags, reserve, large, expire, a.Fail(typed), a.Follow(a),
	} {
		if err != ErrInvalid {
			t.Error(i, err)
		}
	}
	if FromPointer(nil) != nil {
		t.Error("made of nothing")
	}
	if _, err := a.Poll(); err != ErrPending {
		t.Error("it was changed:", err)
	}
}

// The rule of doc.go.
func TestNilIsRefusedAndChangesNothing(t *testing.T) {
	a := New()
	defer a.Release()
	var none context.Context
	p := made(a.Promise())
	defer p.Release()
	r := made(NewReport())
	defer r.Release()
	_, wait := a.Wait(none)
	_, then := a.Then(nil)
	_, caught := a.Catch(nil)
	_, finally := a.Finally(nil)
	g := Go(nil)
	defer g.Release()
	_, goes := g.Wait(patient(t))
	for i, err := range []error{wait, then, caught, finally, goes, a.Fail(nil), p.Fail(nil)} {
		if !errors.Is(err, ErrInvalid) {
			t.Error(i, err)
		}
	}
	var nobody *Asynchron
	_, group := All(0, a, nil)
	for i, err := range []error{a.Follow(nil), a.Set(nobody), r.Add(nil, 1), r.Remove(nil), group} {
		if err != ErrReleased {
			t.Error(i, err)
		}
	}
	stop := a.CancelWith(none)
	stop()
	child, cancel := a.Context(none)
	<-child.Done()
	cancel()
	if _, err := a.Poll(); err != ErrPending {
		t.Error("it was changed:", err)
	}
	_ = a.Set("done")
	if _, err := a.Wait(none); err != ErrInvalid {
		t.Error("only if it is complete:", err)
	}
}

func TestAMillionLeaveMemoryFlat(t *testing.T) {
	if raced {
		t.Skip("the race detector's own memory grows")
	}
	n := 1000000
	if testing.Short() {
		n = 100000
	}
	ctx := context.Background()
	round := func(n int) {
		for i := 0; i < n; i++ {
			a := New()
			if i%10 == 0 {
				_ = a.SetObject(&i)
			} else {
				_ = a.SetString("a value that does not fit into the handle")
			}
			if _, err := a.Wait(ctx); err != nil {
				t.Fatal(err)
			}
			a.Release()
		}
		runtime.GC()
	}
	round(100000)
	// A leak of the smallest handle would be 64 bytes for each, every time. Go's own heap may grow now and then.
	grown := 0
	for times := 0; times < 5; times++ {
		before := status(t, "VmRSS")
		round(n)
		grown = status(t, "VmRSS") - before
		t.Logf("%d kB more after %d", grown, n)
		if grown < n*48/1024 {
			return
		}
	}
	t.Errorf("it grows, by %d kB for %d", grown, n)
}
