#!/usr/bin/env bash
# Builds the library for other processors with the oldest Rust that it wants, and runs the examples and the
# tests' C programs with it: i386 (32 bits) natively, the others under qemu: arm64, armhf (32 bits), and s390x,
# which has the most significant byte first.
#
#     packaging/targets.sh [i386|arm64|armhf|s390x]...     all of them
#
# For Debian 12 on amd64. Rust and its libraries are Debian's, unpacked below build/targets; cross compilers and
# qemu-user are installed, as root. Programs that fork are not run under qemu.
set -euo pipefail
cd "$(dirname "$0")/.."
. packaging/common.sh

[ "$(dpkg --print-architecture 2>/dev/null)" = amd64 ] || fail "this is for Debian on amd64"
[ $# -gt 0 ] || set -- i386 arm64 armhf s390x
ROOT=$PWD
HERE=$ROOT/build/targets
RUST=$HERE/rust/usr
mkdir -p "$HERE"

# facts ARCHITECTURE: Rust's name for it, GNU's, and how a program of it is run.
facts() {
    case $1 in
    i386) rust=i686-unknown-linux-gnu gnu=i686-linux-gnu ;;
    arm64) rust=aarch64-unknown-linux-gnu gnu=aarch64-linux-gnu qemu=aarch64 ;;
    armhf) rust=armv7-unknown-linux-gnueabihf gnu=arm-linux-gnueabihf qemu=arm ;;
    s390x) rust=s390x-unknown-linux-gnu gnu=s390x-linux-gnu qemu=s390x ;;
    *) fail "unknown architecture: $1" ;;
    esac
    case $1 in
    i386) runner=("/usr/$gnu/lib/ld-linux.so.2" --library-path "/usr/$gnu/lib") ;;
    *) runner=("qemu-$qemu" -L "/usr/$gnu") ;;
    esac
}

install_tools() {
    local packages="libllvm19 qemu-user" architecture
    for architecture; do
        facts "$architecture"
        packages="$packages gcc-$gnu g++-$gnu libc6-dev-$architecture-cross"
    done
    # shellcheck disable=SC2086 # a list of packages
    if ! dpkg -s $packages >/dev/null 2>&1; then
        apt-get update
        DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $packages
    fi
}

