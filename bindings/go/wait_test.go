// Waiting: by one and by many, with contexts, and without threads.

package asynchron

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"
	"time"

	"asynchron/internal/ctest"
)

func TestAWaitSeesWhatAThreadOfCDelivers(t *testing.T) {
	for i := 0; i < 20; i++ {
		a := New()
		if !ctest.SetLater(a.Pointer(), time.Millisecond, []byte("from C")) {
			t.Fatal("no thread")
		}
		if v, err := a.Wait(patient(t)); err != nil || v.String() != "from C" {
			t.Fatal(v, err)
		}
		a.Release()
	}
}

func TestManyMayWaitForOne(t *testing.T) {
	before := settled(t)
	a := New()
	defer a.Release()
	var all sync.WaitGroup
	for i := 0; i < 50; i++ {
		handle := a.Clone()
		all.Add(1)
		go func() {
			defer all.Done()
			defer handle.Release()
			if v, err := handle.Wait(patient(t)); err != nil || v.String() != "for all" {
				t.Error(v, err)
			}
		}()
	}
	eventually(t, "50 wait", func() bool { return waiters(a) == 50 })
	eventually(t, "one entry for all", func() bool { return open() == before+1 })
	_ = a.Set("for all")
	all.Wait()
	eventually(t, "nothing is left", func() bool { return open() == before })
}

