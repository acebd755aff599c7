#!/usr/bin/env bash
# Builds the C library, installs it into a temporary prefix, and tests the crate with that: its form, its lints, its
# tests, the examples of its documentation, its benchmark for a moment, and another crate that depends on it.
#
#     bindings/rust/ci.sh
#
# With ASYNCHRON_PREFIX, the library that is installed there is taken, and none is built.
set -euo pipefail
cd "$(dirname "$0")"
# The library is built where its own build is; the crate, and all that uses it, here.
library_target=${CARGO_TARGET_DIR:-$PWD/../../target}
export CARGO_TARGET_DIR=$PWD/target
mkdir -p target

if ! command -v pkg-config >/dev/null || ! command -v cc >/dev/null; then
    apt-get update
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends pkg-config gcc libc6-dev
fi

prefix=${ASYNCHRON_PREFIX:-}
if [ -z "$prefix" ]; then
    prefix=$(mktemp -d)
    trap 'rm -rf "$prefix"' EXIT
    if ! CARGO_TARGET_DIR=$library_target make -C ../.. install PREFIX="$prefix" MAN=no >target/install.log 2>&1; then
        cat target/install.log
        exit 1
    fi
fi
export PKG_CONFIG_PATH=$prefix/lib/pkgconfig
# Where the programs find it: a library that is installed for good is found without.
export LD_LIBRARY_PATH=$prefix/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}

cargo fmt --check
cargo fmt --check --manifest-path tests/dependant/Cargo.toml
cargo clippy --locked --all-targets -- -D warnings
RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps --document-private-items
# The panics are meant: without their traces.
RUST_BACKTRACE=0 cargo test --locked
# Whether it works: its figures are of --release.
cargo run --locked --example bench -- --smoke

# As another project has it: with warnings as errors, and ended if it does not end while a thread of it waits.
RUSTFLAGS="-D warnings" cargo build --locked --manifest-path tests/dependant/Cargo.toml --target-dir target/dependant
RUST_BACKTRACE=0 timeout 20 target/dependant/debug/dependant
