#!/usr/bin/env bash
# Every example, and stress for a moment, under valgrind's memcheck, with the library as it is installed, stripped and
# optimised as a whole: no error, and nothing lost but what the installed suppressions name.
#
#     reliability/memcheck.sh        SECONDS_OF_STRESS=60 for longer than 10, 0 for none
set -euo pipefail
. "$(dirname "$0")/common.sh"

if ! command -v valgrind >/dev/null; then
    echo "skipped: no valgrind"
    exit 0
fi

memcheck=(valgrind -q --error-exitcode=99 --leak-check=full --show-leak-kinds=definite,indirect,possible
    --errors-for-leak-kinds=definite,indirect,possible --suppressions=../packaging/asynchron-valgrind.supp --fair-sched=yes --num-callers=30)

make -s -C .. library
make -s -C ../examples-c all
make -s build/stress build/freed_in_rust build/freed_across build/leak

# Before the directory that the programs were linked with.
export LD_LIBRARY_PATH=$PWD/../build/lib

echo "== memcheck sees what is planted"
expect_caught freed_in_rust "Invalid read" "${memcheck[@]}" build/freed_in_rust
expect_caught freed_across "Invalid read" "${memcheck[@]}" build/freed_across
expect_caught leak "definitely lost" "${memcheck[@]}" build/leak

echo "== the examples"
for name in $(examples); do
    expect_example "$name" "${memcheck[@]}" "../examples-c/build/$name"
done

if [ "$SECONDS_OF_STRESS" -gt 0 ]; then
    echo "== stress"
    expect "stress for $SECONDS_OF_STRESS s" 0 "${memcheck[@]}" build/stress "$SECONDS_OF_STRESS"
    head -n 2 $OUT/printed
fi
conclude memcheck
