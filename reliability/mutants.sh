#!/usr/bin/env bash
# One change at a time to the code that decides (.cargo/mutants.toml says which that is), by cargo-mutants: a test must
# fail, or docs/reliability.md must say why none can. First by the tests that take a second or two; what those miss, by
# all promises; what those miss, by loom. Hours; what is given is passed on to cargo mutants:
#
#     reliability/mutants.sh --re ^src/listen/report/queue
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

# found PASS KIND: the names.
found() {
    cat "$OUT/$1/mutants.out/$2.txt" 2>/dev/null || true
}

# pass NAME SECONDS TESTS -- FURTHER ARGUMENTS: leaves what it finds in OUT/NAME. A mutant hangs if its tests take so many
# seconds, or five times what they take as it is.
pass() {
    local name=$1 seconds=$2 status=0 tests=()
    shift 2
    while [ "$1" != -- ]; do
        tests+=("--cargo-arg=$1")
        shift
    done
    mkdir -p "$OUT/$name"
    cargo mutants --jobs "${JOBS:-1}" --minimum-test-timeout "$seconds" --output "$OUT/$name" "${tests[@]}" "${@:2}" ||
        status=$?
    case $status in
        0 | 2 | 3) last=$name ;; # all caught, some missed, some hang
        *) exit "$status" ;;     # the tests fail as it is
    esac
}

# missed_by PASS: arguments that choose just those, by their names with what is special to regular expressions marked.
missed_by() {
    found "$1" missed | sed 's/[][\.*^$+?(){}|]/\\&/g; s/.*/--re=^&$/'
}

rm -rf "$OUT"
pass quick 20 --lib --test=misuse --test=model -- "$@"
if mapfile -t missed < <(missed_by quick) && [ ${#missed[@]} != 0 ]; then
    pass slow 60 --test=promises -- "${missed[@]}"
fi
if mapfile -t missed < <(missed_by "$last") && [ ${#missed[@]} != 0 ]; then
    RUSTFLAGS="--cfg loom" pass loom 300 --test=loom -- "${missed[@]}"
fi

all() {
    for pass in quick slow loom; do
        found $pass "$1"
    done | wc -l
}
echo "caught $(all caught), hang $(all timeout), do not compile $(found quick unviable | wc -l)," \
    "missed $(found "$last" missed | wc -l)"

# The page names a mutant without its line, which changes.
status=0
while read -r mutant; do
    if ! grep -qF "\`$(sed 's/:[0-9]*:[0-9]*: /: /; s/^src\///' <<<"$mutant")\`" "$PAGE"; then
        echo "missed, and not in $PAGE: $mutant"
        status=1
    fi
done < <(found "$last" missed)
exit "$status"
