#!/usr/bin/env bash
# Builds the C library and the rock, installs both into an empty folder, and tests the rock there.
#
#     bindings/lua/ci.sh        needs Rust and a C compiler; gets LuaJIT, luarocks, busted and luv from Debian
set -euo pipefail
cd "$(dirname "$0")"
here=$PWD
build=$(cd ../.. && pwd)/build/lua

missing=
for package in luajit luarocks lua-busted lua-luv; do
    dpkg-query --show --showformat='${Status}' "$package" 2>/dev/null | grep -q ' installed' ||
        missing="$missing $package"
done
if [ -n "$missing" ]; then
    apt-get update
    # shellcheck disable=SC2086 # a list of packages
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing
fi

../../packaging/build.sh
./build.sh
rm -rf "$build"
mkdir -p "$build"
luarocks --lua-version=5.1 --tree "$build/tree" make asynchron-*.rockspec >/dev/null

cp -r spec bench README.md "$build/"
cd "$build"
export ASYNCHRON_LIBRARY="$here/../../build/lib/libasynchron.so" ASYNCHRON_GUIDE="$here/../../docs/guide/lua.md"
export LUA_PATH="$build/tree/share/lua/5.1/?.lua;$build/tree/share/lua/5.1/?/init.lua;$build/?.lua;;"
timeout 300 luajit "$(command -v busted)" spec
timeout 60 luajit bench/speed.lua --smoke >/dev/null
echo "the rock is as it should be"
