// Several as one.

package asynchron

/*
#include "shim.h"
*/
import "C"

// Flags are how All, Any and Race go on.
type Flags uint64

// CancelRest has every source that is still pending cancelled, with the reason "unneeded", once the group is complete.
const CancelRest Flags = C.ASYNCHRON_CANCEL_REST

// All is complete, with the empty value, once all of several have a value. If one fails or is cancelled, it ends so at
// once.
func All(flags Flags, as ...*Asynchron) (*Asynchron, error) {
	return group(as, func(cs []*C.asynchron_t) *C.asynchron_t {
		if len(cs) == 0 {
			return C.asynchron_all(nil, 0, nil, C.uint64_t(flags))
		}
		return C.asynchron_all(&cs[0], C.size_t(len(cs)), nil, C.uint64_t(flags))
	}, flags, 0)
}

// Any is complete as the first of several that has a value. If none has one, it ends as the last of them does.
func Any(flags Flags, as ...*Asynchron) (*Asynchron, error) {
	return group(as, func(cs []*C.asynchron_t) *C.asynchron_t {
		return C.asynchron_any(&cs[0], C.size_t(len(cs)), nil, C.uint64_t(flags))
	}, flags, 1)
}

// Race is complete as the first of several that is complete: with its value, its failure or its cancel.
func Race(flags Flags, as ...*Asynchron) (*Asynchron, error) {
	return group(as, func(cs []*C.asynchron_t) *C.asynchron_t {
		return C.asynchron_race(&cs[0], C.size_t(len(cs)), nil, C.uint64_t(flags))
	}, flags, 1)
}

// group holds all handles for the length of a call.
func group(as []*Asynchron, call func([]*C.asynchron_t) *C.asynchron_t, flags Flags, least int) (*Asynchron, error) {
	if len(as) < least || flags&^CancelRest != 0 {
		return nil, ErrInvalid
	}
	cs, f := make([]*C.asynchron_t, 0, len(as)), new(family)
	for _, a := range as {
		if !a.enter() {
			return nil, ErrReleased
		}
		defer a.leave()
		cs = append(cs, a.c)
		f.derive(a.family)
	}
	c := call(cs)
	if c == nil {
		return nil, ErrNoMemory
	}
	return adoptInto(c, f), nil
}
