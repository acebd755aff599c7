#!/bin/sh
# Builds the C library as it is installed, and puts it where it is asked for.
set -eu
out=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
cd "$(dirname "$0")/../.."
if [ ! -e packaging/build.sh ]; then
    echo "The sources of the C library are in the repository, not here: build there, or take an installed library:" \
        "pip install -Csetup-args=-Dlibrary=system" >&2
    exit 1
fi
packaging/build.sh
cp build/lib/libasynchron.so "$out"