func TestAWaitThatIsGivenUpLeavesNothing(t *testing.T) {
	before := settled(t)
	a := New()
	defer a.Release()
	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	if _, err := a.Wait(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
	eventually(t, "nothing is left", func() bool { return open() == before })
	if err := a.Set("later"); err != nil {
		t.Fatal("it was touched:", err)
	}
	if v, err := a.Wait(ctx); err != nil || v.String() != "later" {
		t.Fatal("what is complete comes before a context that is over:", v, err)
	}
}

func TestAValueComesBeforeTheEndOfAContext(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	for i := 0; i < 1000; i++ {
		a := New()
		ctx, cancel := context.WithCancel(context.Background())
		result := make(chan error)
		go func() { _, err := a.Wait(ctx); result <- err }()
		eventually(t, "it waits", func() bool { return waiters(a) == 1 })
		cancel() // so the wait is over, and before it looks, there is a value
		_ = a.Set(nil)
		err := <-result
		a.Release()
		if err == nil {
			return
		}
	}
	t.Fatal("a value that is there was never returned")
}

func TestLeavingAndCompletingRace(t *testing.T) {
	rounds := 5000
	if testing.Short() {
		rounds = 500
	}
	before := settled(t)
	for i := 0; i < rounds; i++ {
		a := New()
		ctx, cancel := context.WithCancel(context.Background())
		var all sync.WaitGroup
		all.Add(4)
		start := make(chan struct{})
		wait := func(ctx context.Context) {
			defer all.Done()
			<-start
			v, err := a.Wait(ctx)
			if err == nil && v.String() != "x" || err != nil && !errors.Is(err, context.Canceled) {
				t.Error(v, err)
			}
		}
		go wait(ctx)
		go wait(patient(t))
		go func() { defer all.Done(); <-start; cancel() }()
		go func() { defer all.Done(); <-start; _ = a.Set("x") }()
		close(start)
		all.Wait()
		a.Release()
	}
	eventually(t, "nothing is left", func() bool { return open() == before })
}

func TestTenThousandOpenWaitsTakeNoThreads(t *testing.T) {
	const n = 10000
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	before, others := status(t, "Threads"), settled(t)
	as := make([]*Asynchron, n)
	errs := make(chan error, n)
	for i := range as {
		a := New()
		as[i] = a
		go func() {
			_, err := a.Wait(ctx)
			errs <- err
		}()
	}
	eventually(t, "all wait", func() bool { return open() == others+n })
	if threads := status(t, "Threads"); threads > before+20 {
		t.Errorf("%d threads, %d before", threads, before)
	}
	for _, a := range as[:n/2] {
		_ = a.Set(nil)
	}
	for i := 0; i < n/2; i++ {
		if err := <-errs; err != nil {
			t.Fatal(err)
		}
	}
	cancel()
	for i := 0; i < n/2; i++ {
		if err := <-errs; err != context.Canceled {
			t.Fatal(err)
		}
	}
	for _, a := range as {
		a.Release()
	}
}

func TestABlockedWaitFreezesNobody(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	a := New()
	defer a.Release()
	done := make(chan error)
	go func() { _, err := a.Wait(patient(t)); done <- err }()
	eventually(t, "it waits", func() bool { return waiters(a) == 1 })
	for i := 0; i < 1000; i++ {
		runtime.Gosched()
		b := New()
		go func() { _ = b.Set(i) }()
		if _, err := b.Wait(patient(t)); err != nil {
			t.Fatal(err)
		}
		b.Release()
	}
	_ = a.Set(nil)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

// With the race detector this shows that it knows of the order: to it, each call into C comes after those before.
func TestWhatWasWrittenBeforeADeliveryIsSeen(t *testing.T) {
	deliver := []func(a *Asynchron) error{
		func(a *Asynchron) error { return a.Set("x") },
		func(a *Asynchron) error { return a.SetObject(t) },
		func(a *Asynchron) error { return a.Fail(errors.New("x")) },
		func(a *Asynchron) error { return a.Cancel("") },
		func(a *Asynchron) error { a.Release(); return nil },
	}
	for _, deliver := range deliver {
		deliver := deliver
		a := New()
		p := made(a.Promise())
		written, b := 0, a.Clone()
		go func() { written = 1; _ = deliver(b); p.Release() }()
		_, _ = a.Wait(patient(t))
		if written != 1 {
			t.Fatal("not seen")
		}
		written = 0
		c, r := New(), made(NewReport())
		_ = r.Add(c, nil)
		go func() { written = 2; _ = c.Set(nil) }()
		<-r.C()
		if written != 2 {
			t.Fatal("not seen")
		}
		r.Release()
		d := New()
		done := d.Done()
		go func() { written = 3; _ = d.Set(nil) }()
		if <-done; written != 3 {
			t.Fatal("not seen")
		}
	}
}

func TestDoneIsForSelect(t *testing.T) {
	a := New()
	done := a.Done()
	select {
	case <-done:
		t.Fatal("too early")
	default:
	}
	_ = a.Cancel("")
	select {
	case <-done:
	case <-time.After(patience):
		t.Fatal("never")
	}
	<-a.Done()
	a.Release()
	<-a.Done()
}

func TestAFunctionOnDemandIsStartedByAWait(t *testing.T) {
	a := FromPointer(ctest.OnDemand())
	defer a.Release()
	if _, err := a.Poll(); err != ErrPending {
		t.Fatal("started too early:", err)
	}
	if v, err := a.Wait(patient(t)); err != nil || v.String() != "on demand" {
		t.Fatal(v, err)
	}
}

func TestTheEndOfAContextCancels(t *testing.T) {
	before := settled(t)
	a, b, c := New(), New(), New()
	ctx, cancel := context.WithCancel(context.Background())
	a.CancelWith(ctx)
	stop := b.CancelWith(ctx)
	stop()
	_ = c.Set("before")
	c.CancelWith(ctx)
	cancel()
	var reason *Cancelled
	if _, err := a.Wait(patient(t)); !errors.As(err, &reason) || reason.Reason != "context canceled" {
		t.Fatal(err)
	}
	eventually(t, "all have left", func() bool { return open() == before })
	if _, err := b.Poll(); err != ErrPending {
		t.Fatal("stopped, and cancelled all the same:", err)
	}
	if _, err := c.Poll(); err != nil {
		t.Fatal(err)
	}
	for _, a := range []*Asynchron{a, b, c} {
		_ = a.Cancel("")
		a.Release()
	}
	eventually(t, "nothing is left", func() bool { return open() == before })
}

func TestACompletionEndsAContext(t *testing.T) {
	a := New()
	defer a.Release()
	ctx, cancel := a.Context(context.WithValue(context.Background(), "key", "value"))
	defer cancel()
	if ctx.Err() != nil || ctx.Value("key") != "value" {
		t.Fatal("ended at once, or is no child")
	}
	_ = a.Set(nil)
	select {
	case <-ctx.Done():
	case <-time.After(patience):
		t.Fatal("never")
	}
	b := New()
	child, stop := b.Context(context.Background())
	stop()
	<-child.Done()
	if _, err := b.Poll(); err != ErrPending {
		t.Fatal("the end of the child reached the asynchron")
	}
	_ = b.Cancel("")
	b.Release()
}
