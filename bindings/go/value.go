// What a wait returns: a value that stays valid when the handle goes.

package asynchron

/*
#include "shim.h"
*/
import "C"

import (
	"encoding/binary"
	"math"
	"unsafe"
)

// A Value is what was delivered: bytes, which are a copy, or an object of Go, which is the same one. The zero Value is
// the empty value.
type Value struct {
	bytes  []byte
	object any
	held   bool
	c      unsafe.Pointer
}

// valueOf copies a value out of C.
func valueOf(o *C.asynchron_go_outcome_t) Value {
	if o.len > 0 {
		bytes := make([]byte, o.len)
		copy(bytes, unsafe.Slice((*byte)(o.data), int(o.len)))
		return Value{bytes: bytes}
	}
	if object, ok := objectAt(o.data); ok {
		return Value{object: object, held: true}
	}
	return Value{c: o.data}
}

// Bytes are the bytes, yours to change; nil if it is empty, or an object.
func (v Value) Bytes() []byte {
	return v.bytes
}

// Object is the Go value that Set was given, if it was one that is not delivered as bytes. It is nil otherwise.
func (v Value) Object() any {
	return v.object
}

// IsEmpty says whether it is the empty value.
func (v Value) IsEmpty() bool {
	return len(v.bytes) == 0 && !v.held && v.c == nil
}

// Pointer is a pointer that C delivered by asynchron_set_pointer: valid while you hold the handle. It is nil for all
// else.
func (v Value) Pointer() unsafe.Pointer {
	return v.c
}

// Uint64 is a number without a sign of 1, 2, 4 or 8 bytes, in the order of this machine, as C delivers one. Any other
// length is ErrInvalid.
func (v Value) Uint64() (uint64, error) {
	switch len(v.bytes) {
	case 1:
		return uint64(v.bytes[0]), nil
	case 2:
		return uint64(native.Uint16(v.bytes)), nil
	case 4:
		return uint64(native.Uint32(v.bytes)), nil
	case 8:
		return native.Uint64(v.bytes), nil
	}
	return 0, ErrInvalid
}

// Int64 is as Uint64, for a number with a sign.
func (v Value) Int64() (int64, error) {
	n, err := v.Uint64()
	shift := 64 - 8*uint(len(v.bytes))
	return int64(n<<shift) >> shift, err
}

// Float64 is a double of 8 bytes or a float of 4.
func (v Value) Float64() (float64, error) {
	switch len(v.bytes) {
	case 4:
		return float64(math.Float32frombits(native.Uint32(v.bytes))), nil
	case 8:
		return math.Float64frombits(native.Uint64(v.bytes)), nil
	}
	return 0, ErrInvalid
}

// native is the order of bytes of this machine.
var native = func() binary.ByteOrder {
	one := uint16(1)
	if *(*byte)(unsafe.Pointer(&one)) == 1 {
		return binary.LittleEndian
	}
	return binary.BigEndian
}()
