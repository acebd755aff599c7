#!/bin/sh
# Builds the C library as it is installed, and puts it into the package, under the name of this system and processor;
# and the header.
#
#     bindings/node/build.sh        needs Rust, a C compiler and node
set -eu
cd "$(dirname "$0")"
if [ ! -e ../../packaging/build.sh ]; then
    echo "The sources of the C library are in the repository, not here: build there, or set ASYNCHRON_LIBRARY to the" \
        "path of an installed library." >&2
    exit 1
fi
../../packaging/build.sh >&2
folder=prebuilt/$(node -p 'process.platform + "-" + process.arch')
mkdir -p "$folder"
cp ../../build/lib/libasynchron.[sd]* "$folder"/
mkdir -p include
cp ../../include/asynchron.h include/
