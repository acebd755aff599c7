#!/bin/sh
# Builds both forms of the library as they are installed, into build/lib: optimised as a whole,
# stripped, with a SONAME, and with no path of this machine inside.
#
# They are apart from what `cargo build --release` makes: a SONAME there would be asked for by every
# program that is linked in the build tree, where no file has that name.
set -eu
cd "$(dirname "$0")/.."
. packaging/common.sh

if ! command -v cargo >/dev/null; then
    [ -f "build/lib/$LINK" ] || fail "no cargo on the PATH"
    # `sudo make install`, where only the user has a Rust toolchain.
    echo "no cargo on the PATH: taking what build/lib has from before"
    exit 0
fi

target_dir=${CARGO_TARGET_DIR:-target}/package
out=$target_dir${CARGO_BUILD_TARGET:+/$CARGO_BUILD_TARGET}/release

case $SYSTEM in
macos)
    # The installation gives it the name by which it is found.
    set -- -C link-arg="-Wl,-install_name,@rpath/$SONAME,-headerpad_max_install_names" \
        -C link-arg="-Wl,-current_version,$VERSION,-compatibility_version,$MAJOR"
    ;;
*)
    set -- -C link-arg="-Wl,-soname,$SONAME,-z,defs"
    ;;
esac
# Panics name their source files: those of other crates are below cargo's home, those of Rust's own
# library, where its sources are installed, below the toolchain's.
set -- "$@" --remap-path-prefix="$(pwd)=asynchron" --remap-path-prefix="${CARGO_HOME:-$HOME/.cargo}=cargo" \
    --remap-path-prefix="$(rustc --print sysroot)/lib/rustlib/src/rust=rust"

# Those are for make; cargo would look there for a job server that it is not given.
unset MAKEFLAGS MFLAGS

mkdir -p "$target_dir"
target_dir=$(cd "$target_dir" && pwd)
# Beside cargo's files, so that it is there whenever cargo finds nothing to do.
native=$target_dir/native-static-libs
cargo rustc --release --locked --lib --crate-type cdylib,staticlib --target-dir "$target_dir" \
    --config 'profile.release.strip = "symbols"' -- \
    --print "native-static-libs=$native" "$@"

mkdir -p build/lib
cp "$out/$LINK" "build/lib/$LINK"
if [ "$SYSTEM" = elf ]; then
    # As one object in which only the header's names can be seen from outside. As cargo leaves it,
    # Rust's own library can be seen, too, and a program cannot have two such static libraries.
    "${CC:-cc}" -r -nostdlib -o build/lib/asynchron.o -Wl,-u,asynchron_version \
        -Wl,--force-group-allocation "$out/libasynchron.a"
    "${OBJCOPY:-objcopy}" --strip-debug --localize-hidden \
        --wildcard --keep-global-symbol='asynchron_*' build/lib/asynchron.o
    rm -f build/lib/libasynchron.a
    "${AR:-ar}" rc build/lib/libasynchron.a build/lib/asynchron.o
    rm build/lib/asynchron.o
else
    cp "$out/libasynchron.a" build/lib/libasynchron.a
    "${STRIP:-strip}" -S build/lib/libasynchron.a
fi

# What a program needs beside the static library. The compiler adds libc itself, and libgcc_s as it
# is due: named here, it would bar programs that are static as a whole.
libraries=
for library in $(cat "$native"); do
    case "$library" in
    -lc | -lgcc_s | -lSystem) ;;
    *) libraries="$libraries${libraries:+ }$library" ;;
    esac
done
width=$(rustc ${CARGO_BUILD_TARGET:+--target "$CARGO_BUILD_TARGET"} --print cfg |
    sed -n 's/^target_pointer_width="\(.*\)"$/\1/p')
cat >build/lib/facts.sh <<END
# What packaging/install.sh has to know of the libraries beside it.
NATIVE_LIBRARIES='$libraries'
POINTER_SIZE=$((width / 8))
END
