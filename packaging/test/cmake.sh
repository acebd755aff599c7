# A CMake project with both forms, as built for debugging and for release; then again with the prefix
# moved after the installation.

PROJECT="$WORK/cmake project"
mkdir "$PROJECT"
cp "$ROOT"/packaging/test/cmake/* "$ROOT"/examples-c/quick_start.c "$ROOT"/examples-c/check.h \
    "$ROOT"/tests/c/border/program.cpp "$PROJECT/"

# by_cmake PREFIX BUILD-TYPE
by_cmake() {
    local build="$WORK/cmake build"
    rm -rf "$build"
    cmake -S "$PROJECT" -B "$build" -G Ninja -DCMAKE_PREFIX_PATH="$1" -DCMAKE_BUILD_TYPE="$2" \
        -DEXPECTED_VERSION="$VERSION"
    grep -F "$1/lib/cmake/asynchron" "$build/CMakeCache.txt"
    cmake --build "$build"
    (cd "$build" && ctest --output-on-failure --timeout 60)
    ldd "$build/quick_start_shared" | grep -F "$SONAME => $1/lib/$SONAME "
    ldd "$build/quick_start_asynchron" | grep -F "$SONAME => $1/lib/$SONAME "
    refuse grep -F libasynchron <(ldd "$build/quick_start_static")
}

moved_by_cmake() {
    mv "$PREFIX" "$WORK/moved prefix"
    by_cmake "$WORK/moved prefix" "$1"
}
move_back() {
    [ ! -d "$WORK/moved prefix" ] || mv "$WORK/moved prefix" "$PREFIX"
}

# As found by way of a link, which some systems have from /lib to /usr/lib.
through_a_link() {
    mkdir "$WORK/linked"
    ln -s "$PREFIX/lib" "$WORK/linked/lib"
    rm -rf "$WORK/cmake build"
    cmake -S "$PROJECT" -B "$WORK/cmake build" -G Ninja -DCMAKE_PREFIX_PATH="$WORK/linked" \
        -DEXPECTED_VERSION="$VERSION"
    cmake --build "$WORK/cmake build" --target quick_start_shared quick_start_static
}

# Where one of the two is not installed, the other is taken, and the missing one is missed.
only_static() {
    cp -a "$PREFIX" "$WORK/only static"
    rm "$WORK/only static/lib"/libasynchron.so*
    sed -i -e 's/COMPONENTS shared static)/COMPONENTS static)/' -e 's/(form shared static asynchron)/(form static asynchron)/' \
        "$PROJECT/CMakeLists.txt"
    by_cmake_static "$WORK/only static"
    cp "$ROOT/packaging/test/cmake/CMakeLists.txt" "$PROJECT/"
    refuse by_cmake_static "$WORK/only static"
}
by_cmake_static() {
    rm -rf "$WORK/cmake build"
    cmake -S "$PROJECT" -B "$WORK/cmake build" -G Ninja -DCMAKE_PREFIX_PATH="$1" -DEXPECTED_VERSION="$VERSION" &&
        cmake --build "$WORK/cmake build" && (cd "$WORK/cmake build" && ctest --output-on-failure)
}

for type in Debug Release; do
    try "CMake, shared and static, $type" by_cmake "$PREFIX" $type
    try "CMake, shared and static, $type, moved" moved_by_cmake $type
    move_back
done
try "CMake, by way of a link" through_a_link
try "CMake, with the static library alone" only_static
