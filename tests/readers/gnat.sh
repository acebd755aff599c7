# GNAT compiles what gcc -fdump-ada-spec makes of asynchron.h. It drops the macros that are no numbers, ASYNCHRON_FOREVER
# among them.
command -v gnatmake >/dev/null || exit 77
cp "$INCLUDE/asynchron.h" .
gcc -std=c99 -fsyntax-only -fdump-ada-spec asynchron.h
grep -q 'unsupported macro: ASYNCHRON_FOREVER' asynchron_h.ads
cp "$HERE/read.adb" .
gnatmake -q -gnat12 -gnatws read.adb -largs -L"$LIBRARIES" -lasynchron
./read
