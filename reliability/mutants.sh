#!/usr/bin/env bash
# One change at a time to the code that decides (.cargo/mutants.toml says which that is), by cargo-mutants: a test must
# fail, or docs/reliability.md must say why none can. First by the tests that take a second or two, then, for what those
# miss, by all promises. Several hours; what is given is passed on to cargo mutants:
#
#     reliability/mutants.sh -f src/report/queue.rs
#     git diff origin/main >change.diff && reliability/mutants.sh --in-diff change.diff
#     JOBS=4 reliability/mutants.sh
set -euo pipefail
cd "$(dirname "$0")/.."

if ! cargo mutants --version >/dev/null 2>&1; then
    echo "skipped: no cargo-mutants (cargo install cargo-mutants)"
    exit 0
fi

PAGE=docs/reliability.md
OUT=reliability/build/mutants
# Each mutant is built anew: no debug information, and only what has changed.
export CARGO_PROFILE_DEV_DEBUG=0 CARGO_INCREMENTAL=1
unset CARGO_TARGET_DIR # each job has its own

# pass NAME TIME-LIMIT TESTS ... -- FURTHER ARGUMENTS: leaves what it found in OUT/NAME/mutants.out.
pass() {
    local name=$1 limit=$2 status=0 tests=()
    shift 2
    while [ "$1" != -- ]; do
        tests+=("--cargo-arg=$1")
        shift
    done
    shift
    rm -rf "${OUT:?}/$name"
    mkdir -p "$OUT/$name"
    cargo mutants --jobs "${JOBS:-1}" --minimum-test-timeout "$limit" --output "$OUT/$name" "${tests[@]}" "$@" || status=$?
    case $status in
        0 | 2 | 3) ;;         # all caught; some missed; some hang
        *) exit "$status" ;; # the tests fail as it is
    esac
}

count() {
    cat "$OUT/$1/mutants.out/$2.txt" 2>/dev/null | wc -l
}

pass quick 20 --lib --test=misuse --test=model -- "$@"
last=quick
if [ "$(count quick missed)" != 0 ]; then
    # By their names, with what a regular expression takes for more than a letter marked.
    mapfile -t missed < <(sed 's/[][\.*^$+?(){}|]/\\&/g; s/.*/--re=^&$/' "$OUT/quick/mutants.out/missed.txt")
    pass slow 60 --test=promises -- "${missed[@]}"
    last=slow
fi

caught=$(($(count quick caught) + $(count slow caught)))
hang=$(($(count quick timeout) + $(count slow timeout)))
echo "caught $caught, hang $hang, do not compile $(count quick unviable), missed $(count "$last" missed)"

# The page names a mutant without its line, which changes.
status=0
while read -r mutant; do
    if ! grep -qF "\`$(sed 's/:[0-9]*:[0-9]*: /: /; s/^src\///' <<<"$mutant")\`" "$PAGE"; then
        echo "missed, and not in $PAGE: $mutant"
        status=1
    fi
done <"$OUT/$last/mutants.out/missed.txt"
exit "$status"
