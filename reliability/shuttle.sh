#!/usr/bin/env bash
# The models in tests/shuttle, and the faults that they must see: planted/pool/*.patch, each in a copy of the sources.
#
#     reliability/shuttle.sh        SHUTTLE_SCHEDULES=100000 for how many orders of each model; PLANTED_RUNS=10 for how
#                                   often each fault must be seen, in other orders each time. How to look at one:
#                                   CONTRIBUTING.md
set -euo pipefail
. "$(dirname "$0")/common.sh"

# The orders are many, and what is built for them is small.
export RUSTFLAGS="--cfg shuttle" RUST_BACKTRACE=0 CARGO_PROFILE_DEV_DEBUG=0 CARGO_INCREMENTAL=0
models=(cargo test --quiet --locked --test shuttle --target-dir)

echo "== the models are built"
"${models[@]}" "$PWD/$OUT/shuttle" --manifest-path ../Cargo.toml --no-run

echo "== the models"
expect "every model, in orders picked by chance" 0 \
    "${models[@]}" "$PWD/$OUT/shuttle" --manifest-path ../Cargo.toml -- --nocapture
awk '/schedules:/ { models++; sub(/.*schedules: /, ""); schedules += $1 } END { printf "        %d models, %d schedules\n", models, schedules }' \
    $OUT/printed

echo "== shuttle sees what is planted"
# What the library needs is the same there; the library's own file has the same name.
rm -rf $OUT/shuttle-planted
cp -R --preserve=timestamps $OUT/shuttle $OUT/shuttle-planted
COPY=$OUT/planted-pool
for fault in planted/pool/*.patch; do
    if ! command -v patch >/dev/null; then
        echo "skipped: no patch"
        break
    fi
    rm -rf $COPY
    mkdir -p $COPY/tests
    cp -R ../src ../build.rs ../generate ../cbindgen.toml ../Cargo.toml ../Cargo.lock $COPY
    cp -R ../tests/shuttle $COPY/tests
    patch --quiet -p1 -d $COPY <"$fault"
    "${models[@]}" "$PWD/$OUT/shuttle-planted" --manifest-path $COPY/Cargo.toml --no-run
    for run in $(seq "${PLANTED_RUNS:-1}"); do
        expect_caught "$(basename "$fault" .patch), run $run" "$(sed -n 's/^Says: //p' "$fault")" \
            "${models[@]}" "$PWD/$OUT/shuttle-planted" --manifest-path $COPY/Cargo.toml -- --nocapture --exact "$(sed -n 's/^Model: //p' "$fault")"
    done
done
rm -rf $OUT/shuttle-planted
conclude shuttle
