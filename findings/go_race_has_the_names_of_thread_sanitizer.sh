#!/usr/bin/env bash
# A Go program that was built with -race has __tsan_acquire for shared libraries; but it is another function.
#
# A library that was not built for ThreadSanitizer can still tell it what orders memory, by __tsan_acquire(address) and
# __tsan_release(address) of <sanitizer/tsan_interface.h>, if a weak reference says that they are there. Go's race
# detector is made of the same sources. Its functions of these names take two arguments, the thread and the address:
# see racecall(&__tsan_acquire, ...) in src/runtime/race.go of Go. The linker finds them for the weak references:
#
#   Go 1.19.8 and 1.27.3, go build          both missing
#   Go 1.19.8 and 1.27.3, go build -race    both found, and so is __tsan_go_start
#
# A library that calls them as the header says gives an address for a thread, and the program ends with SIGSEGV. So look
# for __tsan_go_start, too, which Go's runtime alone has, and call neither of the others if it is there.
# Packages: Debian's golang-1.19-go 1.19.8-2, or the Go that comes first on the PATH. The script calls none of these
# functions, and fails if an answer changes.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
if ! command -v go >/dev/null || ! command -v cc >/dev/null; then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends golang-go gcc libc6-dev >/dev/null
fi

cat >library.c <<'END'
extern void __tsan_acquire(void *) __attribute__((weak));
extern void __tsan_release(void *) __attribute__((weak));
extern void __tsan_go_start(void) __attribute__((weak));
int found(void) { return (__tsan_acquire != 0) + (__tsan_release != 0) * 2 + (__tsan_go_start != 0) * 4; }
END
cc -shared -fPIC library.c -o libthing.so
cat >go.mod <<'END'
module thing

go 1.19
END
cat >main.go <<'END'
package main

/*
#cgo LDFLAGS: -lthing
int found(void);
*/
import "C"

import "fmt"

func main() {
	fmt.Println(C.found())
}
END
export LIBRARY_PATH=$work LD_LIBRARY_PATH=$work

# expect SUM FLAG…: 1 and 2 for __tsan_acquire and __tsan_release, 4 for __tsan_go_start
expect() {
    local answer=$1 got
    shift
    go build "$@" -o program .
    got=$(./program)
    echo "go build${*:+ $*}: $got"
    [ "$got" = "$answer" ] || { echo "this is new"; exit 1; }
}

go version
expect 0
expect 7 -race
