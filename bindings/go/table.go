// All open waits of the process: one report of the C library, and one goroutine that serves it.

package asynchron

/*
#include "shim.h"
*/
import "C"

import "sync"

// A watch is one asynchron that goroutines wait for, and its entry in the report.
type watch struct {
	c    *C.asynchron_t
	done chan struct{} // closed when it is complete
	// Under the table's lock:
	tag     uintptr
	waiters int
	calls   []func()
	endings map[*Asynchron]*ending // of the handles whose Done was asked for, which they keep
}

// table has every watch whose asynchron is pending, or complete but not yet taken from the report. The report has one
// entry for each, and its reference keeps the address from being used for another.
var table struct {
	sync.Mutex
	report  *C.asynchron_report_t
	watches map[*C.asynchron_t]*watch
	tag     uintptr
}

// join finds or makes the watch of an asynchron, of which the caller holds a reference, and counts one more waiter.
func join(c *C.asynchron_t, call func()) (*watch, error) {
	table.Lock()
	defer table.Unlock()
	w, err := find(c)
	if err != nil {
		return nil, err
	}
	w.waiters++
	if call != nil {
		w.calls = append(w.calls, call)
	}
	return w, nil
}

// find finds or makes the watch of an asynchron. The caller has the table's lock, and counts a waiter.
func find(c *C.asynchron_t) (*watch, error) {
	if w := table.watches[c]; w != nil {
		return w, nil
	}
	if err := begin(); err != nil {
		return nil, err
	}
	table.tag++
	w := &watch{c: c, done: make(chan struct{}), tag: table.tag}
	if status := C.asynchron_go_add(table.report, c, C.uintptr_t(w.tag)); status != C.ASYNCHRON_OK {
		return nil, Status(status)
	}
	table.watches[c] = w
	return w, nil
}

// leave counts one waiter less. The caller still holds a reference, so what the report gives up is not the last one.
func (w *watch) leave() {
	table.Lock()
	defer table.Unlock()
	w.less()
}

// less is leave, for one that has the table's lock.
func (w *watch) less() {
	w.waiters--
	if w.waiters == 0 && table.watches[w.c] == w {
		delete(table.watches, w.c)
		// If it has been taken from the report just now, this finds none, and serve does not find the watch.
		C.asynchron_report_remove(table.report, w.c)
	}
}

// begin makes the report and its goroutine, once. If the system refuses, the next wait tries again.
func begin() error {
	if table.report != nil {
		return nil
	}
	report := C.asynchron_report_create(nil, 0)
	if report == nil {
		return ErrNoMemory
	}
	p, err := newPoller(report)
	if err != nil {
		C.asynchron_report_release(report)
		return err
	}
	table.report, table.watches = report, make(map[*C.asynchron_t]*watch)
	go p.serve(complete, func() bool { return false })
	return nil
}

// complete tells those who wait.
func complete(items []C.asynchron_item_t) bool {
	var of [batch]*watch
	table.Lock()
	for i := range items {
		w := table.watches[items[i].asynchron]
		if w != nil && w.tag == uintptr(items[i].tag) {
			delete(table.watches, w.c)
			of[i] = w
			for _, e := range w.endings {
				e.end()
			}
			w.endings = nil // whose handles have nothing to keep any more
		}
	}
	table.Unlock()
	for _, w := range of[:len(items)] {
		if w != nil {
			close(w.done)
			for _, call := range w.calls {
				go call()
			}
		}
	}
	// Only now may an address be used again.
	C.asynchron_go_release_all(&items[0], C.size_t(len(items)))
	return true
}
