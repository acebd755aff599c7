// go.go: a report in Go. The runtime's own poller watches a duplicate of its descriptor, told by edges.
package main

/*
#cgo LDFLAGS: -lasynchron
#include <asynchron.h>

static inline asynchron_status_t add(asynchron_report_t *r, asynchron_t *a, uintptr_t tag)
{
	return asynchron_report_add(r, a, (void *)tag);
}
*/
import "C"

import (
	"fmt"
	"os"
	"runtime"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	count = 1000
	batch = 64
)

// addTimer adds one that a thread of the library completes.
func addTimer(r *C.asynchron_report_t, tag, milliseconds int) {
	a := C.asynchron_timer(C.uint64_t(milliseconds) * 1000000)
	if C.add(r, a, C.uintptr_t(tag)) != C.ASYNCHRON_OK {
		panic("not added")
	}
	C.asynchron_release(a) // the report keeps it
}

// attach gives the poller a duplicate, which is the caller's to close: the descriptor itself is the report's. Never
// call Fd of what it returns: that makes the descriptor block, for all who share it.
func attach(r *C.asynchron_report_t) *os.File {
	fd, _, failed := syscall.Syscall(syscall.SYS_FCNTL, uintptr(C.asynchron_report_fd(r)), syscall.F_DUPFD_CLOEXEC, 0)
	if failed != 0 {
		panic(failed)
	}
	return os.NewFile(fd, "report")
}

// take takes a batch at most, and has the descriptor ring again for the rest.
func take(r *C.asynchron_report_t, taken []int) C.asynchron_status_t {
	var item C.asynchron_item_t
	for i := 0; i < batch; i++ {
		if what := C.asynchron_report_next(r, 0, &item); what != C.ASYNCHRON_OK {
			return what
		}
		taken[uintptr(item.tag)]++
		C.asynchron_release(item.asynchron)
	}
	C.asynchron_report_rearm(r)
	return C.ASYNCHRON_OK
}

// watch counts how often it rings, and takes nothing. (The first call is no ring.)
func watch(r *C.asynchron_report_t) *atomic.Int64 {
	raw, err := attach(r).SyscallConn()
	if err != nil {
		panic(err)
	}
	calls := new(atomic.Int64)
	calls.Store(-1)
	go raw.Read(func(uintptr) bool {
		calls.Add(1)
		return false
	})
	for calls.Load() < 0 {
		time.Sleep(time.Millisecond)
	}
	return calls
}

func either(first bool, one, other string) string {
	if first {
		return one
	}
	return other
}

func main() {
	fmt.Printf("with: %s\n", runtime.Version())
	var ticks atomic.Int64
	go func() {
		for range time.Tick(5 * time.Millisecond) {
			ticks.Add(1)
		}
	}()

	report := C.asynchron_report_create(nil, 0)
	file := attach(report)
	raw, err := file.SyscallConn()
	if err != nil {
		panic(err)
	}
	for tag := 0; tag < count; tag++ {
		addTimer(report, tag, 1+tag%4*25)
	}
	C.asynchron_report_close(report) // it ends after these

	taken := make([]int, count)
	// Called at once, and each time that the descriptor rings, until it returns true.
	err = raw.Read(func(uintptr) bool { return take(report, taken) == C.ASYNCHRON_END })
	if err != nil {
		panic(err)
	}
	file.Close()
	C.asynchron_report_release(report)
	once, twice := 0, 0
	for _, times := range taken {
		if times == 1 {
			once++
		} else if times > 1 {
			twice++
		}
	}
	fmt.Printf("taken: %d of %d once, %d twice\n", once, count, twice)
	for ticks.Load() < 3 {
		time.Sleep(time.Millisecond)
	}
	fmt.Println("timer: goes on")

	// Against the rule: stop watching first, then release. The duplicate of it stays.
	report = C.asynchron_report_create(nil, 0)
	fd := C.asynchron_report_fd(report)
	gone := watch(report)
	addTimer(report, 0, 0)
	time.Sleep(100 * time.Millisecond)
	fmt.Println("told by:", either(gone.Load() > 10, "level", "edge"))
	gone.Store(0)
	C.asynchron_report_release(report)
	time.Sleep(100 * time.Millisecond)
	fmt.Println("released while watched:", either(gone.Load() > 10, "spins", "nothing"))

	report = C.asynchron_report_create(nil, 0)
	if C.asynchron_report_fd(report) != fd {
		panic("another number")
	}
	again := watch(report)
	addTimer(report, 0, 0)
	time.Sleep(100 * time.Millisecond)
	fmt.Println("number used again:", either(again.Load() > 0, "heard", "not heard"))
}
