// Go values that the C library holds: by the address of one byte of C's memory, which nobody else can have.

package asynchron

/*
#include "shim.h"
*/
import "C"

import (
	"sync"
	"unsafe"
)

// objects has what each address stands for. A cgo.Handle would not do as the pointer: it is a small number, which
// another language may deliver as well, and this package has to tell its own values from others.
var objects sync.Map

// box keeps an object for C. It is nil without memory.
func box(object any) unsafe.Pointer {
	address := C.asynchron_go_box()
	if address != nil {
		objects.Store(uintptr(address), object)
	}
	return address
}

// objectAt is what an address from C stands for, if that is Go's.
func objectAt(address unsafe.Pointer) (any, bool) {
	if address == nil {
		return nil, false
	}
	return objects.Load(uintptr(address))
}

// asynchronGoForget is the drop: C frees the address. It comes on whatever thread is done with the value last, also on
// one that Go did not make. It takes no lock that is held around a call into C.
//
//export asynchronGoForget
func asynchronGoForget(address C.uintptr_t) {
	objects.Delete(uintptr(address))
}
