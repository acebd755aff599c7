// What several tests use.

package asynchron

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
	"unsafe"

	"asynchron/internal/ctest"
)

// patience is how long a test waits before a hang is a failure.
const patience = 30 * time.Second

// patient is a context that ends when the test or the patience does.
func patient(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

// made is what a call returned, which must not have been refused.
func made[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// eventually fails the test if it never is so.
func eventually(t testing.TB, what string, so func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !so(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("never: %s", what)
		}
	}
}

// status is a number in a line of /proc/self/status, such as "Threads".
func status(t testing.TB, line string) int {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("only Linux tells")
	}
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range strings.Split(string(text), "\n") {
		if fields := strings.Fields(l); len(fields) > 1 && fields[0] == line+":" {
			return made(strconv.Atoi(fields[1]))
		}
	}
	t.Fatal(fmt.Sprint("no ", line))
	return 0
}

// open is how many watches there are, or how many entries in the report, if that is more.
func open() int {
	table.Lock()
	defer table.Unlock()
	n := len(table.watches)
	if entries := ctest.Pending(unsafe.Pointer(table.report)); entries > n {
		n = entries
	}
	return n
}

// settled is open, when what other tests have completed is dealt with: the report yields in the order of completion.
func settled(t testing.TB) int {
	a := New()
	defer a.Release()
	done := a.Done()
	_ = a.Set(nil)
	<-done
	return open()
}

// waiters is how many wait for one, in this handle or another.
func waiters(a *Asynchron) int {
	table.Lock()
	defer table.Unlock()
	if w := table.watches[a.c]; w != nil {
		return w.waiters
	}
	return 0
}

// kept is how many objects C holds.
func kept() int {
	n := 0
	objects.Range(func(any, any) bool { n++; return true })
	return n
}
