#!/usr/bin/env bash
# Whether `cargo cinstall` gives what `make install` does, but for the CMake package.
#
#     packaging/cargo-c.sh
#
# Not part of .ci/run: where there is no cargo-c, it takes many minutes to compile.
set -euo pipefail
cd "$(dirname "$0")/.."
. packaging/common.sh
. packaging/test/common.sh

command -v cargo-cinstall >/dev/null || fail "no cargo-c: cargo install cargo-c"
OTHER="$WORK/by cargo-c"

# From the same state of the man pages.
make -s install PREFIX="$PREFIX" MAN="$MAN"
cargo cinstall --release --locked --target-dir "${CARGO_TARGET_DIR:-target}/cargo-c" \
    --prefix "$OTHER" --libdir "$OTHER/lib" --datarootdir "$OTHER/share"

names() {
    (cd "$1" && find . ! -type d -printf '%P\n' | grep -v '^lib/cmake/' | LC_ALL=C sort)
}

same_names() {
    same "$(names "$PREFIX")" "$(names "$OTHER")"
}

same_soname() {
    LC_ALL=C readelf -dW "$OTHER/lib/$FILE" | grep -F "[$SONAME]"
    same "$FILE" "$(basename "$(readlink -f "$OTHER/lib/$SONAME")")"
    same "$FILE" "$(basename "$(readlink -f "$OTHER/lib/$LINK")")"
}

same_headers() {
    diff -r "$PREFIX/include" "$OTHER/include"
    diff -r "$PREFIX/share" "$OTHER/share"
}

program() {
    gcc -std=c99 -I"$OTHER/include" examples-c/quick_start.c -L"$OTHER/lib" -lasynchron -o "$WORK/program"
    run "$WORK/program" LD_LIBRARY_PATH="$OTHER/lib"
    grep -x "Version: $VERSION" "$OTHER/lib/pkgconfig/asynchron.pc"
    grep '^Libs.private: .*-lpthread' "$OTHER/lib/pkgconfig/asynchron.pc"
}

try "the same names" same_names
try "the same SONAME" same_soname
try "the same headers and texts" same_headers
try "a program runs with it" program
conclude
