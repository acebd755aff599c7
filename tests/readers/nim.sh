# Nim names what it uses of asynchron.h.
command -v nim >/dev/null || exit 77
nim c --hints:off --verbosity:0 --nimcache:cache --passC:-I"$INCLUDE" --passL:"-L$LIBRARIES -lasynchron" --out:read "$HERE/read.nim"
./read
