#!/usr/bin/env bash
# Runs the tests with a Python that has the package. Beside them, since it sleeps most of the time, the standard library's
# own tests, where that Python has them.
#
#     bindings/python/test.sh PYTHON
set -euo pipefail
cd "$(dirname "$0")"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
status=0
standard=
if "$1" tests/standard.py --installed; then
    timeout 250 "$1" tests/standard.py >"$log" 2>&1 </dev/null &
    standard=$!
fi
"$1" -m pytest --quiet tests </dev/null || status=$?
if [ -n "$standard" ]; then
    wait "$standard" || status=$?
    cat "$log"
fi
exit "$status"
