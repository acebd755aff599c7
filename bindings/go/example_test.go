package asynchron_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"time"

	"asynchron"
)

func Example() {
	a := asynchron.New()
	defer a.Release()
	go func() { _ = a.Set("hello") }() // or a thread of C
	v, err := a.Wait(context.Background())
	fmt.Println(v, err)
	// Output: hello <nil>
}

func ExampleValue_Format() {
	text, number, object := asynchron.New(), asynchron.New(), asynchron.New()
	_ = text.Set("hello")
	_ = number.Set(42)
	_ = object.Set(map[string]int{"x": 1})
	for _, a := range []*asynchron.Asynchron{text, number, object} {
		v, _ := a.Wait(context.Background())
		fmt.Println(v)
		a.Release()
	}
	// Output:
	// hello
	// 8 bytes: 42 (int64), 2.08e-322 (float64)
	// map[x:1]
}

func ExampleAsynchron_Wait_interrupt() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, 10*time.Millisecond)
	defer cancel()

	a := asynchron.New()
	defer a.Release()
	_, err := a.Wait(ctx) // until Ctrl-C, or 10 ms are over
	fmt.Println(err)
	// Output: context deadline exceeded
}

func ExampleGo() {
	a := asynchron.Go(func(self *asynchron.Asynchron) (any, error) {
		return uint64(1<<64 - 1), nil
	})
	defer a.Release()
	v, _ := a.Wait(context.Background())
	fmt.Println(v.Uint64())

	b := asynchron.Go(func(self *asynchron.Asynchron) (any, error) {
		panic("no luck")
	})
	defer b.Release()
	_, err := b.Wait(context.Background())
	var e *asynchron.Error
	fmt.Println(errors.As(err, &e), e.Domain, e.Code == asynchron.CodePanic, e.Message)
	// Output:
	// 18446744073709551615 <nil>
	// true go true panic: no luck
}

func ExampleAsynchron_Done() {
	a := asynchron.New()
	defer a.Release()
	go func() { _ = a.Cancel("not needed") }()
	select {
	case <-a.Done():
		_, err := a.Poll()
		fmt.Println(err, errors.Is(err, context.Canceled))
	case <-time.After(time.Minute):
		fmt.Println("slow")
	}
	// Output: cancelled: not needed true
}

func ExampleAsynchron_CancelWith() {
	ctx, cancel := context.WithCancel(context.Background())
	a := asynchron.New()
	defer a.Release()
	a.CancelWith(ctx)
	cancel()
	_, err := a.Wait(context.Background())
	fmt.Println(err)
	// Output: cancelled: context canceled
}

func ExampleReport_C() {
	slow, quick := asynchron.New(), asynchron.New()
	report, err := asynchron.NewReport()
	if err != nil {
		return
	}
	defer report.Release()
	_ = report.Add(slow, "slow")
	_ = report.Add(quick, "quick")
	_ = report.Close() // nothing more will be added, so the channel ends

	_ = quick.Set(1)
	_ = slow.Set(2)
	for item := range report.C() {
		v, _ := item.A.Poll()
		n, _ := v.Int64()
		fmt.Println(item.Tag, n)
		item.A.Release()
	}
	// Output:
	// quick 1
	// slow 2
}

func ExampleRace() {
	a, b := asynchron.New(), asynchron.New()
	first, _ := asynchron.Race(asynchron.CancelRest, a, b)
	_ = b.Set("b")
	v, _ := first.Wait(context.Background())
	_, err := a.Poll()
	fmt.Println(v, err)
	// Output: b cancelled: unneeded
}

func ExampleAsynchron_Then() {
	a := asynchron.New()
	double, _ := a.Then(func(v asynchron.Value) (any, error) {
		n, err := v.Int64()
		return 2 * n, err
	})
	_ = a.Set(21)
	v, _ := double.Wait(context.Background())
	fmt.Println(v.Int64())
	// Output: 42 <nil>
}

func ExampleAsynchron_Promise() {
	a := asynchron.New()
	promise, _ := a.Promise()
	go func() {
		defer promise.Release() // on every way out
		// ... and it forgets to deliver
	}()
	_, err := a.Wait(context.Background())
	fmt.Println(errors.Is(err, asynchron.ErrBroken))
	// Output: true
}
