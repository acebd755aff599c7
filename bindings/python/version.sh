#!/bin/sh
# The version of the library, which is the package's.
cd "$(dirname "$0")"
if [ -e ../../Cargo.toml ]; then
    sed -n 's/^version = "\(.*\)"$/\1/p' ../../Cargo.toml
else
    sed -n 's/^Version: //p' PKG-INFO
fi
