#!/bin/sh
# Installs what packaging/build.sh has built, or takes it away.
#
#     packaging/install.sh install|uninstall
#
# Variables, from the environment or the command line of make:
#
#     PREFIX       where everything goes: /usr/local
#     LIBDIR       the libraries: lib; a relative name is below PREFIX
#     INCLUDEDIR   the headers: include
#     MANDIR       the manual: share/man
#     DOCDIR       the license texts, the guides and the examples: share/doc/asynchron
#     DESTDIR      a directory that stands for / while a package is made: none
#     MAN          no: leave out the man pages
set -eu
umask 022
here=$(pwd)
cd "$(dirname "$0")/.."
. packaging/common.sh

# What is to be read: the guides with their pictures, and the examples. Their names have no spaces.
TEXTS=$(echo docs/guide/*.md docs/guide/*.svg examples-c/*.c examples-c/*.cpp examples-c/*.h)

# text_directory FILE: below DOCDIR. The guides name an example as it is named there.
text_directory() {
    basename "$(dirname "$1")"
}

# absolute DIRECTORY BASE: without a slash at its end.
absolute() {
    case $1 in
    /*) printf '%s\n' "$1" ;;
    *) printf '%s\n' "$2/$1" ;;
    esac | sed 's|//*|/|g; s|\(.\)/$|\1|'
}
PREFIX=$(absolute "${PREFIX:-/usr/local}" "$here")
LIBDIR=$(absolute "${LIBDIR:-lib}" "$PREFIX")
INCLUDEDIR=$(absolute "${INCLUDEDIR:-include}" "$PREFIX")
MANDIR=$(absolute "${MANDIR:-share/man}" "$PREFIX")
DOCDIR=$(absolute "${DOCDIR:-share/doc/asynchron}" "$PREFIX")
DESTDIR=${DESTDIR:+$(absolute "$DESTDIR" "$here")}
CMAKEDIR=$LIBDIR/cmake/asynchron
DATADIR=$PREFIX/share/asynchron

# put MODE FILE DIRECTORY [NAME]: under its name at once, so that a program that is running with an
# older one goes on with that.
put() {
    to=$DESTDIR$3/${4:-$(basename "$2")}
    echo "  $to"
    mkdir -p "$DESTDIR$3"
    cp "$2" "$to.new"
    chmod "$1" "$to.new"
    mv -f "$to.new" "$to"
}

# put_link TO DIRECTORY NAME
put_link() {
    echo "  $DESTDIR$2/$3"
    ln -sf "$1" "$DESTDIR$2/$3"
}

# replacement TEXT: as the right half of a substitution.
replacement() {
    printf '%s' "$1" | sed 's/[\\&|]/\\&/g'
}

# put_filled TEMPLATE DIRECTORY: without its .in, with a value for each @NAME@.
put_filled() {
    filled=build/$(basename "$1" .in)
    sed -e "s|@VERSION@|$(replacement "$VERSION")|g" \
        -e "s|@MAJOR@|$(replacement "$MAJOR")|g" \
        -e "s|@FILE@|$(replacement "$FILE")|g" \
        -e "s|@SONAME@|$(replacement "$SONAME")|g" \
        -e "s|@POINTER_SIZE@|$POINTER_SIZE|g" \
        -e "s|@PREFIX@|$(replacement "$(escaped "$PREFIX")")|g" \
        -e "s|@LIBDIR@|$(replacement "$(escaped "$(below "$LIBDIR" '${prefix}')")")|g" \
        -e "s|@INCLUDEDIR@|$(replacement "$(escaped "$(below "$INCLUDEDIR" '${prefix}')")")|g" \
        -e "s|@LIBRARIES@|$(replacement "$NATIVE_LIBRARIES")|g" \
        -e "s|@CMAKE_INCLUDEDIR@|$(replacement "$(below "$INCLUDEDIR" "$(up_from_cmake)")")|g" \
        -e "s|@CMAKE_LIBRARIES@|$(replacement "$(printf '%s' "$NATIVE_LIBRARIES" | tr ' ' ';')")|g" \
        "$1" >"$filled"
    put 644 "$filled" "$2"
    rm "$filled"
}

# below DIRECTORY NAME: the directory with NAME for PREFIX; as it is, if it is elsewhere.
below() {
    case $1 in
    "$PREFIX"/*) printf '%s' "$2/${1#"$PREFIX"/}" ;;
    *) printf '%s' "$1" ;;
    esac
}

# escaped PATH: as pkg-config reads it.
escaped() {
    printf '%s' "$1" | sed 's/ /\\ /g'
}

# The way from the CMake package to PREFIX, so that both may be moved together.
up_from_cmake() {
    case $LIBDIR in
    "$PREFIX"/*)
        printf '${_asynchron_here}'
        printf '%s' "${CMAKEDIR#"$PREFIX"/}" | sed 's|[^/][^/]*|..|g; s|^|/|'
        ;;
    *) printf '%s' "$PREFIX" ;;
    esac
}

install_all() {
    [ -f "build/lib/$LINK" ] && [ -f build/lib/facts.sh ] || fail "nothing is built: run make first"
    . build/lib/facts.sh
    echo "installing asynchron $VERSION"
    put 755 "build/lib/$LINK" "$LIBDIR" "$FILE"
    put_link "$FILE" "$LIBDIR" "$SONAME"
    put_link "$SONAME" "$LIBDIR" "$LINK"
    if [ "$SYSTEM" = macos ]; then
        install_name_tool -id "$LIBDIR/$SONAME" "$DESTDIR$LIBDIR/$FILE"
    fi
    put 644 build/lib/libasynchron.a "$LIBDIR"
    for header in include/asynchron.*; do
        put 644 "$header" "$INCLUDEDIR"
    done
    for header in include/asynchron/*; do
        put 644 "$header" "$INCLUDEDIR/asynchron"
    done
    put_filled packaging/asynchron.pc.in "$LIBDIR/pkgconfig"
    put_filled packaging/asynchron-config.cmake.in "$CMAKEDIR"
    put_filled packaging/asynchron-config-version.cmake.in "$CMAKEDIR"
    put 644 LICENSE-MIT "$DOCDIR"
    put 644 LICENSE-APACHE "$DOCDIR"
    put 644 docs/languages.md "$DOCDIR"
    put 644 packaging/asynchron-tsan.supp "$DATADIR"
    put 644 packaging/asynchron-valgrind.supp "$DATADIR"
    put 644 bindings/asynchron.json "$DATADIR"
    for text in $TEXTS; do
        put 644 "$text" "$DOCDIR/$(text_directory "$text")"
    done
    if [ "${MAN:-}" = no ]; then
        echo "  no man pages, as you asked"
        return
    fi
    [ -f build/man/man3/asynchron.3 ] || fail "the man pages are not made: 'make man' does, or say MAN=no"
    for page in build/man/man3/*.3; do
        put 644 "$page" "$MANDIR/man3"
    done
}

# What has a man page beside the library itself.
functions() {
    sed -n 's/.*\(asynchron_[a-z_]*\)(.*/\1/p' include/asynchron.h | sort -u
}

