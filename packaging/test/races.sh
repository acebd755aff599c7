# Programs that use the library, under the detectors of races: what they hand over through it is no race, and what is one
# is seen.

RACES=$ROOT/tests/c/races
PLANTED="set notify spawn release report"

# sanitized CC FORM: handed_over and planted, built for ThreadSanitizer. "loaded": in a module that is loaded; "own": with
# ThreadSanitizer's runtime linked statically.
sanitized() {
    local cc=$1 form=$2 name
    local tsan=("$cc" -std=gnu11 -Wall -Wextra -Werror -g -O1 -fsanitize=thread)
    flags --cflags --libs
    if [ "$form" = static ]; then
        flags --static --cflags --libs
        FLAGS=("${FLAGS[@]/#-lasynchron/-l:libasynchron.a}")
    fi
    [ "$form" != own ] || tsan+=(-static-libtsan)
    for name in handed_over planted; do
        if [ "$form" = loaded ]; then
            "${tsan[@]}" -fPIC -shared "$RACES/$name.c" -o "$WORK/$name.so" "${FLAGS[@]}"
            "${tsan[@]}" -DLOADED -I"$PREFIX/include" "$RACES/main.c" -o "$WORK/$name" -ldl
        else
            "${tsan[@]}" "$RACES/$name.c" "$RACES/main.c" -o "$WORK/$name" "${FLAGS[@]}"
        fi
    done
}

# ended STATUS COMMAND...: it must end so.
ended() {
    local status=$1 got=0
    shift
    LD_LIBRARY_PATH="$PREFIX/lib" TSAN_OPTIONS=exitcode=66 timeout -s KILL 120 "$@" || got=$?
    same "$status" "$got"
}

with_thread_sanitizer() {
    local way module=()
    sanitized "$1" "$2"
    [ "$2" != loaded ] || module=("$WORK/handed_over.so")
    ended 0 "$WORK/handed_over" "${module[@]}"
    [ "$2" != loaded ] || module=("$WORK/planted.so")
    for way in $PLANTED; do
        ended 66 "$WORK/planted" "${module[@]}" "$way"
    done
}

# with_exceptions CC: those that one thread throws and another catches are no race, with the file that is installed for
# that; and what is one is still seen.
with_exceptions() {
    local cxx=g++ way
    local options=TSAN_OPTIONS="exitcode=66 suppressions='$PREFIX/share/asynchron/asynchron-tsan.supp'"
    [ "$1" != clang ] || cxx=clang++
    flags --cflags --libs
    "$cxx" -std=c++17 -Wall -Wextra -Werror -g -O1 -fsanitize=thread "$RACES/thrown.cpp" -o "$WORK/thrown" "${FLAGS[@]}"
    ended 0 env "$options" "$WORK/thrown"
    sanitized "$1" shared
    for way in $PLANTED; do
        ended 66 env "$options" "$WORK/planted" "$way"
    done
}

# with_valgrind TOOL FORM
with_valgrind() {
    local name way
    local valgrind=(valgrind --tool="$1" --error-exitcode=66 --suppressions="$PREFIX/share/asynchron/asynchron-valgrind.supp")
    flags --cflags --libs
    if [ "$2" = static ]; then
        flags --static --cflags --libs
        FLAGS=("${FLAGS[@]/#-lasynchron/-l:libasynchron.a}")
    fi
    for name in handed_over planted; do
        gcc -std=gnu11 -g -O1 "$RACES/$name.c" "$RACES/main.c" -o "$WORK/$name" "${FLAGS[@]}" -pthread
    done
    ended 0 "${valgrind[@]}" "$WORK/handed_over"
    for way in $PLANTED; do
        ended 66 "${valgrind[@]}" "$WORK/planted" "$way"
    done
}

for cc in gcc clang; do
    if ! printf 'int main(void) { return 0; }' | "$cc" -fsanitize=thread -x c - -o "$WORK/empty" 2>"$WORK/printed"; then
        skip "ThreadSanitizer, $cc: it has none"
        continue
    fi
    for form in shared static loaded $([ $cc = clang ] || echo own); do
        try "ThreadSanitizer, $cc, $form: what is handed over is no race" with_thread_sanitizer "$cc" "$form"
    done
    try "ThreadSanitizer, $cc: exceptions are no race, with the file for that" with_exceptions "$cc"
done
if command -v valgrind >/dev/null; then
    for tool in helgrind drd; do
        for form in shared static; do
            try "$tool, $form: what is handed over is no race" with_valgrind "$tool" "$form"
        done
    done
else
    skip "helgrind and drd: no valgrind"
fi
