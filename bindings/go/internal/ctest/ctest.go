// Package ctest has threads of C deliver and wait, for the tests and benchmarks of package asynchron: test files cannot
// use cgo themselves.
package ctest

/*
#cgo pkg-config: asynchron
#cgo CFLAGS: -std=c99 -D_POSIX_C_SOURCE=200809L -Wall
#cgo LDFLAGS: -lpthread
#include "ctest.h"
#include <stdlib.h>
*/
import "C"

import (
	"time"
	"unsafe"
)

// SetLater has a new thread of C deliver the bytes after that time.
func SetLater(a unsafe.Pointer, after time.Duration, b []byte) bool {
	data := C.CBytes(b)
	defer C.free(data)
	return C.asynchron_ctest_set_later((*C.asynchron_t)(a), C.uint64_t(after), data, C.size_t(len(b))) == 0
}

// SetPointer delivers a pointer that is no object of Go's: just a number.
func SetPointer(a unsafe.Pointer, p uintptr) bool {
	return C.asynchron_ctest_set_pointer((*C.asynchron_t)(a), C.uintptr_t(p)) == C.ASYNCHRON_OK
}

// ReleaseThere has a thread of the library's give up one more reference, which is made here.
func ReleaseThere(a unsafe.Pointer) bool {
	return C.asynchron_ctest_release_there(C.asynchron_retain((*C.asynchron_t)(a))) == C.ASYNCHRON_OK
}

// OnDemand makes an asynchron whose value a function of C computes when it is asked for.
func OnDemand() unsafe.Pointer {
	return unsafe.Pointer(C.asynchron_ctest_on_demand())
}

// Number is a value as C reads a uint64_t.
func Number(a unsafe.Pointer) uint64 {
	return uint64(C.asynchron_ctest_number((*C.asynchron_t)(a)))
}

// Pending is how many asynchrons are in a report.
func Pending(r unsafe.Pointer) int {
	return int(C.asynchron_report_pending((*C.asynchron_report_t)(r)))
}

// Get waits in C, as a naive binding does: the goroutine keeps a thread meanwhile.
func Get(a unsafe.Pointer) bool {
	var value C.asynchron_value_t
	return C.asynchron_get((*C.asynchron_t)(a), &value) == C.ASYNCHRON_OK
}
