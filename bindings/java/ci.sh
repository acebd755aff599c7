#!/usr/bin/env bash
# Builds the jar, and runs the tests and the program of the guide with it; tries the benchmark for a moment.
#
#     bindings/java/ci.sh        needs Rust, a C compiler and python3; ASYNCHRON_LONG=1 for the long form
set -euo pipefail
cd "$(dirname "$0")"
./build.sh
build=$(cd ../.. && pwd)/build/java
jar=$(echo "$build"/asynchron-*.jar)
export LD_LIBRARY_PATH=$build/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
java() {
    "$build/java/bin/java" --enable-native-access=ALL-UNNAMED -cp "$jar:$build/test-classes" "$@"
}
java -version
java asynchron.Runner
python3 samples.py "$build" "$jar"
echo "== the benchmark, for a moment"
java asynchron.Speed --smoke
