#!/bin/sh
# Installs what reads the headers, for tests/readers.rs and tests/generators.rs: Debian's packages, as root, and those of
# Python into build/readers.
#
#     tests/readers/setup.sh [bindgen]     with bindgen, which takes minutes to build
set -eu
cd "$(dirname "$0")/../.."

packages="luajit php-cli fp-utils swig nim gnat ldc gcc libc6-dev python3-venv"
# shellcheck disable=SC2086 # a list of packages
if ! dpkg -s $packages >/dev/null 2>&1; then
    apt-get update
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $packages
fi

mkdir -p build/readers/bin
[ -x build/readers/venv/bin/ctypesgen ] || python3 -m venv build/readers/venv
build/readers/venv/bin/pip install --quiet --disable-pip-version-check ctypesgen==1.1.1 ziglang==0.13.0
ln -sf ../venv/bin/ctypesgen build/readers/bin/ctypesgen
cat >build/readers/bin/zig <<END
#!/bin/sh
exec "$PWD/build/readers/venv/bin/python" -m ziglang "\$@"
END
chmod +x build/readers/bin/zig
if [ "${1:-}" = bindgen ]; then
    [ -x build/readers/bin/bindgen ] || cargo install --quiet --locked --version 0.72.1 --root build/readers bindgen-cli
fi
echo "Put $PWD/build/readers/bin in front of PATH."
