// Beside Go's channels, and beside a binding that waits in C. README.md has what came of it.

package asynchron

import (
	"context"
	"testing"

	"asynchron/internal/ctest"
)

func BenchmarkCreateSetGetAsynchron(b *testing.B) {
	ctx := context.Background()
	for i := 0; i < b.N; i++ {
		a := New()
		_ = a.SetUint64(uint64(i))
		v, err := a.Wait(ctx)
		if n, _ := v.Uint64(); err != nil || n != uint64(i) {
			b.Fatal(v, err)
		}
		a.Release()
	}
}

func BenchmarkCreateSetGetChannel(b *testing.B) {
	for i := 0; i < b.N; i++ {
		c := make(chan uint64, 1)
		c <- uint64(i)
		if <-c != uint64(i) {
			b.Fatal("another")
		}
	}
}

// One goroutine asks, and awaits the answer of another one.
func BenchmarkAwaitedAsynchron(b *testing.B) {
	awaited(b, func(a *Asynchron) bool { _, err := a.Wait(context.Background()); return err == nil })
}

func BenchmarkAwaitedNaive(b *testing.B) {
	awaited(b, func(a *Asynchron) bool { return ctest.Get(a.Pointer()) })
}

func awaited(b *testing.B, wait func(*Asynchron) bool) {
	asked := make(chan *Asynchron)
	defer close(asked)
	go func() {
		for a := range asked {
			_ = a.SetUint64(1)
		}
	}()
	b.ResetTimer()
	for i := 0; i < b.N; i++ {
		a := New()
		asked <- a
		if !wait(a) {
			b.Fatal("no value")
		}
		a.Release()
	}
}

func BenchmarkAwaitedChannel(b *testing.B) {
	asked := make(chan chan uint64)
	defer close(asked)
	go func() {
		for c := range asked {
			c <- 1
		}
	}()
	b.ResetTimer()
	for i := 0; i < b.N; i++ {
		c := make(chan uint64, 1)
		asked <- c
		<-c
	}
}

// openWaitsOf is how many waits are open.
const openWaitsOf = 1000

// A goroutine completes one wait after the other, of 1,000 goroutines, each of which then waits for its next. One
// operation is one completion.
func BenchmarkThousandOpenAsynchron(b *testing.B) {
	thousand(b, func(a *Asynchron) { _, _ = a.Wait(context.Background()) })
}

func BenchmarkThousandOpenNaive(b *testing.B) {
	thousand(b, func(a *Asynchron) { ctest.Get(a.Pointer()) })
}

func thousand(b *testing.B, wait func(*Asynchron)) {
	ring(b, New, wait, func(a *Asynchron) { _ = a.SetUint64(1) }, (*Asynchron).Release)
}

func BenchmarkThousandOpenChannel(b *testing.B) {
	ring(b, func() chan uint64 { return make(chan uint64, 1) }, func(c chan uint64) { <-c },
		func(c chan uint64) { c <- 1 }, func(chan uint64) {})
}

func ring[T any](b *testing.B, create func() T, wait, complete, release func(T)) {
	var next [openWaitsOf]chan T
	quit := make(chan struct{})
	ended := make(chan struct{}, openWaitsOf)
	for i := range next {
		c := make(chan T, 1)
		next[i] = c
		go func() {
			defer func() { ended <- struct{}{} }()
			for {
				a := create()
				select {
				case c <- a:
				case <-quit:
					release(a)
					return
				}
				wait(a)
				release(a)
			}
		}()
	}
	b.ResetTimer()
	for i := 0; i < b.N; i++ {
		complete(<-next[i%openWaitsOf])
	}
	b.StopTimer()
	close(quit)
	for i, left := 0, openWaitsOf; left > 0; i++ {
		select {
		case a := <-next[i%openWaitsOf]:
			complete(a)
		case <-ended:
			left--
		default:
		}
	}
}
