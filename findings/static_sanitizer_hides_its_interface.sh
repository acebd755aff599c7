#!/usr/bin/env bash
# A shared library cannot find ThreadSanitizer in a program that GCC linked with it statically; with Clang it can.
#
# A library that was not built for ThreadSanitizer can still tell it what orders memory, by __tsan_acquire and
# __tsan_release of <sanitizer/tsan_interface.h>. It asks dlsym whether the program has them. Clang always links the
# runtime statically, and so does GCC with -static-libtsan. One would think that both then answer alike:
#
#   GCC 12.2.0, -fsanitize=thread                             found
#   GCC 12.2.0, -fsanitize=thread -static-libtsan             missing: no warning, and the library goes unseen
#   GCC 12.2.0, -fsanitize=thread -static-libtsan -rdynamic   found
#   Clang 14.0.6, -fsanitize=thread                           found: it exports the runtime's own symbols by itself
#
# So a program that is linked with -static-libtsan has to be linked with -rdynamic, too.
# Packages: Debian's gcc-12 12.2.0-14+deb12u1 and clang-14 1:14.0.6-12. The script unpacks them into a temporary folder,
# takes the linker and the C library of the system, and fails if an answer changes.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
[ "$(dpkg --print-architecture)" = amd64 ] || { echo "for amd64 alone"; exit 1; }
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends binutils libc6-dev >/dev/null
gcc=12.2.0-14+deb12u1 clang=1:14.0.6-12
apt-get -o APT::Sandbox::User=root download -qq gcc-12=$gcc cpp-12=$gcc libgcc-12-dev=$gcc libtsan2=$gcc libcc1-0=$gcc \
    libmpc3 libmpfr6 libgmp10 libisl23 libzstd1 zlib1g clang-14=$clang libclang-cpp14=$clang libclang1-14=$clang \
    libclang-common-14-dev=$clang libclang-rt-14-dev=$clang libllvm14=$clang libedit2 libz3-4 libxml2 libbsd0 libmd0 libicu72
for package in *.deb; do dpkg -x "$package" root; done
export LD_LIBRARY_PATH=$work/root/usr/lib/x86_64-linux-gnu:$work/root/lib/x86_64-linux-gnu:$work/root/usr/lib/llvm-14/lib

cat >library.c <<'END'
#define _GNU_SOURCE
#include <dlfcn.h>
const char *sanitizer(void) { return dlsym(RTLD_DEFAULT, "__tsan_acquire") != 0 ? "found" : "missing"; }
END
cat >program.c <<'END'
#include <stdio.h>
const char *sanitizer(void);
int main(void) { return puts(sanitizer()) < 0; }
END

# expect ANSWER COMPILER FLAG…
expect() {
    local answer=$1 compiler=$2
    shift 2
    "$compiler" -shared -fPIC library.c -o libthing.so -ldl
    "$compiler" -fsanitize=thread "$@" program.c -o program -L. -lthing -Wl,-rpath,"$work"
    local got
    # Without random addresses: not every kernel's suit the runtime.
    got=$(setarch --addr-no-randomize ./program)
    echo "$(basename "$compiler") -fsanitize=thread $*: $got"
    [ "$got" = "$answer" ] || { echo "this is new"; exit 1; }
}

root/usr/bin/gcc-12 --version | sed -n 1p
root/usr/lib/llvm-14/bin/clang --version | sed -n 1p
expect found root/usr/bin/gcc-12
expect missing root/usr/bin/gcc-12 -static-libtsan
expect found root/usr/bin/gcc-12 -static-libtsan -rdynamic
expect found root/usr/lib/llvm-14/bin/clang
