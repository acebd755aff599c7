#!/bin/sh
# Whether the man pages in a directory are well formed, and there is one for each function.
set -eu
[ $# -eq 1 ] || { echo "usage: $0 DIRECTORY" >&2; exit 2; }

for page in "$1"/*.3; do
    mandoc -T lint -W style "$page"
    warnings=$(groff -ww -man -T utf8 -z "$page" 2>&1)
    [ -z "$warnings" ] || { echo "$warnings" >&2; exit 1; }
done
declared=$(grep -c '^ASYNCHRON_API' "$(dirname "$0")/../../include/asynchron.h")
made=$(find "$1" -name "asynchron_*.3" | wc -l)
[ "$declared" -eq "$made" ] || { echo "$made pages for $declared functions" >&2; exit 1; }
echo "$made pages and asynchron.3 are well formed"
