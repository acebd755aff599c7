// Which contexts cancelled an asynchron: what C has no place for, and all handles of one in Go share.

package asynchron

import (
	"context"
	"sync"
	"sync/atomic"
)

// An origin is a context that ended, as far as it is needed to tell of that.
type origin struct {
	reason string // as C has it
	err    error  // of the context
	cause  error  // which is often the same
}

// originOf is what a context that ended leaves.
func originOf(ctx context.Context) *origin {
	cause := causeOf(ctx)
	return &origin{reason: visible(cause.Error()), err: ctx.Err(), cause: cause}
}

// A family is one asynchron for Go: its handles share it. What it knows may prove wrong, when something else completes
// the asynchron first. So an origin counts only if the asynchron was cancelled with its reason.
type family struct {
	known atomic.Pointer[kin] // nil for most
}

type kin struct {
	sync.Mutex
	origins []*origin
	sources []*family // whose outcome may become this one's
}

func (f *family) kin() *kin {
	if k := f.known.Load(); k != nil {
		return k
	}
	f.known.CompareAndSwap(nil, new(kin))
	return f.known.Load()
}

// learn is called before the call into C that may make it true. Unlearn takes it back, if that was refused.
func (f *family) learn(o *origin) (unlearn func()) {
	k := f.kin()
	k.Lock()
	defer k.Unlock()
	k.origins = append(k.origins, o)
	return func() {
		k.Lock()
		defer k.Unlock()
		k.origins = without(k.origins, o)
	}
}

// derive is as learn, of a source.
func (f *family) derive(source *family) (unlearn func()) {
	k := f.kin()
	k.Lock()
	defer k.Unlock()
	k.sources = append(k.sources, source)
	return func() {
		k.Lock()
		defer k.Unlock()
		k.sources = without(k.sources, source)
	}
}

// without is a list without one of its members, which is there once more often than before.
func without[T comparable](list []T, member T) []T {
	for i := len(list) - 1; i >= 0; i-- {
		if list[i] == member {
			return append(list[:i:i], list[i+1:]...)
		}
	}
	return list
}

// find is the origin of a cancel with that reason, or nil. Sources may lead in a circle.
func (f *family) find(reason string) *origin {
	seen := map[*family]bool{f: true}
	for left := []*family{f}; len(left) > 0; {
		next := left[len(left)-1]
		left = left[:len(left)-1]
		k := next.known.Load()
		if k == nil {
			continue
		}
		k.Lock()
		for _, o := range k.origins {
			if o.reason == reason {
				k.Unlock()
				return o
			}
		}
		for _, source := range k.sources {
			if !seen[source] {
				seen[source] = true
				left = append(left, source)
			}
		}
		k.Unlock()
	}
	return nil
}

// cancelFrom cancels with the reason of an origin, which those who wait in this process get, too.
func (a *Asynchron) cancelFrom(o *origin) error {
	if !a.enter() {
		return ErrReleased
	}
	defer a.leave()
	unlearn := a.family.learn(o)
	err := a.Cancel(o.reason)
	if err != nil {
		unlearn()
	}
	return err
}
