# Shows include/asynchron.h to Doxygen: its plain comments become those of the file and of groups, and
# the lists below the functions become Doxygen's own sections. The header itself stays the manual it is.

# A plain comment of several lines is kept until its end.
/^\/\*$/ {
    plain = 1
    text = ""
    next
}
plain && /^ \*\/$/ {
    plain = 0
    if (!introduced++)
        introduce(text)
    else if (text ~ /^ \* =/)
        begin_group(text)
    next
}
plain {
    text = text $0 "\n"
    next
}

# The program's version is in the title; these have no comments of their own.
/^#define ASYNCHRON_VERSION/ {
    next_line = /\\$/
    next
}
next_line {
    next_line = 0
    next
}

# The closing brace of extern "C" is behind the last group.
/^#ifdef __cplusplus/ && groups > 0 && !closed {
    closed = 1
    print "/** @} */"
}

/^ \* - (Needs|Ownership|Threads): / {
    sub(/^ \* - /, "")
    match($0, /^[A-Za-z]+/)
    print " *\n * @par " substr($0, 1, RLENGTH)
    sub(/^[A-Za-z]+: /, " * ")
}
/^ \* - Returns: / { sub(/- Returns:/, "\n * @return") }
/^ \* - Returns, / { sub(/- Returns, the/, "\n * @return The") }
/^ \* - Since: / { sub(/- Since:/, "\n * @since") }

{ print }

function introduce(text,    first) {
    first = text
    sub(/\n.*/, "", first)
    sub(/^ \* [^:]*: /, "", first)
    sub(/^[^\n]*\n/, "", text)
    first = toupper(substr(first, 1, 1)) substr(first, 2)
    print "/**\n * @file asynchron.h\n * @brief " first ": @ref introduction has what holds for all of it.\n */"
    print "/**\n * @page introduction What holds for every function\n" text " */"
}

function begin_group(text,    title) {
    sub(/^[^\n]*\n \* /, "", text)
    title = text
    sub(/\n.*/, "", title)
    sub(/^[^\n]*\n/, "", text)
    if (groups++ > 0)
        print "/** @} */"
    print "/**\n * @defgroup section" groups " " title "\n" text " * @{\n */"
}
