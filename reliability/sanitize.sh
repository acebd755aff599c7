#!/usr/bin/env bash
# Every example, C and C++ programs of the tests, and stress under AddressSanitizer with leak checking and under
# ThreadSanitizer. The Rust and the C are both instrumented, which planted faults on both sides prove.
#
#     reliability/sanitize.sh        SECONDS_OF_STRESS=60 for longer than 10, 0 for none
#
# Wants a nightly toolchain (`rustup toolchain install nightly --profile minimal`), gcc and g++; no Rust sources.
set -euo pipefail
. "$(dirname "$0")/common.sh"

TRIPLE=x86_64-unknown-linux-gnu
if [ "$(uname -sm)" != "Linux x86_64" ]; then
    echo "skipped: not Linux on x86-64"
    exit 0
fi
export RUSTUP_AUTO_INSTALL=0 # nothing is installed by looking
if ! sysroot=$(rustc +nightly --print sysroot 2>/dev/null); then
    echo "skipped: no nightly toolchain"
    exit 0
fi
if ! command -v gcc >/dev/null || ! command -v g++ >/dev/null; then
    echo "skipped: no gcc and g++"
    exit 0
fi
RUNTIMES=$sysroot/lib/rustlib/$TRIPLE/lib

# library KIND SHORT: build/SHORT.a, instrumented.
library() {
    (cd .. && RUSTFLAGS="-Zsanitizer=$1 -Cunsafe-allow-abi-mismatch=sanitizer -Cforce-frame-pointers=yes" \
        cargo +nightly build --quiet --locked --release --target $TRIPLE --target-dir reliability/build/target)
    cp build/target/$TRIPLE/release/libasynchron.a "build/$2.a"
}

# program SOURCE [NAME]: build/SHORT/NAME, instrumented by gcc, with the runtime of the Rust toolchain.
program() {
    local name compile
    case $1 in
    *.c) name=$(basename "$1" .c) compile="gcc -std=gnu11" ;;
    *.cpp) name=$(basename "$1" .cpp) compile="g++ -std=gnu++20" ;;
    esac
    name=${2:-$name}
    mkdir -p "build/$short"
    $compile -O1 -g -fno-omit-frame-pointer -fsanitize="$kind" -I../include -c "$1" -o "build/$short/$name.o"
    gcc -o "build/$short/$name" "build/$short/$name.o" "build/$short.a" \
        -Wl,--whole-archive "$RUNTIMES/librustc-nightly_rt.$short.a" -Wl,--no-whole-archive \
        -lpthread -ldl -lm -lstdc++ -lgcc_s
}

# run NAME STATUS ARGUMENTS...
run() {
    local name=$1 status=$2
    shift 2
    expect "$name${*:+ $*}" "$status" "build/$short/$name" "$@"
}

everything() {
    kind=$1 short=$2
    echo "== ${kind^}Sanitizer: the library and the programs are built"
    library "$kind" "$short"
    for source in planted/*.c ../examples-c/*.c ../examples-c/*.cpp stress.c \
        ../tests/c/promises/{release_after_wait,last_release,cancelled_thread,exit_while_blocked,exit_while_busy,signals,fork}.c; do
        case $source in *plugin.c) ;; *) program "$source" ;; esac # it wants a shared library, and this one is static
    done
    program ../tests/cpp/main.cpp cpp

    echo "== ${kind^}Sanitizer sees what is planted"
    "planted_$short"

    echo "== ${kind^}Sanitizer: the examples"
    for name in $(examples); do
        [ "$name" = plugin ] || expect_example "$name" "build/$short/$name"
    done

    echo "== ${kind^}Sanitizer: C and C++ programs of the tests"
    run cpp 0
    run release_after_wait 0 20000
    for place in "thread end" callback drop function atexit; do
        run last_release 0 "$place"
    done
    run cancelled_thread 0
    run exit_while_blocked 7
    run exit_while_blocked 7 exit
    for way in return exit callback background; do
        run exit_while_busy 7 $way
    done
    if [ "$short" = asan ]; then
        # ThreadSanitizer starts no threads in a child of several, puts signals off, and has a thread of its own that
        # outlives the program's; and "running" keeps its handles.
        run last_release 0 "first thread end"
        run signals 0
        for way in busy spawned queued nested; do
            run fork 0 $way
        done
    fi

    if [ "$SECONDS_OF_STRESS" -gt 0 ]; then
        echo "== ${kind^}Sanitizer: stress"
        run stress 0 "$SECONDS_OF_STRESS"
        head -n 2 $OUT/printed
    fi
}

planted_asan() {
    expect_caught freed_in_rust heap-use-after-free build/asan/freed_in_rust
    expect_caught "freed_in_rust, inside the library" "#0 .*asynchron_get_timeout" build/asan/freed_in_rust
    expect_caught freed_across heap-use-after-free build/asan/freed_across
    expect_caught leak "detected memory leaks" build/asan/leak
}

planted_tsan() {
    expect_caught race_in_c "data race" build/tsan/race_in_c
    expect_caught race_in_rust "data race" build/tsan/race_in_rust
    expect_caught "race_in_rust, inside the library" "#0 .*asynchron_get" build/tsan/race_in_rust
    expect_caught race_across "data race" build/tsan/race_across
}

export ASAN_OPTIONS=detect_leaks=1:exitcode=66
export TSAN_OPTIONS=suppressions=$PWD/tsan.supp:exitcode=66
everything address asan
everything thread tsan
conclude sanitize
