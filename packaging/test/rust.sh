# The SONAME is given when packaging, and not in every build.

target_dir=${CARGO_TARGET_DIR:-$ROOT/target}

no_soname() {
    refuse grep SONAME <(LC_ALL=C readelf -dW "$1")
}

in_the_build_tree() {
    cargo build --release --locked
    no_soname "$target_dir/release/libasynchron.so"
}

in_a_dependent() {
    cp -r "$ROOT/packaging/test/rust" "$WORK/rust"
    sed -i "s|\"../../..\"|\"$ROOT\"|" "$WORK/rust/Cargo.toml"
    cp "$ROOT/Cargo.lock" "$WORK/rust/"
    (cd "$WORK/rust" && cargo build --release --offline --target-dir "$target_dir")
    nm -D "$target_dir/release/libuser.so" | grep -E ' T user_version$'
    no_soname "$target_dir/release/libuser.so"
}

try "no SONAME in the build tree" in_the_build_tree
try "no SONAME in a shared library that has it inside" in_a_dependent
