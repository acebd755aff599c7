#!/usr/bin/env bash
# Two readers of C headers lose every constant of an enum that has no tag.
#
# A C library that wants its enums 32 bits wide in every compiler writes `enum { RED = 1 };` and beside it
# `typedef int32_t color_t;`. That is plain C99. Whoever makes a binding from the header finds:
#
#   GCC 12.2.0 (`-fdump-ada-spec`; Debian's cpp-12 12.2.0-14+deb12u1): the constants are not in the Ada specification.
#     No warning, and the exit status is 0.
#   H2Pas 1.0.0 (Debian's fp-utils-3.2.2 3.2.2+dfsg-20): it calls the enum a syntax error, puts it into a comment, writes
#     the rest, and exits with 0.
#
# With a tag, even one that nothing else uses, both keep the constants. So: give every enum a tag.
#
# The script downloads both into a temporary folder, and fails if one of them behaves otherwise.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
[ "$(dpkg --print-architecture)" = amd64 ] || { echo "for amd64 alone"; exit 1; }
apt-get update -qq
apt-get -o APT::Sandbox::User=root download -qq cpp-12=12.2.0-14+deb12u1 libmpc3 libmpfr6 libgmp10 libisl23 libzstd1 zlib1g fp-utils-3.2.2=3.2.2+dfsg-20
for package in *.deb; do dpkg -x "$package" root; done
export LD_LIBRARY_PATH=$work/root/usr/lib/x86_64-linux-gnu:$work/root/lib/x86_64-linux-gnu
cc1=root/usr/lib/gcc/x86_64-linux-gnu/12/cc1
h2pas=root/usr/bin/h2pas-3.2.2

cat >colors.h <<'END'
typedef int color_t;
enum { COLOR_RED = 1, COLOR_GREEN = 2 };
enum shape { SHAPE_ROUND = 3 };
color_t color_of(int thing);
END

# expect FILE TEXT yes|no: whether the text stands in the file.
expect() {
    local found=no
    if grep -q "$2" "$1"; then found=yes; fi
    echo "$1 has $2: $found"
    [ "$found" = "$3" ] || { echo "this is new"; exit 1; }
}

"$cc1" -quiet -version -fsyntax-only colors.h 2>version.txt
sed -n 1p version.txt
"$cc1" -quiet -fsyntax-only -fdump-ada-spec colors.h 2>gcc.txt
[ ! -s gcc.txt ] || { cat gcc.txt; echo "it says something: this is new"; exit 1; }
expect colors_h.ads COLOR_RED no
expect colors_h.ads SHAPE_ROUND yes

"$h2pas" colors.h -o colors.pas
expect colors.pas 'H2Pas 1.0.0' yes
expect colors.pas '(\* error' yes
expect colors.pas '(COLOR_RED' no
expect colors.pas '(SHAPE_ROUND' yes
