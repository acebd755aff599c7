# Programs that use the library, under valgrind's memcheck, with what is installed for it.

# memcheck STATUS OPTIONS... -- PROGRAM ARGUMENTS...: it must end so.
memcheck() {
    local status=$1 got=0
    shift
    LD_LIBRARY_PATH="$PREFIX/lib" timeout -s KILL 120 valgrind --leak-check=full --error-exitcode=1 "$@" || got=$?
    same "$status" "$got"
}

# lost_or_not PROGRAM
lost_or_not() {
    local ours=--suppressions="$PREFIX/share/asynchron/asynchron-valgrind.supp"
    memcheck 1 -- "$1"
    memcheck 0 "$ours" -- "$1"
    memcheck 1 "$ours" -- "$1" lose
}

# What the guide says, but for where it is installed.
as_the_guide_says() {
    local line='valgrind --leak-check=full --error-exitcode=1 --suppressions=/usr/local/share/asynchron/asynchron-valgrind.supp'
    grep -F "$line" docs/guide/tools.md
    grep -F "$line" "$PREFIX/share/asynchron/asynchron-valgrind.supp"
}

spawns_with_the_shared_library() {
    flags --cflags --libs
    gcc -std=c99 -Wall -Wextra -Werror -g "$ROOT/packaging/test/valgrind/spawns.c" -o "$WORK/spawns" "${FLAGS[@]}" -pthread
    lost_or_not "$WORK/spawns"
}

spawns_with_the_static_library() {
    flags --static --cflags --libs
    gcc -std=c99 -Wall -Wextra -Werror -g "$ROOT/packaging/test/valgrind/spawns.c" -o "$WORK/spawns" "${FLAGS[@]/#-lasynchron/-l:libasynchron.a}"
    holds_it "$WORK/spawns"
    lost_or_not "$WORK/spawns"
}

if command -v valgrind >/dev/null; then
    try "memcheck blames a program that spawns for its own leaks alone" spawns_with_the_shared_library
    try "the same, with the static library" spawns_with_the_static_library
else
    skip "memcheck: no valgrind"
fi
try "the line for memcheck that the guide shows" as_the_guide_says
