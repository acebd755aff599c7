// Done: what closes its channel, and what it keeps.

package asynchron

import (
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"
)

// closes fails the test if the channel is never closed.
func closes(t *testing.T, what string, done <-chan struct{}) {
	t.Helper()
	select {
	case <-done:
	case <-time.After(patience):
		t.Fatal("never closed:", what)
	}
}

// isOpen fails the test if the channel is closed by now.
func isOpen(t *testing.T, what string, done <-chan struct{}) {
	t.Helper()
	select {
	case <-done:
		t.Fatal("closed:", what)
	default:
	}
}

func TestReleaseClosesDone(t *testing.T) {
	before := settled(t)
	a := New()
	b := a.Clone()
	mine, other := a.Done(), b.Done()
	if a.Done() != mine {
		t.Fatal("another channel")
	}
	a.Release()
	closes(t, "of the released handle", mine)
	closes(t, "asked for after Release", a.Done())
	isOpen(t, "of another handle", other)
	_ = b.Set(1)
	closes(t, "of the other handle", other)
	b.Release()

	c := New()
	p, q := made(c.Promise()), made(c.Promise())
	mine, other = p.Done(), q.Done()
	p.Release()
	closes(t, "of the released promise", mine)
	isOpen(t, "of another promise", other)
	q.Release()
	closes(t, "of the last promise", other)
	c.Release()
	eventually(t, "nothing is left", func() bool { return open() == before })
}

func TestDoneOfAReleasedHandleKeepsNothingWanted(t *testing.T) {
	a := New()
	p := made(a.PromiseUntilUnwanted())
	defer p.Release()
	b := a.Clone()
	a.Done()
	b.Done()
	a.Release()
	if _, err := p.Poll(); err != ErrPending {
		t.Fatal("it is still wanted:", err)
	}
	unwanted := p.Done()
	b.Release()
	closes(t, "though it is unwanted", unwanted)
	_, err := p.Poll()
	if c, ok := err.(*Cancelled); !ok || c.Reason != "unwanted" {
		t.Fatal(err)
	}
}

// The handle of a channel may be out of sight, and the channel in use.
func TestTheCollectorDoesNotCloseDone(t *testing.T) {
	a := New()
	defer a.Release()
	done := a.Clone().Done()
	for i := 0; i < 5; i++ {
		runtime.GC()
		time.Sleep(time.Millisecond)
	}
	isOpen(t, "by the garbage collector", done)
	_ = a.Set(1)
	closes(t, "by the value", done)
}

func TestTheCollectorFreesWhatIsCompleteInSpiteOfDone(t *testing.T) {
	before := kept()
	for i := 0; i < 100; i++ {
		a := New()
		done := a.Done()
		_ = a.SetObject(i)
		closes(t, "by the value", done)
	}
	eventually(t, "all are freed", func() bool { runtime.GC(); return kept() <= before })
}

func TestDoneReleaseAndCompletionRace(t *testing.T) {
	before := settled(t)
	for i := 0; i < 500; i++ {
		a := New()
		b := a.Clone()
		p := made(b.Promise())
		var all sync.WaitGroup
		start := make(chan struct{})
		for _, call := range []func(){
			func() { closes(t, "a", a.Done()) },
			func() { closes(t, "a, the second time", a.Done()) },
			func() { closes(t, "p", p.Done()) },
			a.Release,
			func() { _ = b.Set(1) },
			p.Release,
		} {
			call := call
			all.Add(1)
			go func() { defer all.Done(); <-start; call() }()
		}
		close(start)
		all.Wait()
		b.Release()
	}
	eventually(t, "nothing is left", func() bool { return open() == before })
}

// withoutDescriptors runs call while the process gets no descriptor and the report of all waits is not made yet.
func withoutDescriptors(t *testing.T, call func()) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux refuses so")
	}
	table.Lock()
	report, watches := table.report, table.watches
	table.report, table.watches = nil, nil
	table.Unlock()
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	none := limit
	none.Cur = 0
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &none); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
			t.Fatal(err)
		}
		table.Lock()
		if table.report == nil {
			table.report, table.watches = report, watches
		}
		table.Unlock()
	}()
	call()
}

func TestWithoutDescriptorsDoneIsClosedByTheCompletionAlone(t *testing.T) {
	settled(t)
	a, b, c := New(), New(), New()
	defer a.Release()
	defer c.Release()
	var ofA, ofB, ofC <-chan struct{}
	withoutDescriptors(t, func() {
		ofA, ofB, ofC = a.Done(), b.Done(), c.Done()
		if _, err := a.Wait(patient(t)); err != ErrSystem {
			t.Fatal("there are descriptors:", err)
		}
		time.Sleep(20 * time.Millisecond)
		isOpen(t, "though nothing completed", ofA)
		_ = a.Set(1)
		closes(t, "by the value", ofA)
		b.Release()
		closes(t, "by Release", ofB)
	})
	isOpen(t, "though nothing completed", ofC)
	eventually(t, "it waits as all do", func() bool { return waiters(c) == 1 })
	_ = c.Set(1)
	closes(t, "by the value, later", ofC)
}
