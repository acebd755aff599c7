# bindgen makes a Rust module of asynchron.h. It drops ASYNCHRON_FOREVER, a macro of another.
command -v bindgen >/dev/null || exit 77
bindgen "$INCLUDE/asynchron.h" -o bindings.rs
if grep -q 'const ASYNCHRON_FOREVER' bindings.rs; then exit 1; fi
BINDINGS="$PWD/bindings.rs" rustc --edition 2021 -D warnings "$HERE/read.rs" -o read -L "$LIBRARIES" -l asynchron
./read
