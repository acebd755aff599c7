#!/bin/sh
# Whether every link inside the manual in a directory leads somewhere, also those to a place in a page.
set -eu
[ $# -eq 1 ] || { echo "usage: $0 DIRECTORY" >&2; exit 2; }

# linkchecker does not stay root, so it is given a copy that everybody may read.
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
chmod 755 "$copy"
cp -r "$1" "$copy/html"
echo '[AnchorCheck]' >"$copy/rc"
# What leads out is not asked for. Doxygen links to a heading that it leaves out where all classes are hidden.
linkchecker --config "$copy/rc" --no-status --ignore-url='^(https?|mailto):' --ignore-url='#nested-classes$' \
    "$copy"/html/*.html >"$copy/report" 2>&1 || { cat "$copy/report" >&2; exit 1; }
grep '^That' "$copy/report"
