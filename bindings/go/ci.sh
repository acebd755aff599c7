#!/usr/bin/env bash
# Builds the C library, installs it into a temporary prefix, and holds the Go module to its promises there: format, vet,
# the tests, with the race detector and with all checks of cgo, and a program outside of the repository that imports it.
#
#     bindings/go/ci.sh           ASYNCHRON_LONG=1 for the long form of the tests; another Go comes first on the PATH
set -euo pipefail
cd "$(dirname "$0")"
here=$PWD

if ! command -v go >/dev/null || ! command -v pkg-config >/dev/null; then
    apt-get update
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends golang-go pkg-config gcc libc6-dev
fi
temporary=$(mktemp -d)
trap 'rm -rf "$temporary"' EXIT
make -C ../.. install PREFIX="$temporary/prefix" MAN=no >/dev/null
export CGO_CFLAGS="-O2 -g -DASYNCHRON_LIBRARY=1" # as if another library had been in use in this shell
# shellcheck source=bindings/go/env.sh
. ./env.sh "$temporary/prefix"
export GOFLAGS=-mod=mod GOPROXY=off GOTOOLCHAIN=local

badly=$(gofmt -l .)
if [ -n "$badly" ]; then
    echo "gofmt would change: $badly" >&2
    exit 1
fi
go vet ./...
go version

# Go's checks of what C is given: in their long form before 1.21 by a variable, later by an experiment.
checked() {
    case $(go env GOVERSION) in
    go1.19* | go1.20*) GODEBUG=cgocheck=2 "$@" ;;
    *) GOEXPERIMENT=cgocheck2 "$@" ;;
    esac
}
short=-short
if [ -n "${ASYNCHRON_LONG:-}" ]; then short=; fi
go test -timeout 300s $short ./...
checked go test -race -timeout 300s $short ./...
go test -run '^$' -bench . -benchtime 10x ./... >/dev/null

# As a user has it.
mkdir "$temporary/outside"
cp testdata/outside/main.go "$temporary/outside"
cd "$temporary/outside"
go mod init example.org/outside 2>/dev/null
go mod edit -require asynchron@v0.0.0 -replace asynchron="$here"
go build -o outside .
test "$(timeout 60 ./outside)" = "from outside: hello"
echo "the Go module is as it should be"
