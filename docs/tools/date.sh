#!/bin/sh
# The day on which a file was last changed: that of a package's build, if it has one, or of the last
# commit, or of the file.
set -eu

if [ -n "${SOURCE_DATE_EPOCH:-}" ]; then
    date -u -d "@$SOURCE_DATE_EPOCH" +%Y-%m-%d 2>/dev/null || date -u -r "$SOURCE_DATE_EPOCH" +%Y-%m-%d
    exit
fi
day=$(git log -1 --format=%cs -- "$1" 2>/dev/null || true)
[ -n "$day" ] || day=$(date -u -r "$1" +%Y-%m-%d)
echo "$day"
