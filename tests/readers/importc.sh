# LDC imports asynchron.h as C, once it is preprocessed. It knows no attributes.
command -v ldc2 >/dev/null || exit 77
cc -std=c11 -E -P -DASYNCHRON_MUST_USE= "$INCLUDE/asynchron.h" -o asynchron_c.c
ldc2 "$HERE/read.d" asynchron_c.c -of=read -L-L"$LIBRARIES" -L-lasynchron
./read
