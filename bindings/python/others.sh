#!/usr/bin/env bash
# Runs the tests of a wheel with each further CPython that has the interpreter lock and is found: the newest of each version
# from 3.12 on, of pyenv's or on the PATH, but for the version of python3, with which ci.sh has run them.
#
#     bindings/python/others.sh WHEEL
set -euo pipefail
wheel=$(realpath "$1")
cd "$(dirname "$0")"
build=$PWD/../../build/python
about='import sys, sysconfig
if sys.implementation.name == "cpython" and sys.version_info >= (3, 12) and not sysconfig.get_config_var("Py_GIL_DISABLED"):
    print("{0}.{1} {2}".format(*sys.version_info), sys.executable)'

found() {
    for python in "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.*/bin/python3 $(compgen -c python3. | grep -x 'python3\.[0-9]*' | sort -u); do
        "$python" -c "$about" 2>/dev/null || true
    done
}

own=$(python3 -c 'import sys; print("{0}.{1}".format(*sys.version_info))')
found | sort -t ' ' -k 1,1V -k 2,2nr | awk -v own="$own" '$1 != own && !seen[$1]++ { print $1, $3 }' |
while read -r version python; do
    echo "Python $version: $python"
    environment=$build/environment-$version
    rm -rf "$environment"
    "$python" -m venv "$environment"
    "$environment/bin/python" -m pip install --quiet pytest pytest-timeout "$wheel"
    # What some tests want, and skip without: not every version has it yet.
    "$environment/bin/python" -m pip install --quiet --only-binary :all: trio uvloop || true
    ./test.sh "$environment/bin/python"
done
