# For a shell to source: has Go find a library that is not installed where pkg-config looks.
#
#     . bindings/go/env.sh PREFIX
export PKG_CONFIG_PATH=$1/lib/pkgconfig${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}
export LD_LIBRARY_PATH=$1/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
# Go's cache of builds does not look at what pkg-config answers, nor at headers. This it looks at.
library=$( (echo "$1"; cat "$1/include/asynchron.h") | cksum | cut -d' ' -f1)
export CGO_CFLAGS="${CGO_CFLAGS:--O2 -g} -UASYNCHRON_LIBRARY -DASYNCHRON_LIBRARY=$library" # also the second time
