// How a value is printed: for people. What programs want, the methods of Value say.

package asynchron

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// shown is how many bytes that are no text are printed.
const shown = 64

// String is the bytes as a string, whatever they are. Of an object it is what fmt.Sprint says. A number comes as its
// bytes: see Int64. To print a value give fmt the Value itself: see Format.
func (v Value) String() string {
	switch {
	case v.held:
		return fmt.Sprint(v.object)
	case v.c != nil:
		return fmt.Sprint(v.c)
	}
	return string(v.bytes)
}

// Format prints a value, for package fmt.
//
// An object is printed as fmt does; %s and %q print String. Of all else, %v and fmt.Println print text as it is. Bytes
// do not say what they are: so what is no text is printed with its length, and if it is as long as a number, as every
// number that it may be:
//
//	8 bytes: 42 (int64), 2.08e-322 (float64)
//
// %d prints Int64, %e, %f and %g print Float64, and %s, %q, %x and %X print the bytes.
func (v Value) Format(f fmt.State, verb rune) {
	var what any = v.bytes
	switch {
	case v.held && (verb == 's' || verb == 'q'):
		what = v.String()
	case v.held:
		what = v.object
	case v.c != nil:
		what = v.c
	case verb == 'v':
		what = v.forPeople()
		if f.Flag('#') {
			what = fmt.Sprintf("asynchron.Value(%s)", what)
		}
		fmt.Fprintf(f, "%"+options(f, "-")+"s", what)
		return
	case verb == 'd':
		if n, err := v.Int64(); err == nil {
			what = n
		}
	case strings.ContainsRune("eEfFgG", verb):
		if x, err := v.Float64(); err == nil {
			what = x
		}
	}
	fmt.Fprintf(f, "%"+options(f, "+-# 0")+string(verb), what)
}

// options are the flags among those that are allowed, the width and the precision, as they stand in a format.
func options(f fmt.State, allowed string) string {
	var s strings.Builder
	for _, flag := range allowed {
		if f.Flag(int(flag)) {
			s.WriteRune(flag)
		}
	}
	if width, ok := f.Width(); ok {
		s.WriteString(strconv.Itoa(width))
	}
	if precision, ok := f.Precision(); ok {
		s.WriteString("." + strconv.Itoa(precision))
	}
	return s.String()
}

// forPeople is bytes as text, as numbers, or quoted.
func (v Value) forPeople() string {
	if isText(v.bytes) {
		return string(v.bytes)
	}
	if n, err := v.Int64(); err == nil {
		return v.asNumbers(n)
	}
	if len(v.bytes) > shown {
		return fmt.Sprintf("%d bytes: %q and so on", len(v.bytes), v.bytes[:shown])
	}
	return fmt.Sprintf("%d bytes: %q", len(v.bytes), v.bytes)
}

// asNumbers is all numbers that bytes of that length may be.
func (v Value) asNumbers(n int64) string {
	bits := 8 * len(v.bytes)
	unit := "bytes"
	if bits == 8 {
		unit = "byte"
	}
	s := fmt.Sprintf("%d %s: %d (int%d)", len(v.bytes), unit, n, bits)
	if n < 0 {
		u, _ := v.Uint64()
		s += fmt.Sprintf(", %d (uint%d)", u, bits)
	}
	if x, err := v.Float64(); err == nil {
		s += fmt.Sprintf(", %s (float%d)", strconv.FormatFloat(x, 'g', -1, bits), bits)
	}
	return s
}

// isText says whether bytes are UTF-8 without control characters other than those that text has.
func isText(b []byte) bool {
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n == 1 || !unicode.IsPrint(r) && !unicode.IsSpace(r) {
			return false
		}
		b = b[n:]
	}
	return true
}
