#!/usr/bin/env bash
# The Debian packages, from packaging/debian.
#
#     packaging/debian.sh build   builds them into build/debian, and looks at them with lintian
#     packaging/debian.sh test    installs them on this machine, as root, uses them, removes them
#
# Wants dpkg-dev, debhelper, fakeroot and lintian. Debian's cargo is used, or whichever is first on
# the PATH; that one is none of dpkg's packages, so dpkg is not asked whether it is there.
set -euo pipefail
cd "$(dirname "$0")/.."
. packaging/common.sh

OUT=$PWD/build/debian

# The files of this repository: those that git knows, or, without git, all but what was built.
sources() {
    git ls-files -z 2>/dev/null | grep -z . || find . \( -name .git -o -name target -o -name build \) -prune -o \
        ! -type d -printf '%P\0'
}

build() {
    local tree=$OUT/asynchron-$VERSION
    case $(dpkg-parsechangelog -l packaging/debian/changelog -S Version) in
    "$VERSION"-*) ;;
    *) fail "packaging/debian/changelog is not that of $VERSION" ;;
    esac
    rm -rf "$OUT"
    mkdir -p "$tree"
    sources | xargs -0 sh -c 'for f do if test -e "$f"; then printf "%s\0" "$f"; fi; done' sh |
        tar -c --null -T - | tar -x -C "$tree"
    tar -cJ -C "$OUT" -f "$OUT/asynchron_$VERSION.orig.tar.xz" "asynchron-$VERSION"
    cp -r packaging/debian "$tree/debian"

    # debhelper gives the build another home; the toolchain and what it has fetched are in this one.
    export CARGO_HOME=${CARGO_HOME:-$HOME/.cargo} RUSTUP_HOME=${RUSTUP_HOME:-$HOME/.rustup}
    # What is compiled for this tree does for that one.
    CARGO_TARGET_DIR=$(mkdir -p "${CARGO_TARGET_DIR:-target}" && cd "${CARGO_TARGET_DIR:-target}" && pwd)
    export CARGO_TARGET_DIR
    (cd "$tree" && dpkg-buildpackage --unsigned-source --unsigned-changes --no-check-builddeps)
    # No bug of Debian's asks for the package yet.
    lintian --allow-root --fail-on error,warning --suppress-tags initial-upload-closes-no-bugs "$OUT"/*.changes
    ls -l "$OUT"/*.deb
}

try_them() {
    local work
    [ "$(id -u)" -eq 0 ] || fail "only root installs packages"
    if dpkg -s libasynchron0 >/dev/null 2>&1; then
        fail "libasynchron0 is installed here already: not touched"
    fi
    work=$(mktemp -d)
    # shellcheck disable=SC2064 # the directory of now
    trap "dpkg --purge libasynchron-dev libasynchron0 >/dev/null; rm -rf '$work'" EXIT
    dpkg --install "$OUT"/libasynchron0_*.deb "$OUT"/libasynchron-dev_*.deb
    cp examples-c/quick_start.c examples-c/check.h tests/c/border/program.cpp tests/cpp/one_room.cpp "$work"
    (
        cd "$work"
        cc quick_start.c -lasynchron
        env -i ./a.out
        for program in program.cpp one_room.cpp; do
            c++ "$program" -lasynchron
            env -i ./a.out
        done
        ldd a.out | grep "$SONAME => /.*/$SONAME "
        # shellcheck disable=SC2046 # several flags
        cc quick_start.c $(pkg-config --cflags --libs --static asynchron) -static
        env -i ./a.out
    )
    dpkg --purge libasynchron-dev libasynchron0
    trap - EXIT
    rm -rf "$work"
    if dpkg -s libasynchron0 >/dev/null 2>&1; then
        fail "libasynchron0 does not go away"
    fi
    echo "the packages were installed, used and removed"
}

case ${1:-} in
build) build ;;
test) try_them ;;
*) fail "say build or test" ;;
esac
