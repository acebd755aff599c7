// Reports: what completes comes out of a channel.

package asynchron

import (
	"runtime"
	"sync"
	"testing"
	"time"

	"asynchron/internal/ctest"
)

// next is what the channel yields next; false: it is closed.
func next(t *testing.T, r *Report) (Item, bool) {
	t.Helper()
	select {
	case item, ok := <-r.C():
		return item, ok
	case <-time.After(patience):
		t.Fatal("nothing comes")
		return Item{}, false
	}
}

func TestAReportYieldsInTheOrderOfCompletion(t *testing.T) {
	const n = 1000
	as := make([]*Asynchron, n)
	r := made(NewReport())
	defer r.Release()
	for i := range as {
		as[i] = New()
		if err := r.Add(as[i], i); err != nil {
			t.Fatal(err)
		}
	}
	if r.Len() != n || r.Add(as[0], "again") != ErrAlready {
		t.Fatal(r.Len())
	}
	go func() {
		for i := n - 1; i >= 0; i-- {
			_ = as[i].Set(i)
		}
	}()
	for i := n - 1; i >= 0; i-- {
		item, _ := next(t, r)
		if v, err := item.A.Poll(); err != nil || item.Tag != i || made(v.Int64()) != int64(i) || !item.A.Same(as[i]) {
			t.Fatal(i, item, v, err)
		}
		item.A.Release()
		as[i].Release()
	}
}

func TestTheChannelOfAClosedReportEnds(t *testing.T) {
	for _, begun := range []bool{false, true} {
		a, b := New(), New()
		r := made(NewReport(a, b))
		if begun {
			r.C()
		}
		_ = a.Set(nil)
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
		if c := New(); r.Add(c, nil) != ErrClosed {
			t.Fatal("added to a closed one")
		}
		next(t, r)
		go func() { time.Sleep(time.Millisecond); _ = b.Set(nil) }()
		next(t, r)
		if item, ok := next(t, r); ok {
			t.Fatal("too many:", item)
		}
		r.Release()
	}
}

func TestClosingRacesWithTheLastItem(t *testing.T) {
	for i := 0; i < 300; i++ {
		a := New()
		r := made(NewReport(a))
		r.C()
		var all sync.WaitGroup
		all.Add(2)
		go func() { defer all.Done(); _ = r.Close() }()
		go func() { defer all.Done(); _ = a.Set(nil) }()
		if _, ok := next(t, r); !ok {
			t.Fatal("it never came")
		}
		if _, ok := next(t, r); ok {
			t.Fatal("no end")
		}
		all.Wait()
		r.Release()
		a.Release()
	}
}

func TestReleaseEndsTheChannelAndFreesTheRest(t *testing.T) {
	before := runtime.NumGoroutine()
	a := New()
	r := made(NewReport(a))
	ch := r.C()
	r.Release()
	r.Release()
	select {
	case _, ok := <-ch:
		if ok {
			t.Fatal("an item")
		}
	case <-time.After(patience):
		t.Fatal("it stays open")
	}
	if r.Add(a, nil) != ErrReleased || r.Close() != ErrReleased || r.Remove(a) != ErrReleased || r.Len() != 0 {
		t.Fatal("after Release")
	}
	eventually(t, "its goroutine ends", func() bool { return runtime.NumGoroutine() <= before })
}

func TestWhatIsTakenOutDoesNotCome(t *testing.T) {
	a, b := New(), New()
	r := made(NewReport(a, b))
	defer r.Release()
	if r.Remove(a) != nil || r.Remove(a) != ErrEnd {
		t.Fatal("not taken out")
	}
	_ = a.Set(nil)
	_ = b.Set(nil)
	if item, _ := next(t, r); !item.A.Same(b) {
		t.Fatal("the one that was taken out")
	}
}

func TestOneThreadlessGoroutineTakesWhatManyThreadsDeliver(t *testing.T) {
	n := 2000
	if testing.Short() {
		n = 300
	}
	r := made(NewReport())
	defer r.Release()
	for i := 0; i < n; i++ {
		a := New()
		_ = r.Add(a, i)
		if i%10 == 0 {
			if !ctest.SetLater(a.Pointer(), time.Millisecond, []byte("x")) {
				t.Fatal("no thread")
			}
		} else {
			go func() { _ = a.Set("x"); a.Release() }()
		}
	}
	seen := make(map[any]bool)
	for len(seen) < n {
		item, _ := next(t, r)
		if seen[item.Tag] {
			t.Fatal(item.Tag, "twice")
		}
		seen[item.Tag] = true
		item.A.Release()
	}
}
