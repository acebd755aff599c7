// Done: the completion as a channel, which a release closes, too.

package asynchron

/*
#include "shim.h"
*/
import "C"

import (
	"sync"
	"time"
)

// An ending is the channel that Done of one handle gives.
type ending struct {
	ch   chan struct{}
	once sync.Once
}

func (e *ending) end() {
	e.once.Do(func() { close(e.ch) })
}

// ended is what Done gives for one that is complete.
var ended = func() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

// Done is a channel that is closed once a is complete, for a select. Release closes it, too, so that nobody waits for
// ever: Poll tells which it was. From the first Done on, the handle is kept until either of them, also from the garbage
// collector, since the channel may be all that is left of it. A function on demand is not started.
func (a *Asynchron) Done() <-chan struct{} {
	if !a.enter() {
		return ended
	}
	defer a.leave()
	if C.asynchron_poll(a.c) != C.ASYNCHRON_PENDING {
		return ended
	}
	table.Lock()
	defer table.Unlock()
	if e := a.done.Load(); e != nil {
		return e.ch
	}
	e := &ending{ch: make(chan struct{})}
	a.done.Store(e)
	// Release looks for an ending after it has said that it came. So one of the two sees the other.
	if a.guard.released.Load() {
		e.end()
	} else if !a.attach(e) {
		go a.keepTrying(e)
	}
	return e.ch
}

// attach has the completion of a, which the caller has entered, close what Done gave. It is false if the system
// refuses. The caller has the table's lock.
func (a *Asynchron) attach(e *ending) bool {
	w, err := find(a.c)
	if err != nil {
		return false
	}
	w.waiters++
	if w.endings == nil {
		w.endings = make(map[*Asynchron]*ending)
	}
	w.endings[a] = e
	return true
}

// detach is what Release does with an ending, while the handle's reference is still there.
func (a *Asynchron) detach() {
	table.Lock()
	defer table.Unlock()
	a.done.Load().end()
	if w := table.watches[a.c]; w != nil && w.endings[a] != nil {
		delete(w.endings, a)
		w.less()
	}
}

// keepTrying looks after an ending while there is no descriptor or memory for the report. No thread waits meanwhile.
func (a *Asynchron) keepTrying(e *ending) {
	for pause := time.Millisecond; ; pause = longer(pause) {
		time.Sleep(pause)
		if a.settle(e) {
			return
		}
	}
}

// longer keeps a pause short enough for a person who waits.
func longer(pause time.Duration) time.Duration {
	if pause < 50*time.Millisecond {
		pause *= 2
	}
	return pause
}

// settle says whether the ending needs no more looking after.
func (a *Asynchron) settle(e *ending) bool {
	if !a.enter() {
		return true // Release has ended it
	}
	defer a.leave()
	if C.asynchron_poll(a.c) != C.ASYNCHRON_PENDING {
		e.end()
		return true
	}
	table.Lock()
	defer table.Unlock()
	// What was released since is not to be attached: nobody would detach it.
	return a.guard.released.Load() || a.attach(e)
}
