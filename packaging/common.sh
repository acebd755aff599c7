# What the scripts here share. They run at the top of the repository.

VERSION=$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml)

# The binary interface is promised for a major version: CONTRIBUTING.md.
MAJOR=${VERSION%%.*}

# The shared library's own file, the name that programs ask for at run time, and the linker's.
case ${CARGO_BUILD_TARGET:-$(uname -s)} in
Darwin | *-apple-*)
    SYSTEM=macos
    FILE=libasynchron.$VERSION.dylib
    SONAME=libasynchron.$MAJOR.dylib
    LINK=libasynchron.dylib
    ;;
*)
    SYSTEM=elf
    FILE=libasynchron.so.$VERSION
    SONAME=libasynchron.so.$MAJOR
    LINK=libasynchron.so
    ;;
esac

fail() {
    printf '%s: %s\n' "$0" "$1" >&2
    exit 1
}