# Every file by its name; of the directories, those that are nobody else's.
uninstall_all() {
    echo "removing asynchron $VERSION from $DESTDIR$PREFIX"
    for name in "$FILE" "$SONAME" "$LINK" libasynchron.a pkgconfig/asynchron.pc; do
        rm -f "$DESTDIR$LIBDIR/$name"
    done
    rm -f "$DESTDIR$CMAKEDIR/asynchron-config.cmake" "$DESTDIR$CMAKEDIR/asynchron-config-version.cmake"
    rm -f "$DESTDIR$INCLUDEDIR/asynchron.h" "$DESTDIR$INCLUDEDIR/asynchron.hpp" \
        "$DESTDIR$INCLUDEDIR/asynchron.ffi.h"
    for header in include/asynchron/*; do
        rm -f "$DESTDIR$INCLUDEDIR/asynchron/$(basename "$header")"
    done
    for name in asynchron-tsan.supp asynchron-valgrind.supp asynchron.json; do
        rm -f "$DESTDIR$DATADIR/$name"
    done
    for name in LICENSE-MIT LICENSE-APACHE languages.md; do
        rm -f "$DESTDIR$DOCDIR/$name"
    done
    for name in asynchron $(functions); do
        rm -f "$DESTDIR$MANDIR/man3/$name.3"
    done
    for text in $TEXTS; do
        rm -f "$DESTDIR$DOCDIR/$(text_directory "$text")/$(basename "$text")"
    done
    for directory in "$INCLUDEDIR/asynchron" "$CMAKEDIR" "$DATADIR" \
        "$DOCDIR/guide" "$DOCDIR/examples-c" "$DOCDIR"; do
        rmdir "$DESTDIR$directory" 2>/dev/null || :
    done
}

case ${1:-} in
install) install_all ;;
uninstall) uninstall_all ;;
*) fail "say install or uninstall" ;;
esac
