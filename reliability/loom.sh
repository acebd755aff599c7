#!/usr/bin/env bash
# The models in tests/loom, and the faults that they must see: planted/*.patch, each in a copy of the sources.
#
#     reliability/loom.sh        LOOM_MORE=1 for one interruption more; LOOM_MAX_DURATION=60 cuts a model off after so
#                                many seconds. How to look at one: CONTRIBUTING.md
set -euo pipefail
. "$(dirname "$0")/common.sh"

export RUSTFLAGS="--cfg loom" RUST_BACKTRACE=0
models=(cargo test --quiet --locked --test loom --target-dir)

echo "== the models are built"
"${models[@]}" "$PWD/$OUT/loom" --manifest-path ../Cargo.toml --no-run

echo "== loom sees what is planted"
COPY=$OUT/planted
for fault in planted/*.patch; do
    if ! command -v patch >/dev/null; then
        echo "skipped: no patch"
        break
    fi
    rm -rf $COPY
    mkdir -p $COPY/tests
    cp -R ../src ../build.rs ../generate ../cbindgen.toml ../Cargo.toml ../Cargo.lock $COPY
    cp -R ../tests/loom $COPY/tests
    patch --quiet -p1 -d $COPY <"$fault"
    # Into a directory of its own: a library's file has the same name there.
    "${models[@]}" "$PWD/$OUT/loom-planted" --manifest-path $COPY/Cargo.toml --no-run
    # To its end, however long the others may take.
    expect_caught "$(basename "$fault" .patch)" "$(sed -n 's/^Says: //p' "$fault")" \
        env -u LOOM_MAX_DURATION "${models[@]}" "$PWD/$OUT/loom-planted" --manifest-path $COPY/Cargo.toml -- --nocapture --exact "$(sed -n 's/^Model: //p' "$fault")"
done

echo "== the models"
expect "every model, in every way that threads can fall together" 0 \
    "${models[@]}" "$PWD/$OUT/loom" --manifest-path ../Cargo.toml -- --nocapture
awk '/rounds:/ { models++; sub(/.*rounds: /, ""); rounds += $1 }
    /cut off/ { cut++ }
    END { printf "        %d models, %d rounds, %d models cut off\n", models, rounds, cut }' $OUT/printed
conclude loom
