# What the README and the guide about installing tell a project to write is enough.

GUIDE=docs/guide/installing.md

# block LANGUAGE FILE: the file's blocks of code in it.
block() {
    awk -v begin="^\`\`\`$1\$" '$0 ~ begin { inside = 1; next } /^```/ { inside = 0 } inside' "$2"
}

PROJECT="$WORK/as the pages say"
mkdir "$PROJECT"
cp examples-c/quick_start.c "$PROJECT/program.c"
cp examples-c/cpp_quick_start.cpp "$PROJECT/program.cpp"
cp examples-c/check.h "$PROJECT/"
block cmake "$GUIDE" >"$PROJECT/CMakeLists.txt"
block meson "$GUIDE" >"$PROJECT/meson.build"

guide_cmake() {
    cmake -S "$PROJECT" -B "$PROJECT/by cmake" -DCMAKE_PREFIX_PATH="$PREFIX"
    cmake --build "$PROJECT/by cmake"
    run "$PROJECT/by cmake/program"
}

guide_meson() {
    PKG_CONFIG_PATH="$PREFIX/lib/pkgconfig" meson setup "$PROJECT/by meson" "$PROJECT"
    meson compile -C "$PROJECT/by meson"
    run "$PROJECT/by meson/program" LD_LIBRARY_PATH="$PREFIX/lib"
}

# The lines as they are, in a prefix that a shell can take as they are, as /usr/local is.
pages_commands() {
    local plain lines
    plain=$(mktemp -d /tmp/asynchron.XXXXXX)
    make -s install PREFIX="$plain" MAN="$MAN"
    lines=$(for page in README.md "$GUIDE"; do block sh "$page"; done | grep -E '^(cc|c\+\+) ')
    [ "$(printf '%s\n' "$lines" | wc -l)" -eq 5 ]
    (
        cd "$PROJECT"
        export PKG_CONFIG_PATH="$plain/lib/pkgconfig" CPATH="$plain/include" LIBRARY_PATH="$plain/lib"
        printf '%s\n' "$lines" | while read -r line; do
            rm -f a.out
            sh -ec "$line"
            run "$PROJECT/a.out" LD_LIBRARY_PATH="$plain/lib"
        done
    )
    rm -r "$plain"
}

try "the guide's CMakeLists.txt" guide_cmake
try "the guide's meson.build" guide_meson
try "the commands of the README and the guide" pages_commands
