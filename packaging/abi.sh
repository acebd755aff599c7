#!/usr/bin/env bash
# The binary interface of each release, in libabigail's form, is kept in packaging/abi/.
#
#     packaging/abi.sh check    fails if this version breaks what a release of its SONAME promised
#     packaging/abi.sh keep     writes down this version's; part of making a release
#     packaging/abi.sh test     whether check sees what it should, and lets pass what it may
#
# What is compared is what a C++ compiler, for which the enums are types, makes of the header. The
# library's own debug information would tell Rust's types, under names that change with the compiler.
# That the library is what the header says is the business of tests/abi.rs and tests/header.rs; that
# both have the same functions is looked at here, too.
set -euo pipefail
cd "$(dirname "$0")/.."
. packaging/common.sh

OUT=build/abi
mkdir -p "$OUT"

# describe HEADER NAME: build/abi/NAME.abi. Each prototype gets a body.
describe() {
    local source="$OUT/$2.cpp"
    {
        awk '/^ASYNCHRON_API/ { inside = 1 }
            inside && /\);$/ { sub(/;$/, " { __builtin_trap(); }"); inside = 0 }
            { print }' "$1"
        # What libabigail overlooks, numbers that change places for one, becomes part of a symbol.
        echo '#define WATCH(name, number) \'
        echo 'template <uint64_t> void name() {} template void name<static_cast<uint64_t>(number)>();'
        numbers "$1" | while read -r name; do
            echo "WATCH(watch_$name, $name)"
        done
        growing "$1" | while read -r type member; do
            echo "WATCH(watch_${type}_$member, offsetof($type, $member))"
            echo "extern \"C\" void watch_type_${type}_$member(decltype($type::$member)) {}"
        done
        # libabigail describes what a function leads to. Some types have none, as the struct that
        # asynchron_drop_guarded() reads behind its void pointer: so each gets one.
        types "$1" | while read -r type; do
            echo "extern \"C\" void watch_type_$type($type *) {}"
        done
    } >"$source"
    "${CXX:-c++}" -std=c++11 -g $(whole) -O0 -fPIC -shared -Wl,-soname,"$SONAME" "$source" -o "$OUT/$2.so"
    abidw --no-corpus-path --no-comp-dir-path --no-show-locs --no-elf-needed --no-parameter-names \
        --out-file "$OUT/$2.abi" "$OUT/$2.so"
}

# What is watched comes from the compiler's view of the header, so that nothing new is left out for
# the way in which it is written. A name that turns out to be something else does not compile.

preprocess() {
    "${CXX:-c++}" -std=c++11 -x c++ -E "$@"
}

# The types: each of our names without a parenthesis after it, which a function has.
types() {
    preprocess -P "$1" | grep -o 'asynchron_[a-z0-9_]* *(\{0,1\}' | sed -n 's/ *$//; /($/!p' | LC_ALL=C sort -u
}

# The enumerators, and the macros that are numbers.
numbers() {
    preprocess -P "$1" | grep -o 'ASYNCHRON_[A-Z0-9_]*' | LC_ALL=C sort -u
    preprocess -dM "$1" | sed -n 's/^#define \(ASYNCHRON_[A-Z0-9_]*\) ..*/\1/p' |
        grep -vx 'ASYNCHRON_\(VERSION_[A-Z]*\|API\|MUST_USE\)' | LC_ALL=C sort
}

# The members of the structs that begin with their size, and so may grow at the end. libabigail is
# told in compatible.abignore to leave them alone as a whole; each member is watched by itself.
growing() {
    awk '/^typedef struct \{$/ { n = 0 }
        /^    [a-z_].*;$/ { sub(/;$/, ""); sub(/.*[ *]/, ""); member[n++] = $0 }
        /^} .*;$/ && member[0] == "size" {
            sub(/;$/, "", $2)
            for (i = 0; i < n; i++) print $2, member[i]
        }' "$1"
}