# Not installed: a package of Rust's library for another processor would want libraries of that processor, in
# just the versions that are installed for this one.
unpack_rust() {
    local options architecture version packages=()
    [ -x "$RUST/bin/rustc" ] || packages+=(libstd-rust-web-1.85 rustc-web libstd-rust-web-dev)
    options=(-q -o "Dir::State::lists=$HERE/lists" -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache=
        -o APT::Sandbox::User=root -o APT::Architectures::=amd64)
    for architecture; do
        facts "$architecture"
        [ ! -d "$RUST/lib/rustlib/$rust" ] || continue
        options+=(-o "APT::Architectures::=$architecture")
        packages+=("libstd-rust-web-dev:$architecture")
    done
    [ ${#packages[@]} -gt 0 ] || return 0
    rm -rf "$HERE/debs"
    mkdir -p "$HERE/lists/partial" "$HERE/debs"
    # A list that is not needed may be missing for a moment.
    apt-get "${options[@]}" update || echo "not all lists are there"
    version=$(apt-cache "${options[@]}" madison rustc-web | awk '$3 ~ /^1\.85\./ && !v { v = $3 } END { print v }')
    [ -n "$version" ] || fail "there is no Rust 1.85 in Debian's lists"
    (cd "$HERE/debs" && apt-get "${options[@]}" download "${packages[@]/%/=$version}")
    for package in "$HERE"/debs/*.deb; do
        dpkg -x "$package" "$HERE/rust"
    done
    rm -rf "$HERE/debs"
}

# The compiler finds its own libraries; what it starts must not take them for the system's.
cat >"$HERE/rustc" <<END
#!/bin/sh
LD_LIBRARY_PATH='$RUST/lib/x86_64-linux-gnu' exec '$RUST/bin/rustc' "\$@"
END
chmod +x "$HERE/rustc"
export RUSTC=$HERE/rustc
unset RUSTC_WRAPPER CARGO_BUILD_TARGET CARGO_TARGET_DIR

build() {
    local architecture variable targets=()
    for architecture; do
        facts "$architecture"
        targets+=(--target "$rust")
        variable=$(printf '%s' "CARGO_TARGET_${rust}_LINKER" | tr 'a-z-' 'A-Z_')
        export "$variable=$gnu-gcc"
    done
    # As it is for this processor, too.
    cargo check --release --locked --lib --target-dir "$HERE/out"
    cargo build --release --locked --lib --target-dir "$HERE/out" "${targets[@]}"
}

# check NAME ARGUMENT...: it must end well, in time, and say nothing on standard error.
failed=0
count=0
check() {
    local name=$1 got=0
    shift
    count=$((count + 1))
    (cd "$ROOT/examples-c" && timeout -s KILL 170 "${runner[@]}" "$programs/$name" "$@") \
        >"$programs/printed" 2>"$programs/complained" </dev/null || got=$?
    if [ "$got" -ne "${expect:-0}" ] || [ -s "$programs/complained" ]; then
        failed=$((failed + 1))
        echo "FAILED  $name $* (status $got)"
        tail -n 20 "$programs/printed" "$programs/complained"
    fi
}

# compile STANDARD FILE FLAG...
compile() {
    local program compiler=$gnu-gcc standard=$1 source=$2
    shift 2
    program=$programs/$(basename "${source%.*}")
    case $source in *.cpp) compiler=$gnu-g++ ;; esac
    "$compiler" -std="$standard" -O2 -Wall -Wextra -Werror -Iinclude "$@" -o "$program" "$source" \
        -L"$libraries" -Wl,-rpath,"$libraries" -lasynchron -pthread -ldl -lm
}

run_all() {
    local architecture=$1 source place libraries programs
    facts "$architecture"
    libraries=$HERE/out/$rust/release
    programs=$HERE/programs/$architecture
    mkdir -p "$programs"
    count=0
    for source in examples-c/*.c; do
        case $source in *_plugin.c) continue ;; esac # loaded by another
        compile c99 "$source"
        case $source in */cksum.c | */plugin.c) ;; *) check "$(basename "$source" .c)" ;; esac
    done
    compile c99 examples-c/collatz_plugin.c -fPIC -shared
    check plugin "$programs/collatz_plugin"
    for source in examples-c/*.cpp; do
        # Only coroutines want more than the oldest standard.
        case $source in *_coroutine.cpp) compile c++20 "$source" ;; *) compile c++11 "$source" ;; esac
        check "$(basename "$source" .cpp)"
    done
    # Its sums, in whatever order.
    (cd examples-c && cksum -- *.c | sort) >"$programs/expected"
    # shellcheck disable=SC2046 # names without spaces
    check cksum $(cd examples-c && echo *.c)
    sort "$programs/printed" | cmp - "$programs/expected"
    for source in prototypes options; do
        compile c99 "tests/c/border/$source.c"
        check "$source"
    done
    for source in no_memory no_allocation release_after_wait last_release small_stack cancelled_thread \
        signals last_line neutral_threads; do
        compile gnu11 "tests/c/promises/$source.c"
    done
    for source in no_memory no_allocation release_after_wait small_stack cancelled_thread signals last_line \
        neutral_threads; do
        check "$source"
    done
    for place in "thread end" "first thread end" callback drop function atexit; do
        check last_release "$place"
    done
    # What needs the true kernel's or the true loader's ways.
    if [ "$architecture" = i386 ]; then
        for source in exit_while_busy fork_and_return fork clock_jumps loaded_without_memory unload; do
            compile gnu11 "tests/c/promises/$source.c"
        done
        check fork_and_return
        for place in busy running spawned queued nested; do
            check fork "$place"
        done
        check clock_jumps
        check loaded_without_memory "$libraries/libasynchron.so"
        check unload "$libraries/libasynchron.so"
        for place in return exit callback background; do
            expect=7 check exit_while_busy "$place"
        done
    fi
    echo "$architecture: $count runs"
}

install_tools "$@"
unpack_rust "$@"
build "$@"
for architecture; do
    run_all "$architecture"
done
echo "took $((SECONDS / 60)) min $((SECONDS % 60)) s"
[ "$failed" -eq 0 ] || fail "$failed failed"
