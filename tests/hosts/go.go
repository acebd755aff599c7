// go.go: Go's cgo: each question that docs/languages.md answers for it.
package main

/*
#include <asynchron.h>
#include "given.h"
#include <stdlib.h>

int32_t throws(asynchron_t *a, void *ctx);
int32_t catches(asynchron_t *a, void *ctx);
void told(asynchron_t *a, void *ctx);
*/
import "C"

import (
	"fmt"
	"os"
	"runtime"
	"time"
	"unsafe"
)

const forever = C.ASYNCHRON_FOREVER
const long = 5000000000

func timer(milliseconds C.uint64_t) *C.asynchron_t {
	return C.asynchron_timer(milliseconds * 1000000)
}

func outcome(function C.asynchron_fn_t) string {
	a := C.asynchron_create(nil)
	C.asynchron_call(a, function, nil)
	if C.asynchron_poll(a) == C.ASYNCHRON_OK {
		return "success"
	}
	var why C.asynchron_error_t
	C.asynchron_error(a, &why)
	return "failure: " + C.GoString(why.message)
}

func arrives() string {
	if C.given_forever(forever) == 1 && C.asynchron_wait(timer(50), forever) == C.ASYNCHRON_OK {
		return "arrives"
	}
	return "lost"
}

// Whether another goroutine comes to end the wait.
func blocking() string {
	a := C.asynchron_create(nil)
	time.AfterFunc(100*time.Millisecond, func() { C.asynchron_cancel(a) })
	if C.asynchron_wait(a, long) == C.ASYNCHRON_OK {
		return "the thread"
	}
	return "all"
}

func interrupt() string {
	fmt.Println("waiting")
	C.asynchron_wait(C.asynchron_create(nil), long)
	return "went on"
}

var done = make(chan struct{})

//export told
func told(a *C.asynchron_t, ctx unsafe.Pointer) {
	close(done)
}

func callback() string {
	C.asynchron_notify(timer(100), C.asynchron_notify_fn_t(C.told), nil)
	select {
	case <-done:
		return "works"
	case <-time.After(10 * time.Second):
		return "lost"
	}
}

func leave() {
	go C.asynchron_wait(C.asynchron_create(nil), forever)
	time.Sleep(300 * time.Millisecond)
	fmt.Println("ending")
	os.Exit(0)
}

//export throws
func throws(a *C.asynchron_t, ctx unsafe.Pointer) C.int32_t {
	panic("no luck")
}

//export catches
func catches(a *C.asynchron_t, ctx unsafe.Pointer) (status C.int32_t) {
	defer func() {
		if why := recover(); why != nil {
			message := C.CString(fmt.Sprint(why))
			status = C.asynchron_fail(a, 1, message)
			C.free(unsafe.Pointer(message))
		}
	}()
	return throws(a, ctx)
}

func main() {
	switch os.Args[1] {
	case "version":
		fmt.Println("Go " + runtime.Version()[len("go"):])
	case "forever":
		fmt.Println(arrives())
	case "max":
		fmt.Println(C.asynchron_forever())
	case "blocking":
		fmt.Println(blocking())
	case "interrupt":
		fmt.Println(interrupt())
	case "callback":
		fmt.Println(callback())
	case "exit":
		leave()
	case "exception":
		fmt.Println(outcome(C.asynchron_fn_t(C.throws)))
	case "caught":
		fmt.Println(outcome(C.asynchron_fn_t(C.catches)))
	}
}