# Clang says nothing of a struct that is only pointed to, unless it is told to.
whole() {
    if "${CXX:-c++}" -fstandalone-debug -x c++ -fsyntax-only /dev/null 2>/dev/null; then
        echo -fstandalone-debug
    fi
}

# compatible OLD NEW: whether programs built with the old one run with the new one. What is added is
# no matter. abidiff ends with a sum of bits: 1 and 2 for its own errors, 4 for a change, 8 for one
# that no program can bear.
compatible() {
    local got=0
    abidiff --suppressions packaging/abi/compatible.abignore --no-added-syms "$1" "$2" >"$OUT/report" 2>&1 || got=$?
    if [ $((got & 3)) -ne 0 ]; then
        cat "$OUT/report"
        fail "abidiff cannot compare"
    fi
    [ "$got" -eq 0 ]
}

check() {
    local kept found=
    describe include/asynchron.h now
    if [ -f "build/lib/$LINK" ]; then
        diff <(functions "$OUT/now.so" | grep -v 'watch_') <(functions "build/lib/$LINK") ||
            fail "the header and the library differ in their functions"
    fi
    for kept in packaging/abi/*.abi; do
        grep -q "soname='$SONAME'" "$kept" || continue
        found=yes
        if ! compatible "$kept" "$OUT/now.abi"; then
            cat "$OUT/report"
            fail "programs built with $(basename "$kept" .abi) would break: undo that, or make it a new major version, which moves the SONAME"
        fi
        echo "goes with programs built for $(basename "$kept" .abi)"
    done
    [ -n "$found" ] || fail "nothing is kept for $SONAME: packaging/abi.sh keep"
}

functions() {
    nm -D --defined-only --format=posix "$1" | cut -d' ' -f1 | LC_ALL=C sort
}

keep() {
    describe include/asynchron.h now
    cp "$OUT/now.abi" "packaging/abi/asynchron-$VERSION.abi"
    echo "packaging/abi/asynchron-$VERSION.abi is written"
}

# What is changed: build/abi/$before.h, which is described.
before=now

# changed NAME SED-COMMAND: a header with that change, which must be one, described.
changed() {
    sed "$2" "$OUT/$before.h" >"$OUT/$1.h"
    if cmp -s "$OUT/$before.h" "$OUT/$1.h"; then
        fail "the header has no place for: $1"
    fi
    describe "$OUT/$1.h" "$1"
}

failures=0
must_break() {
    changed "$1" "$2"
    if compatible "$OUT/$before.abi" "$OUT/$1.abi"; then
        echo "FAILED  not seen: $1"
        failures=$((failures + 1))
    else
        echo "ok      seen: $1"
    fi
}

must_pass() {
    changed "$1" "$2"
    if compatible "$OUT/$before.abi" "$OUT/$1.abi"; then
        echo "ok      let pass: $1"
    else
        echo "FAILED  not let pass: $1"
        sed 's/^/        /' "$OUT/report"
        failures=$((failures + 1))
    fi
}

test_itself() {
    cp include/asynchron.h "$OUT/now.h"
    describe "$OUT/now.h" now
    must_break parameter 's/\(asynchron_status_string(\)int32_t status/\1int64_t status/'
    must_break parameters 's/\(asynchron_t \*asynchron_retain(asynchron_t \*a\))/\1, int how)/'
    must_break result 's/uint32_t asynchron_version/uint64_t asynchron_version/'
    must_break function_gone '/asynchron_report_wake(asynchron_report_t/d'
    must_break function_renamed 's/asynchron_poll(const/asynchron_look(const/'
    must_break callback 's/int32_t (\*asynchron_fn_t)(asynchron_t \*self/&, int more/'
    must_break member_type '/^typedef struct {$/,/asynchron_error_t;/ s/int32_t code;/int64_t code;/'
    must_break member_first 's/^    const void \*data;/    size_t before;\n&/'
    must_break member_last 's/^} asynchron_item_t;/    size_t after;\n&/'
    must_break option_gone 's/^    asynchron_drop_fn_t drop_user_data;//'
    must_break option_between 's/^    asynchron_fn_t on_demand;/    void *between;\n&/'
    must_break options_swapped 's/^    void \*user_data;/    const char *swap;/; s/^    const char \*name;/    void *user_data;/; s/const char \*swap;/const char *name;/'
    must_break option_flags_narrower 's/^    uint64_t flags;/    uint32_t flags;/'
    must_break status_number 's/ASYNCHRON_TIMEOUT = 4,/ASYNCHRON_TIMEOUT = 40,/'
    must_break status_swapped 's/ASYNCHRON_FAILED = 1,/ASYNCHRON_FAILED = 2,/; s/ASYNCHRON_CANCELLED = 2,/ASYNCHRON_CANCELLED = 1,/'
    must_break state_gone '/ASYNCHRON_STATE_RUNNING = 1,/d'
    must_break status_width 's/asynchron_status_t : int32_t/asynchron_status_t : int64_t/'
    must_break constant 's/^#define ASYNCHRON_NOTIFY_IF_PENDING .*/#define ASYNCHRON_NOTIFY_IF_PENDING 2/'
    must_break guarded_member_type '/^typedef struct {$/,/asynchron_guarded_t;/ s/asynchron_drop_fn_t drop;/void *drop;/'
    must_break guarded_member_before 's/^    asynchron_t \*keeper;/    size_t before;\n&/'
    must_break guarded_member_after 's/^} asynchron_guarded_t;/    size_t after;\n&/'
    must_break type_gone 's/^} asynchron_guarded_t;/} asynchron_warded_t;/'
    must_pass function_added 's/^ASYNCHRON_API uint32_t asynchron_version(void);/&\nASYNCHRON_API int asynchron_news(void);/'
    must_pass option_added 's/^} asynchron_options_t;/    void *news;\n&/'
    must_pass notify_option_added 's/^} asynchron_notify_options_t;/    void *news;\n&/'
    must_pass step_option_added 's/^} asynchron_step_options_t;/    void *news;\n&/'
    must_pass executor_option_added 's/^} asynchron_executor_options_t;/    void *news;\n&/'
    must_pass status_added 's/^    ASYNCHRON_WOKEN = 7,/&\n    ASYNCHRON_NEWS = 8,/'
    must_pass constant_added 's/^#define ASYNCHRON_FOREVER .*/&\n#define ASYNCHRON_NEWS 8/'
    must_pass parameter_name 's/asynchron_retain(asynchron_t \*a)/asynchron_retain(asynchron_t *one)/'

    # What is added is watched from then on, though no function leads to it, however it is declared.
    must_pass news "/^ASYNCHRON_API uint32_t asynchron_version/ {
        i typedef struct { int32_t in_struct; } asynchron_news_t;
        i struct asynchron_news2 { int32_t in_tagged; };
        i typedef union { int32_t in_union; } asynchron_news3_t;
        i enum asynchron_news4 { ASYNCHRON_NEWS_4 = 4 };
        i typedef void (*asynchron_news_fn)(int32_t in_callback);
        i #define ASYNCHRON_NEWS_5 (1 << 5)
    }"
    before=news
    must_break new_struct 's/int32_t in_struct/int64_t in_struct/'
    must_break new_tagged_struct 's/int32_t in_tagged/int64_t in_tagged/'
    must_break new_union 's/int32_t in_union/int64_t in_union/'
    must_break new_enumerator 's/ASYNCHRON_NEWS_4 = 4/ASYNCHRON_NEWS_4 = 5/'
    must_break new_enum_gone '/^enum asynchron_news4/d'
    must_break new_callback 's/int32_t in_callback/int64_t in_callback/'
    must_break new_constant 's/(1 << 5)/(1 << 6)/'
    [ "$failures" -eq 0 ] || fail "$failures failed"
}

case ${1:-} in
check) check ;;
keep) keep ;;
test) test_itself ;;
*) fail "say check, keep or test" ;;
esac
