# zig translate-c reads asynchron.h.
command -v zig >/dev/null || exit 77
export ZIG_GLOBAL_CACHE_DIR="$PWD/cache" ZIG_LOCAL_CACHE_DIR="$PWD/cache"
zig build-exe "$HERE/read.zig" -femit-bin=read -lc -I"$INCLUDE" -L"$LIBRARIES" -lasynchron
./read
