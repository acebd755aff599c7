# What is inside the shared library.

LIBRARY="$PREFIX/lib/$FILE"

elf() {
    LC_ALL=C readelf -W "$@" "$LIBRARY"
}

# The functions that the installed header declares.
declared() {
    grep '^ASYNCHRON_API' -A3 "$PREFIX/include/asynchron.h" | grep -o 'asynchron_[a-z_]*(' | tr -d '(' | LC_ALL=C sort -u
}

soname() {
    same "$SONAME" "$(elf -d | sed -n 's/.*(SONAME).*\[\(.*\)\]/\1/p')"
}

exports() {
    [ "$(declared | wc -l)" -ge 42 ]
    same "$(declared)" "$(nm -D --defined-only --format=posix "$LIBRARY" | cut -d' ' -f1 | LC_ALL=C sort)"
}

# The hooks without a version are those that every shared library looks for and does without, and what ThreadSanitizer
# has if it is there.
nothing_undefined() {
    local undefined
    undefined=$(nm -D --undefined-only --format=posix "$LIBRARY" | cut -d' ' -f1 | LC_ALL=C sort)
    same "_ITM_deregisterTMCloneTable
_ITM_registerTMCloneTable
__gmon_start__" "$(printf '%s\n' "$undefined" | grep -v -e '@GLIBC_' -e '@GCC_' -e '^__tsan_')"
    ldd -r "$LIBRARY"
    refuse grep -i undefined <(ldd -r "$LIBRARY" 2>&1)
}

needs_the_c_library_alone() {
    local needed
    needed=$(elf -d | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p')
    [ -n "$needed" ]
    refuse grep -v -E -e '^lib(c|gcc_s|m|pthread|dl|rt)\.so\.' -e '^ld-linux' <(printf '%s\n' "$needed")
}

no_executable_stack() {
    same 'RW' "$(elf -l | awk '$1 == "GNU_STACK" { print $7 }')"
}

# All that is relocated is read-only before the first function runs.
full_relro() {
    elf -l | grep -w GNU_RELRO
    elf -d | grep -E '\(FLAGS_1\).*\bNOW\b'
    elf -d | grep -E '\(FLAGS\).*\bBIND_NOW\b'
}

no_segment_to_write_and_run() {
    local segments
    # What stands between the five numbers and the alignment.
    segments=$(elf -l | sed -n 's/^ *LOAD *\(0x[0-9a-f]* *\)\{5\}\([RWE ]*\)0x.*/\2/p' | tr -d ' ')
    printf '%s\n' "$segments" | grep -x RE
    printf '%s\n' "$segments" | grep -x RW
    refuse grep W.*E <(printf '%s\n' "$segments")
    refuse grep -e TEXTREL -e RPATH -e RUNPATH <(elf -d)
}

never_unloaded() {
    elf -d | grep -E '\(FLAGS_1\).*\bNODELETE\b'
}

stripped_and_small() {
    refuse grep -E '\.(symtab|debug)' <(elf -S)
    echo "$(stat -c %s "$LIBRARY") bytes"
    [ "$(stat -c %s "$LIBRARY")" -le $((512 * 1024)) ]
}

# Neither the source tree's, nor cargo's, nor the toolchain's, nor anybody's home.
no_build_path() {
    local file
    for file in "$LIBRARY" "$PREFIX/lib/libasynchron.a"; do
        strings -a "$file" >"$WORK/strings"
        grep -q '\.rs' "$WORK/strings" # panics do name their files
        refuse grep -nF -e "$ROOT" -e "${CARGO_HOME:-$HOME/.cargo}" \
            -e "$(rustc --print sysroot)" -e "${CARGO_TARGET_DIR:-$ROOT/target}" "$WORK/strings"
        refuse grep -nE '(^|[^a-z])/(home|root|tmp|build|builds|work|usr/lib/rustlib)/' "$WORK/strings"
    done
}

try "the SONAME is $SONAME" soname
try "it exports the header's functions and nothing else" exports
try "no symbol is undefined" nothing_undefined
try "it needs nothing but the C library and the compiler's" needs_the_c_library_alone
try "its stack is not executable" no_executable_stack
try "full RELRO" full_relro
try "no segment is writable and executable" no_segment_to_write_and_run
try "it is marked as never to be unloaded" never_unloaded
try "it is stripped, and at most 512 KiB" stripped_and_small
try "no path of the build is inside" no_build_path
