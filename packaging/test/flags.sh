# Programs compiled by hand, and with what pkg-config says, in every standard by both compilers.

STRICT="-Wall -Wextra -pedantic -Werror"

# compile COMPILER STANDARD PROGRAM FLAGS...: the example, or the C++ program of the tests.
compile() {
    local compiler=$1 standard=$2 program=$3 source=$ROOT/examples-c/quick_start.c
    shift 3
    case $standard in
    c++*) source=$ROOT/tests/c/border/program.cpp ;;
    esac
    # shellcheck disable=SC2086 # several flags
    (cd "$WORK" && "$compiler" -std="$standard" $STRICT -O2 "$source" -o "$program" "$@" -pthread)
}

by_hand() {
    compile "$1" "$2" "$WORK/by hand" -I"$PREFIX/include" -L"$PREFIX/lib" -lasynchron \
        -Wl,-rpath,"$PREFIX/lib" -Wl,--no-undefined
    run "$WORK/by hand"
    # It runs with the installed library, and with no other of ours or anybody's.
    ldd "$WORK/by hand" | tee "$WORK/libraries"
    grep -F "$SONAME => $PREFIX/lib/$SONAME " "$WORK/libraries"
    refuse grep -v -E -e 'linux-vdso|ld-linux|lib(c|gcc_s|stdc\+\+|m)\.so\.' -e "$SONAME" "$WORK/libraries"
}

# Of the C++ header, a program may include one room alone.
one_room() {
    "$1" -std="$2" -Wall -Wextra -pedantic -Werror "$ROOT/tests/cpp/one_room.cpp" -o "$WORK/one room" \
        -I"$PREFIX/include" -L"$PREFIX/lib" -lasynchron -pthread
    run "$WORK/one room" LD_LIBRARY_PATH="$PREFIX/lib"
}

found_by_search() {
    compile gcc c99 "$WORK/no rpath" -I"$PREFIX/include" -L"$PREFIX/lib" -lasynchron
    refuse run "$WORK/no rpath"
    run "$WORK/no rpath" LD_LIBRARY_PATH="$PREFIX/lib"
}

# flags PKG-CONFIG'S OPTIONS...: into the array FLAGS; pkg-config escapes the spaces for a shell.
flags() {
    eval "FLAGS=($(PKG_CONFIG_PATH="$PREFIX/lib/pkgconfig" pkg-config "$@" asynchron))"
}

by_pkg_config() {
    flags --cflags --libs
    compile "$1" "$2" "$WORK/by pkg-config" "${FLAGS[@]}"
    run "$WORK/by pkg-config" LD_LIBRARY_PATH="$PREFIX/lib"
    same "$VERSION" "$(PKG_CONFIG_PATH="$PREFIX/lib/pkgconfig" pkg-config --modversion asynchron)"
}

# The directory is moved; pkg-config is told to go by where it finds the file.
by_pkg_config_elsewhere() {
    cp -a "$PREFIX" "$WORK/moved"
    eval "FLAGS=($(PKG_CONFIG_PATH="$WORK/moved/lib/pkgconfig" pkg-config --define-prefix --cflags --libs asynchron))"
    printf '%s\n' "${FLAGS[@]}"
    refuse grep -F "$PREFIX/" <(printf '%s\n' "${FLAGS[@]}")
    compile gcc c99 "$WORK/by pkg-config" "${FLAGS[@]}"
    run "$WORK/by pkg-config" LD_LIBRARY_PATH="$WORK/moved/lib"
    rm -r "$WORK/moved"
}

# On a system that has nothing but its C library, the compiler's, the prefix and the program.
nothing_beside_the_prefix() {
    local system="$WORK/system" file
    compile gcc c99 "$WORK/alone" -I"$PREFIX/include" -L"$PREFIX/lib" -lasynchron -Wl,-rpath,"$PREFIX/lib"
    mkdir -p "$system$WORK"
    cp -a "$PREFIX" "$WORK/alone" "$system$WORK/"
    ldd "$WORK/alone" | grep -o '/[^ ]*\(ld-linux\|libc\|libgcc_s\|libpthread\)[-.][^ ]*' | while read -r file; do
        mkdir -p "$system$(dirname "$file")"
        cp -L "$file" "$system$file"
    done
    find "$system" ! -type d
    timeout -s KILL 60 env -i "$(command -v chroot)" "$system" "$WORK/alone"
}

for compiler in gcc clang; do
    for standard in c99 c11 c17 c2x; do
        try "by hand: $compiler -std=$standard" by_hand $compiler $standard
    done
done
for compiler in g++ clang++; do
    for standard in c++11 c++14 c++17 c++20; do
        try "by hand: $compiler -std=$standard" by_hand $compiler $standard
    done
done
for compiler in g++ clang++; do
    for standard in c++11 c++20; do
        try "one room of the C++ header: $compiler -std=$standard" one_room $compiler $standard
    done
done
try "by hand, found by LD_LIBRARY_PATH" found_by_search
for compiler in gcc clang; do
    try "by pkg-config: $compiler -std=c99" by_pkg_config $compiler c99
done
for compiler in g++ clang++; do
    try "by pkg-config: $compiler -std=c++11" by_pkg_config $compiler c++11
done
try "by pkg-config, from another directory" by_pkg_config_elsewhere
if [ "$(id -u)" -eq 0 ]; then
    try "a program needs nothing beside the prefix" nothing_beside_the_prefix
else
    skip "a program needs nothing beside the prefix: only root can try that, with chroot"
fi
