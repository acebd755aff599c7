// The channel of a report, and the goroutine that fills it.

package asynchron

/*
#include "shim.h"
*/
import "C"

// noItems is the channel of a report that was released before anyone asked for it.
var noItems = func() chan Item {
	c := make(chan Item)
	close(c)
	return c
}()

// C is the channel, always the same, for any number of goroutines. It is closed when a closed report has yielded all,
// and by Release. From the first C on, a goroutine keeps the report until then. So call Close or Release.
func (r *Report) C() <-chan Item {
	if r == nil {
		return noItems
	}
	r.lock.Lock()
	defer r.lock.Unlock()
	if r.begun {
		return r.ch
	}
	if !r.enter() {
		return noItems
	}
	r.begun = true
	go r.fill()
	return r.ch
}

// fill has entered the report.
func (r *Report) fill() {
	defer r.leave()
	defer close(r.ch)
	r.poller.serve(r.yield, r.closed.Load)
}

// yield sends items, and says whether to go on. Each item has the report's reference.
func (r *Report) yield(items []C.asynchron_item_t) bool {
	goOn := true
	for i := range items {
		r.lock.Lock()
		of := r.tags[items[i].asynchron]
		delete(r.tags, items[i].asynchron)
		r.lock.Unlock()
		a := adoptInto(items[i].asynchron, of.family)
		select {
		case r.ch <- Item{A: a, Tag: of.tag}:
		case <-r.quit:
			a.Release()
			goOn = false
		}
	}
	return goOn
}
