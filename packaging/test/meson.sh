# A Meson project, which goes by pkg-config.

MESON="$WORK/meson project"
mkdir "$MESON"
cp "$ROOT"/packaging/test/meson/* "$ROOT"/examples-c/quick_start.c "$ROOT"/examples-c/check.h \
    "$ROOT"/tests/c/border/program.cpp "$MESON/"

# by_meson STATIC
by_meson() {
    local build="$WORK/meson build"
    rm -rf "$build"
    PKG_CONFIG_PATH="$PREFIX/lib/pkgconfig" meson setup -Dstatic="$1" "$build" "$MESON"
    meson compile -C "$build"
    LD_LIBRARY_PATH="$PREFIX/lib" meson test -C "$build" --print-errorlogs
    if [ "$1" = true ]; then
        holds_it "$build/quick_start"
    else
        LC_ALL=C readelf -dW "$build/quick_start" | grep -F "[$SONAME]"
    fi
}

try "Meson, shared" by_meson false
try "Meson, static" by_meson true
