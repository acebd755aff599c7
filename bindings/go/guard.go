// How long what belongs to C is valid.

package asynchron

import "sync/atomic"

// A guard counts the calls that use something, so that a release in between is safe.
type guard struct {
	// users counts the release, until that comes, and the calls that are under way. The last of them frees.
	users    atomic.Int32
	released atomic.Bool
}

// open makes it valid.
func (g *guard) open() {
	g.users.Store(1)
}

// enter says whether it is valid, and keeps it so until leave.
func (g *guard) enter() bool {
	if g.released.Load() {
		return false
	}
	for {
		users := g.users.Load()
		if users == 0 {
			return false
		}
		if g.users.CompareAndSwap(users, users+1) {
			return true
		}
	}
}

// leave says whether it is now to be freed.
func (g *guard) leave() bool {
	return g.users.Add(-1) == 0
}

// release says whether this is the first one of what was opened; it has then to leave. A zero value was never opened.
func (g *guard) release() bool {
	return g.users.Load() != 0 && g.released.CompareAndSwap(false, true)
}
