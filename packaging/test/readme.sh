# What the README tells a project to write is enough.

# block LANGUAGE: the README's block of code in it.
block() {
    awk -v begin="^\`\`\`$1\$" '$0 ~ begin { inside = 1; next } /^```/ { inside = 0 } inside' README.md
}

README="$WORK/as the README says"
mkdir "$README"
cp examples-c/quick_start.c "$README/program.c"
cp examples-c/cpp_quick_start.cpp "$README/program.cpp"
cp examples-c/check.h "$README/"
block cmake >"$README/CMakeLists.txt"
block meson >"$README/meson.build"

readme_cmake() {
    cmake -S "$README" -B "$README/by cmake" -DCMAKE_PREFIX_PATH="$PREFIX"
    cmake --build "$README/by cmake"
    run "$README/by cmake/program"
}

readme_meson() {
    PKG_CONFIG_PATH="$PREFIX/lib/pkgconfig" meson setup "$README/by meson" "$README"
    meson compile -C "$README/by meson"
    run "$README/by meson/program" LD_LIBRARY_PATH="$PREFIX/lib"
}

# The lines as they are, in a prefix that a shell can take as they are, as /usr/local is.
readme_commands() {
    local plain lines
    plain=$(mktemp -d /tmp/asynchron.XXXXXX)
    make -s install PREFIX="$plain" MAN="$MAN"
    lines=$(block sh | grep -E '^(cc|c\+\+) ')
    [ "$(printf '%s\n' "$lines" | wc -l)" -eq 4 ]
    (
        cd "$README"
        export PKG_CONFIG_PATH="$plain/lib/pkgconfig" CPATH="$plain/include" LIBRARY_PATH="$plain/lib"
        printf '%s\n' "$lines" | while read -r line; do
            rm -f a.out
            sh -ec "$line"
            run "$README/a.out" LD_LIBRARY_PATH="$plain/lib"
        done
    )
    rm -r "$plain"
}

try "the README's CMakeLists.txt" readme_cmake
try "the README's meson.build" readme_meson
try "the README's commands" readme_commands
