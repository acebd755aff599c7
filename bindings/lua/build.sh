#!/bin/sh
# Writes the declarations of asynchron.ffi.h, as a module of Lua that the rock has beside the others.
#
#     bindings/lua/build.sh
set -eu
cd "$(dirname "$0")"
{
    echo "-- asynchron.ffi.h, as build.sh has written it here."
    echo "return [=["
    cat ../../include/asynchron.ffi.h
    echo "]=]"
} >src/asynchron/declarations.lua
