#!/usr/bin/env bash
# names.sh HEADER...: whether all that an adapter's header declares at its outermost level has a name of the library's:
# macros, types, constants, functions and variables. And whether no function has its address compared: each source file
# that includes the header has functions of its own, so two of them would not agree.
set -euo pipefail

# Each name, behind its place.
declared() {
    awk '
        function tell(name) { print FILENAME ":" FNR ": " name }
        FNR == 1 { inside = 0 }
        /^#define / { name = $2; sub(/\(.*/, "", name); tell(name) }
        /^(typedef )?(struct|enum|union) [A-Za-z_]/ { tell($1 == "typedef" ? $3 : $2) }
        /^typedef .*\(\*/ { name = $0; sub(/.*\(\*/, "", name); sub(/\).*/, "", name); tell(name) }
        /^\} [A-Za-z_0-9]+;/ { name = $2; sub(/;/, "", name); tell(name) }
        /^enum \{.*\};/ {
            list = $0; gsub(/^enum \{|\};|=[^,]*/, "", list)
            n = split(list, names, ","); for (i = 1; i <= n; i++) { gsub(/ /, "", names[i]); tell(names[i]) }
        }
        /^static / { # a function, or a variable
            name = $0; sub(/(\(| =|;).*/, "", name); sub(/.*[ *]/, "", name); tell(name)
        }
    ' "$@"
}

names=$(declared "$@")
functions=$(sed -nE 's/^static inline [^(]*[ *]([a-z_0-9]+)\(.*/\1/p' "$@" | sort -u)
failed=0
if grep -vE ': (asynchron|ASYNCHRON)_[A-Za-z0-9_]+;?$' <<<"$names"; then
    echo "these names are not the library's"
    failed=1
fi
if grep -nE "([!=]=|case) &?($(paste -sd '|' <<<"$functions"))\b[^(]" "$@"; then
    echo "the address of a function is compared"
    failed=1
fi
exit "$failed"
