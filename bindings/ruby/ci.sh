#!/usr/bin/env bash
# Builds the C library and the gem, installs the gem into an empty folder, and tests it there.
#
#     bindings/ruby/ci.sh        needs Rust and a C compiler; gets Ruby and minitest from Debian
#
# ASYNCHRON_LONG=1 is for the long form.
set -euo pipefail
cd "$(dirname "$0")"
root=$(cd ../.. && pwd)
build=$root/build/ruby

if ! command -v ruby >/dev/null || ! ruby -e 'require "minitest"' 2>/dev/null; then
    apt-get update
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends ruby ruby-minitest
fi

"$root/packaging/build.sh"
rm -rf "$build"
mkdir -p "$build"
gem build --silent --output "$build/asynchron.gem" asynchron.gemspec
gem install --silent --local --no-document --install-dir "$build/gems" "$build/asynchron.gem"

cp -r test bench README.md "$build/"
cd "$build"
export GEM_PATH="$build/gems:$(gem environment path)"
export ASYNCHRON_LIBRARY="$root/build/lib/libasynchron.so" ASYNCHRON_GUIDE="$root/docs/guide/ruby.md"
timeout 600 ruby -W -e 'Dir["./test/test_*.rb"].sort.each { |file| require file }'
timeout 60 ruby -W bench/speed.rb --smoke >/dev/null
echo "the gem is as it should be"
