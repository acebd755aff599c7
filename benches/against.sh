#!/bin/sh
# Compares the instructions of each workload of against.c with two builds of the library, and prints a table. Each
# count is the difference of two runs, so that only the workload counts: it does not depend on how busy the machine is.
#
#     against.sh PROGRAM BASE.so THIS.so
set -eu

program=$1 base=$2 this=$3

command -v valgrind >/dev/null || { echo "against.sh: no valgrind" >&2; exit 1; }
for library in "$base" "$this"; do
    [ -f "$library" ] || { echo "against.sh: no such library: $library" >&2; exit 1; }
done

# Of so many times the workload, with that library in place of the one that the program was linked with.
collected()
{
    LD_PRELOAD=$1 valgrind --tool=callgrind --callgrind-out-file=/dev/null "$program" "$2" "$3" 2>&1 |
        awk '/Collected/ { print $NF }'
}

instructions()
{
    few=$(collected "$1" "$2" 1000)
    many=$(collected "$1" "$2" 3000)
    echo $(((many - few) / 2000))
}

echo "| workload | base | this | ratio |"
echo "| --- | --- | --- | --- |"
"$program" | while read -r workload; do
    before=$(instructions "$base" "$workload")
    after=$(instructions "$this" "$workload")
    awk -v name="$workload" -v before="$before" -v after="$after" \
        'BEGIN { printf "| %s | %d | %d | %.3f |\n", name, before, after, after / before }'
done
