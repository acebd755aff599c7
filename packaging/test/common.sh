# What the tests of the installed library share.

ROOT=$PWD
WORK=$(mktemp -d "${TMPDIR:-/tmp}/asynchron test.XXXXXX")
trap 'rm -rf "$WORK"' EXIT
PREFIX="$WORK/the prefix"
# What an outer make was told is not for the ones here.
unset MAKEFLAGS MFLAGS MAKELEVEL DESTDIR LIBDIR INCLUDEDIR MANDIR DOCDIR

# The man pages belong to it where there is what makes them.
MAN=
[ -f docs/Makefile ] || MAN=no

passed=0
failed=0
skipped=0

# try WHAT COMMAND...: the command, in a shell of its own that stops at the first failure, must end
# well and in time.
try() {
    local what=$1 got
    shift
    set +e
    (set -e && "$@") >"$WORK/printed" 2>&1 </dev/null
    got=$?
    set -e
    if [ "$got" -eq 0 ]; then
        printf 'ok      %s\n' "$what"
        passed=$((passed + 1))
    else
        printf 'FAILED  %s (status %d)\n' "$what" "$got"
        tail -n 40 "$WORK/printed" | sed 's/^/        /'
        failed=$((failed + 1))
    fi
}

skip() {
    printf 'skipped %s\n' "$1"
    skipped=$((skipped + 1))
}

# refuse COMMAND...: it must fail.
refuse() {
    if "$@"; then
        echo "succeeded, but should not have: $*"
        return 1
    fi
}

# run PROGRAM [VARIABLE=VALUE...]: with nothing else in its environment, far from the build tree, and
# not for ever.
run() {
    local program=$1
    shift
    (cd / && env -i "$@" timeout -s KILL 60 "$program")
}

# same EXPECTED ACTUAL
same() {
    diff <(printf '%s\n' "$1") <(printf '%s\n' "$2")
}

conclude() {
    printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
    [ "$failed" -eq 0 ]
}
