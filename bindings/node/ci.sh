#!/usr/bin/env bash
# Builds the npm package, installs it into an empty directory, and runs its tests there: with Node.js, then with Bun and
# Deno; checks the types; and tries the benchmark for a moment.
#
#     bindings/node/ci.sh        needs Rust, a C compiler, Node.js and npm
#
# ASYNCHRON_LONG=1 is for the long form; ASYNCHRON_NODES names other programs of Node.js to run the tests with, too.
set -euo pipefail
cd "$(dirname "$0")"
here=$PWD
build=$(cd ../.. && pwd)/build/node
rm -rf "$build"
mkdir -p "$build/tools" "$build/app"

# The other hosts, the compiler of TypeScript, and koffi, each in the version of the lock file.
cp package.json package-lock.json "$build/tools/"
(cd "$build/tools" && npm ci --no-audit --no-fund --loglevel=error)
tools=$build/tools/node_modules/.bin

npm pack --loglevel=error --pack-destination "$build" >/dev/null

cd "$build/app"
npm init -y >/dev/null
npm pkg set type=module >/dev/null
npm install --no-audit --no-fund --loglevel=error "$build"/asynchron-*.tgz
node --input-type=module -e '
import { Asynchron, version } from "asynchron";
await Asynchron.timer(1);
console.log(version());'

# The tests call C by koffi themselves.
npm install --no-audit --no-fund --loglevel=error "koffi@$(node -p 'require("koffi/package.json").version')"
cp -r "$here/test" "$here/bench" .
cp "$here/README.md" "$here/../../docs/guide/node.md" .
ln -s "$build/tools/node_modules/@types" node_modules/@types

echo "== types"
"$tools/tsc" --project test/tsconfig.json
for node in node ${ASYNCHRON_NODES:-}; do
    echo "== Node.js $("$node" --version)"
    "$node" --test test/*.test.js
done
echo "== Node.js, with the waiting thread that other hosts need"
ASYNCHRON_WATCHER=thread node --test test/{abort,await,process,report,workers}.test.js
echo "== Bun"
"$tools/bun" test --timeout 300000 ./test/
echo "== Deno"
"$tools/deno" test --allow-all --no-check --v8-flags=--expose-gc test/
echo "== the benchmark, for a moment"
node bench/speed.js --smoke
