# Programs with the static library.

# holds_it PROGRAM: the library is inside.
holds_it() {
    refuse grep -F libasynchron <(LC_ALL=C readelf -dW "$1")
    nm "$1" | grep -E ' T asynchron_create$'
}

# Taken by its file's name, since the linker prefers the shared one beside it.
with_static_library() {
    flags --static --cflags --libs
    compile "$1" "$2" "$WORK/static library" "${FLAGS[@]/#-lasynchron/-l:libasynchron.a}"
    run "$WORK/static library"
    holds_it "$WORK/static library"
}

static_as_a_whole() {
    flags --static --cflags --libs
    compile "$1" "$2" "$WORK/static" -static "${FLAGS[@]}"
    run "$WORK/static"
    holds_it "$WORK/static"
    refuse grep -w INTERP <(LC_ALL=C readelf -lW "$WORK/static")
}

# It is one among others: nothing but the header's names can be seen from outside.
only_our_names() {
    same "$(declared)" "$(nm --defined-only --extern-only --format=posix "$PREFIX/lib/libasynchron.a" |
        awk '$2 ~ /^[A-Z]$/ { print $1 }' | LC_ALL=C sort)"
}

two_rust_libraries() {
    cp "$ROOT/packaging/test/two"/* "$WORK/"
    (cd "$WORK" && rustc -O --crate-type staticlib other.rs -o libother.a)
    flags --static --cflags --libs
    gcc -std=c99 "$WORK/two.c" -o "$WORK/two" "${FLAGS[@]/#-lasynchron/-l:libasynchron.a}" "$WORK/libother.a" -lm -ldl
    run "$WORK/two"
    gcc -std=c99 "$WORK/two.c" -o "$WORK/two" "$WORK/libother.a" "${FLAGS[@]/#-lasynchron/-l:libasynchron.a}"
    run "$WORK/two"
}

# What the linker drops from a program that uses little of it.
position_independent_and_collected() {
    flags --static --cflags --libs
    for how in -pie -no-pie -Wl,--gc-sections; do
        compile gcc c99 "$WORK/collected" $how "${FLAGS[@]/#-lasynchron/-l:libasynchron.a}"
        run "$WORK/collected"
    done
}

for compiler in gcc clang; do
    try "the static library, by pkg-config --static: $compiler" with_static_library $compiler c99
    try "static as a whole, by pkg-config --static: $compiler" static_as_a_whole $compiler c99
done
try "the static library, by pkg-config --static: g++" with_static_library g++ c++11
try "static as a whole, by pkg-config --static: g++" static_as_a_whole g++ c++11
try "the static library shows the header's functions alone" only_our_names
try "beside another static library written in Rust" two_rust_libraries
try "the static library with -pie, -no-pie and --gc-sections" position_independent_and_collected
