# common.sh: what the scripts here share. SECONDS_OF_STRESS is how long each runs stress; 0: not at all.
cd "$(dirname "${BASH_SOURCE[0]}")"
SECONDS_OF_STRESS=${SECONDS_OF_STRESS:-10}
OUT=build
CC=${CC:-cc}
mkdir -p $OUT
failures=0

passed() { printf 'ok      %s\n' "$1"; }

# failed WHAT: with the end of what was printed.
failed() {
    printf 'FAILED  %s\n' "$1"
    tail -n 60 $OUT/printed | sed 's/^/        /'
    failures=$((failures + 1))
}

# expect WHAT STATUS COMMAND...: it must end with STATUS, within ten minutes and the time for stress.
expect() {
    local what=$1 status=$2 got=0 begun=$SECONDS
    shift 2
    timeout -s KILL $((600 + SECONDS_OF_STRESS)) "$@" >$OUT/printed 2>&1 </dev/null || got=$?
    if [ "$got" -eq "$status" ]; then
        passed "$what ($((SECONDS - begun)) s)"
    else
        failed "$what: status $got, not $status"
    fi
}

# expect_caught WHAT TEXT COMMAND...: it must fail and print TEXT.
expect_caught() {
    local what=$1 text=$2 got=0
    shift 2
    timeout -s KILL 120 "$@" >$OUT/printed 2>&1 </dev/null || got=$?
    if [ "$got" -ne 0 ] && grep -q -e "$text" $OUT/printed; then
        passed "$what: caught"
    else
        failed "$what: not caught: status $got, and no \"$text\""
    fi
}

# The names of the examples. What one of them loads is no program.
examples() {
    for source in ../examples-c/*.c ../examples-c/*.cpp; do
        source=$(basename "$source")
        case $source in *_plugin.c) ;; *) echo "${source%.*}" ;; esac
    done
}

# expect_example NAME COMMAND...: the command runs the example so named.
expect_example() {
    local name=$1
    shift
    if [ "$name" = cksum ]; then
        set -- "$@" ../examples-c/*.c
    elif [ "$name" = plugin ]; then
        set -- "$@" ../examples-c/build/collatz_plugin.so
    fi
    expect "$name" 0 "$@"
}

conclude() {
    if [ "$failures" -ne 0 ]; then
        printf '%s: %d failed\n' "$1" "$failures"
        exit 1
    fi
    printf '%s: all is well\n' "$1"
}
