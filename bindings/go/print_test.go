// Printed, a value does not mislead.

package asynchron

import (
	"fmt"
	"math"
	"strings"
	"testing"
)

func TestAValueIsPrintedForPeople(t *testing.T) {
	type point struct{ X int }
	for _, c := range []struct {
		sent   any
		format string
		want   string
	}{
		{"hello", "%v", "hello"},
		{"größer ✓\n\t", "%v", "größer ✓\n\t"},
		{"hello", "%8v|", "   hello|"},
		{"hello", "%-8s|", "hello   |"},
		{"hello", "%q", `"hello"`},
		{"", "%v", ""},
		{nil, "%v", ""},
		{"four", "%v", "four"},
		{42, "%v", "8 bytes: 42 (int64), 2.08e-322 (float64)"},
		{-7, "%v", "8 bytes: -7 (int64), 18446744073709551609 (uint64), NaN (float64)"},
		{0.5, "%v", "8 bytes: 4602678819172646912 (int64), 0.5 (float64)"},
		{uint64(math.MaxUint64), "%v", "8 bytes: -1 (int64), 18446744073709551615 (uint64), NaN (float64)"},
		{42, "%d", "42"},
		{-7, "%05d", "-0007"},
		{0.5, "%.2f", "0.50"},
		{42, "%#v", "asynchron.Value(8 bytes: 42 (int64), 2.08e-322 (float64))"},
		{[]byte{200}, "%v", "1 byte: -56 (int8), 200 (uint8)"},
		{[]byte{1, 1}, "%v", "2 bytes: 257 (int16)"},
		{[]byte{0, 'a', 255}, "%v", `3 bytes: "\x00a\xff"`},
		{[]byte{0, 'a', 255}, "%x", "0061ff"},
		{[]byte{0, 'a', 255}, "%s", "\x00a\xff"},
		{point{3}, "%v", "{3}"},
		{point{3}, "%+v", "{X:3}"},
		{point{3}, "%s", "{3}"},
		{point{3}, "%q", `"{3}"`},
		{&point{3}, "%v", "&{3}"},
		{map[string]int{"x": 1}, "%v", "map[x:1]"},
		{true, "%v", "true"},
		{true, "%5t|", " true|"},
		{(*int)(nil), "%v", "<nil>"},
	} {
		_, v := got(t, func(a *Asynchron) error { return a.Set(c.sent) })
		if printed := fmt.Sprintf(c.format, v); printed != c.want {
			t.Errorf("%#v by %s: %q, not %q", c.sent, c.format, printed, c.want)
		}
	}
}

func TestManyBytesThatAreNoTextAreNotAllPrinted(t *testing.T) {
	_, v := got(t, func(a *Asynchron) error { return a.Set(make([]byte, 1<<20)) })
	if printed := fmt.Sprint(v); len(printed) > 500 || !strings.HasPrefix(printed, "1048576 bytes: ") {
		t.Fatalf("%.1000s", printed)
	}
}

func TestStringIsTheBytesOrTheObjectInWords(t *testing.T) {
	_, number := got(t, func(a *Asynchron) error { return a.Set(42) })
	_, object := got(t, func(a *Asynchron) error { return a.Set([]int{1, 2}) })
	if s := number.String(); len(s) != 8 || s != string(number.Bytes()) {
		t.Fatalf("%q", s)
	}
	if s := object.String(); s != "[1 2]" {
		t.Fatalf("%q", s)
	}
}
