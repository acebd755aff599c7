// Values arrive as they left.

package asynchron

import (
	"bytes"
	"math"
	"testing"

	"asynchron/internal/ctest"
)

// got is the value that a call delivered.
func got(t *testing.T, deliver func(a *Asynchron) error) (*Asynchron, Value) {
	t.Helper()
	a := New()
	t.Cleanup(a.Release)
	if err := deliver(a); err != nil {
		t.Fatal(err)
	}
	v, err := a.Wait(patient(t))
	if err != nil {
		t.Fatal(err)
	}
	return a, v
}

func TestBytesArriveAndAreACopy(t *testing.T) {
	for _, n := range []int{0, 1, 15, 16, 17, 4096, 1 << 20} {
		sent := bytes.Repeat([]byte{0, 1, 2}, n/3+1)[:n]
		a, v := got(t, func(a *Asynchron) error { return a.SetBytes(sent) })
		if !bytes.Equal(v.Bytes(), sent) || v.IsEmpty() != (n == 0) {
			t.Fatalf("%d bytes do not arrive", n)
		}
		if n > 0 {
			v.Bytes()[0]++
			again, _ := a.Poll()
			if !bytes.Equal(again.Bytes(), sent) {
				t.Fatal("it is no copy")
			}
		}
	}
}

func TestBytesBesidePointersPassTheChecksOfCgo(t *testing.T) {
	sender := &struct {
		next *int
		buf  [64]byte
	}{next: new(int)}
	_, v := got(t, func(a *Asynchron) error { return a.SetBytes(sender.buf[8:40]) })
	if len(v.Bytes()) != 32 {
		t.Fatal(v)
	}
}

func TestStringsArriveWithTheirNULs(t *testing.T) {
	const s = "a\x00b\x00"
	if _, v := got(t, func(a *Asynchron) error { return a.Set(s) }); v.String() != s {
		t.Fatalf("%q", v.String())
	}
}

func TestTheLargestNumbersArriveExactlyInBothLanguages(t *testing.T) {
	for _, n := range []uint64{0, 1, 1<<53 + 1, math.MaxInt64, math.MaxUint64 - 1, math.MaxUint64} {
		a, v := got(t, func(a *Asynchron) error { return a.Set(n) })
		if m, err := v.Uint64(); err != nil || m != n {
			t.Fatal(n, "arrives as", m, err)
		}
		if m := ctest.Number(a.Pointer()); m != n {
			t.Fatal("C reads", n, "as", m)
		}
	}
	for _, n := range []int64{math.MinInt64, -1, 0, math.MaxInt64} {
		if _, v := got(t, func(a *Asynchron) error { return a.Set(n) }); made(v.Int64()) != n {
			t.Fatal(n)
		}
	}
	for _, x := range []float64{0, -0.5, math.MaxFloat64, math.Inf(-1)} {
		if _, v := got(t, func(a *Asynchron) error { return a.Set(x) }); made(v.Float64()) != x {
			t.Fatal(x)
		}
	}
}

func TestNumbersOfGoOfEverySizeArriveAsNumbers(t *testing.T) {
	for _, n := range []any{int(-7), int8(-7), int16(-7), int32(-7), int64(-7)} {
		if _, v := got(t, func(a *Asynchron) error { return a.Set(n) }); made(v.Int64()) != -7 {
			t.Fatalf("%T", n)
		}
	}
	for _, n := range []any{uint(200), uint8(200), uint16(200), uint32(200), uint64(200)} {
		if _, v := got(t, func(a *Asynchron) error { return a.Set(n) }); made(v.Uint64()) != 200 {
			t.Fatalf("%T", n)
		}
	}
	for _, x := range []any{float32(0.5), float64(0.5)} {
		if _, v := got(t, func(a *Asynchron) error { return a.Set(x) }); made(v.Float64()) != 0.5 {
			t.Fatalf("%T", x)
		}
	}
	type id uint64
	if _, v := got(t, func(a *Asynchron) error { return a.Set(id(7)) }); v.Object() != id(7) {
		t.Fatal("a type of one's own is an object")
	}
}

func TestAValueIsPassedOnAsItWas(t *testing.T) {
	for _, sent := range []any{"bytes", &struct{}{}, nil} {
		_, v := got(t, func(a *Asynchron) error { return a.Set(sent) })
		_, again := got(t, func(a *Asynchron) error { return a.Set(v) })
		if again.String() != v.String() || again.Object() != v.Object() || again.IsEmpty() != v.IsEmpty() {
			t.Fatal(sent, "becomes", again)
		}
	}
}

func TestNumbersOfCHaveAnyWidth(t *testing.T) {
	for _, b := range [][]byte{{0xff}, {0xff, 0xff}, {0xff, 0xff, 0xff, 0xff}} {
		_, v := got(t, func(a *Asynchron) error { return a.Set(b) })
		if n := made(v.Int64()); n != -1 {
			t.Fatal(len(b), "bytes of ones are", n)
		}
		if n := made(v.Uint64()); n != 1<<(8*len(b))-1 {
			t.Fatal(len(b), "bytes of ones are", n)
		}
	}
	_, v := got(t, func(a *Asynchron) error { return a.Set("abc") })
	if _, err := v.Uint64(); err != ErrInvalid {
		t.Fatal("three bytes are a number")
	}
}

func TestAnObjectIsTheSameOne(t *testing.T) {
	object := &struct{ n int }{7}
	a, v := got(t, func(a *Asynchron) error { return a.Set(object) })
	if v.Object() != object || v.IsEmpty() || v.Bytes() != nil {
		t.Fatal(v)
	}
	if v, err := a.Poll(); err != nil || v.Object() != object {
		t.Fatal("the second time", v, err)
	}
}

func TestAPointerOfCIsNotTakenForAnObject(t *testing.T) {
	keep := New()
	defer keep.Release()
	_ = keep.SetObject("the first object of all")
	for p := uintptr(1); p < 100; p++ {
		a := New()
		if !ctest.SetPointer(a.Pointer(), p) {
			t.Fatal("not set")
		}
		v, err := a.Poll()
		if err != nil || v.Object() != nil || uintptr(v.Pointer()) != p {
			t.Fatal(p, "arrives as", v, err)
		}
		a.Release()
	}
}

func TestNamesSurvive(t *testing.T) {
	for given, shown := range map[string]string{
		"plain": "plain", "größer ✓": "größer ✓", "a\x00b": "a\u2400b",
	} {
		a := made(NewWith(Options{Name: given, Reserve: 64}))
		if a.Name() != shown {
			t.Fatalf("%q is %q", given, a.Name())
		}
		a.Release()
	}
	a := New()
	defer a.Release()
	if a.Name() == "" || a.Name() != a.Name() {
		t.Fatal(a.Name())
	}
}
