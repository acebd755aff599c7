// What the race detector is told. It does not see what happens in C.

//go:build race

package asynchron

import (
	"runtime"
	"unsafe"
)

var order uintptr

// published: what this goroutine did before is seen by whoever collects later.
func published() {
	runtime.RaceReleaseMerge(unsafe.Pointer(&order))
}

// collected: what was done before a delivery is seen here.
func collected() {
	runtime.RaceAcquire(unsafe.Pointer(&order))
}
