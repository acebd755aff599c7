// Strings for C.

package asynchron

import "C"

import (
	"strings"
	"unsafe"
)

// text is a string for the length of a call. C has NUL for the end, so one inside becomes U+2400, which shows as such.
// It lies in Go's memory: no allocation of C's can fail.
func text(s string) *C.char {
	s = visible(s)
	b := make([]byte, len(s)+1)
	copy(b, s)
	return (*C.char)(unsafe.Pointer(&b[0]))
}

// visible is a string without NULs.
func visible(s string) string {
	if strings.IndexByte(s, 0) >= 0 {
		s = strings.ReplaceAll(s, "\x00", "\u2400")
	}
	return s
}
