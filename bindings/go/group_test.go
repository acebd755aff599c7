// Several as one, timers, promises, and progress.

package asynchron

import (
	"context"
	"errors"
	"io"
	"runtime"
	"testing"
	"time"
)

// three are new ones.
func three(t *testing.T) []*Asynchron {
	as := []*Asynchron{New(), New(), New()}
	t.Cleanup(func() {
		for _, a := range as {
			a.Release()
		}
	})
	return as
}

func TestAllNeedsEveryValue(t *testing.T) {
	as := three(t)
	all := made(All(0, as...))
	for i, a := range as {
		if _, err := all.Poll(); err != ErrPending {
			t.Fatal("after", i, err)
		}
		_ = a.Set(i)
	}
	if v, err := all.Wait(patient(t)); err != nil || !v.IsEmpty() {
		t.Fatal(v, err)
	}
	if _, err := made(All(0)).Wait(patient(t)); err != nil {
		t.Fatal("all of none:", err)
	}
}

func TestOneFailureEndsAllAndCancelsTheRest(t *testing.T) {
	as := three(t)
	all := made(All(CancelRest, as...))
	_ = as[1].Fail(io.EOF)
	if _, err := all.Wait(patient(t)); !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	if _, err := as[2].Wait(patient(t)); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
}

func TestAnyIsTheFirstValueAndRaceTheFirstOfAll(t *testing.T) {
	as := three(t)
	any, race := made(Any(0, as...)), made(Race(0, as...))
	_ = as[2].Fail(io.EOF)
	_ = as[1].Set("second")
	if v, err := any.Wait(patient(t)); err != nil || v.String() != "second" {
		t.Fatal(v, err)
	}
	if _, err := race.Wait(patient(t)); !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
}

func TestATimerCompletesAndMayBeCancelled(t *testing.T) {
	begin := time.Now()
	a := made(Timer(20 * time.Millisecond))
	defer a.Release()
	if v, err := a.Wait(patient(t)); err != nil || !v.IsEmpty() || time.Since(begin) < 20*time.Millisecond {
		t.Fatal(v, err, time.Since(begin))
	}
	b := made(Timer(time.Hour))
	defer b.Release()
	if b.Cancel("") != nil {
		t.Fatal("not cancelled")
	}
	if _, err := made(Timer(-time.Second)).Poll(); err != nil {
		t.Fatal("a time that is over:", err)
	}
}

func TestAPromiseThatIsGivenUpBreaks(t *testing.T) {
	a := New()
	defer a.Release()
	p := made(a.Promise())
	q := p.Clone()
	p.Release()
	p.Release()
	if _, err := a.Poll(); err != ErrPending || p.Set(1) != ErrReleased {
		t.Fatal("there is another one:", err)
	}
	q.Release()
	if _, err := a.Wait(patient(t)); !errors.Is(err, ErrBroken) {
		t.Fatal(err)
	}
}

func TestAPromiseThatIsForgottenBreaks(t *testing.T) {
	a := New()
	defer a.Release()
	func() { made(a.Promise()) }()
	eventually(t, "it breaks", func() bool {
		runtime.GC()
		_, err := a.Poll()
		return errors.Is(err, ErrBroken)
	})
}

func TestAPromiseDelivers(t *testing.T) {
	as := three(t)
	ps := []*Promise{made(as[0].Promise()), made(as[1].Promise()), made(as[2].Promise())}
	if ps[0].Start() != nil || ps[0].Set("kept") != nil || ps[1].Fail(io.EOF) != nil || ps[2].Cancel("no") != nil {
		t.Fatal("not delivered")
	}
	if v, err := ps[0].Poll(); err != nil || v.String() != "kept" {
		t.Fatal(v, err)
	}
	for _, p := range ps {
		<-p.Done()
		p.Release()
		<-p.Done()
	}
	if _, err := as[1].Poll(); !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
}

func TestAProducerLearnsThatNobodyWantsIt(t *testing.T) {
	a := New()
	p := made(a.PromiseUntilUnwanted())
	defer p.Release()
	done := p.Done()
	ctx, cancel := context.WithCancel(context.Background())
	left := make(chan error)
	go func() { _, err := a.Wait(ctx); a.Release(); left <- err }()
	select {
	case <-done:
		t.Fatal("it was wanted")
	case <-time.After(20 * time.Millisecond):
	}
	cancel()
	<-left
	select {
	case <-done:
	case <-time.After(patience):
		t.Fatal("it does not learn")
	}
	var c *Cancelled
	if _, err := p.Poll(); !errors.As(err, &c) || c.Reason != "unwanted" {
		t.Fatal(err)
	}
}

func TestProgressIsBothNumbersOfOneCall(t *testing.T) {
	a := New()
	defer a.Release()
	if _, _, ok := a.Progress(); ok {
		t.Fatal("there was none")
	}
	stop := make(chan struct{})
	written := make(chan struct{})
	go func() {
		defer close(written)
		for n := uint64(1); ; n++ {
			select {
			case <-stop:
				return
			default:
				_ = a.SetProgress(n, ^n)
			}
		}
	}()
	for i := 0; i < 10000; i++ {
		if done, total, ok := a.Progress(); ok && total != ^done {
			t.Fatal(done, total)
		}
	}
	close(stop)
	<-written
	_ = a.Set(nil)
	if a.SetProgress(1, 2) != ErrAlready {
		t.Fatal("after the end")
	}
}
