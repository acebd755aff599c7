#!/usr/bin/env bash
# Tests the library as it is installed, and not the build tree: installs what packaging/build.sh has
# built into a temporary prefix with spaces in its path, and uses it from there as a program would.
#
#     packaging/test.sh
#
# Wants gcc, clang, cmake, meson, pkg-config, binutils and valgrind. CONTRIBUTING.md says what is promised.
set -euo pipefail
cd "$(dirname "$0")/.."
. packaging/common.sh
. packaging/test/common.sh

make -s install PREFIX="$PREFIX" MAN="$MAN" >"$WORK/installed"
. packaging/test/files.sh
. packaging/test/binary.sh
. packaging/test/flags.sh
. packaging/test/static.sh
. packaging/test/cmake.sh
. packaging/test/meson.sh
. packaging/test/readme.sh
. packaging/test/valgrind.sh
. packaging/test/races.sh
. packaging/test/rust.sh
conclude
