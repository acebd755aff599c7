# Reads include/asynchron.h for man.awk: what it declares, and the comments.
#
# The header is regular, as it is generated: a comment at its head; a plain comment at the head of each
# section, with a rule as its first line; and before each thing that it declares a comment that begins
# with two asterisks. This is POSIX awk, and so needs nothing that is not there wherever there is make.
#
# introduction                       the comment at the head
# sections, title[s], prologue[s]    the sections and what their comments say
# declarations, and of each          kind[d] (function, struct, enum, callback, handle, constant),
#                                    name[d], code[d], comment[d], section[d]
# members[d], of each                member[d, m], member_comment[d, m]
# version                            as the header says it

# A comment: its lines as they were, but for the asterisks.
/^ *\/\*\*?$/ {
    documents = /\*\*/
    text = ""
    inside = 1
    next
}
inside && /^ *\*\/$/ {
    inside = 0
    if (documents)
        doc = text
    else if (introduction == "")
        introduction = text
    else if (text ~ /^=/)
        begin_section(text)
    next
}
inside {
    sub(/^ *\* ?/, "")
    text = text $0 "\n"
    next
}

# The preprocessor's lines, of which only a constant with a comment counts.
continued || /^#/ {
    continued = /\\$/
    if ($2 == "ASYNCHRON_VERSION_STRING")
        version = substr($3, 2, length($3) - 2)
    else if (/^#define/ && doc != "")
        declare("constant", $2, $0)
    next
}

/^\/\*/ || /^extern "C"/ || /^[}]$/ { next }

# A declaration is one line here, up to the brace, if it has one, and what follows that.
depth == 0 {
    line = $0
    gsub(/ASYNCHRON_(API|MUST_USE) ?/, "", line)
    declaration = trim(declaration " " trim(line))
    if (declaration ~ /[{]$/) {
        depth = 1
        count = 0
        whole = doc
        doc = ""
    } else if (declaration ~ /;$/) {
        sort_out(declaration)
        declaration = ""
    }
    next
}
/^[}]/ {
    depth = 0
    doc = whole
    sub(/^[}] */, "")
    sort_out(declaration " } " $0)
    declaration = ""
    next
}
{
    count++
    member[declarations + 1, count] = trim($0)
    member_comment[declarations + 1, count] = doc
    doc = ""
}

function begin_section(text) {
    sub(/^=*\n/, "", text)
    sections++
    title[sections] = text
    sub(/\n.*/, "", title[sections])
    sub(/^[^\n]*\n*/, "", text)
    prologue[sections] = text
    doc = ""
}

# What has no comment is a second form of something that has.
function sort_out(text,    words) {
    if (doc == "")
        return
    split(text, words, " ")
    if (text ~ /^enum/)
        declare("enum", words[2], text)
    else if (text ~ /^typedef struct [{]/)
        declare("struct", last_name(text), text)
    else if (text ~ /^typedef struct/)
        declare("handle", last_name(text), text)
    else if (text ~ /^typedef/)
        declare("callback", before(text, "\\)\\("), text)
    else
        declare("function", before(text, "\\("), text)
}

function declare(a_kind, a_name, a_code) {
    declarations++
    kind[declarations] = a_kind
    name[declarations] = a_name
    code[declarations] = a_code
    comment[declarations] = doc
    section[declarations] = sections
    members[declarations] = a_code ~ /[{]/ ? count : 0
    doc = ""
}

function last_name(text) {
    sub(/;$/, "", text)
    sub(/.*[ *]/, "", text)
    return text
}

# The last word in front of this.
function before(text, mark) {
    match(text, mark)
    return last_name(substr(text, 1, RSTART - 1))
}

function trim(text) {
    gsub(/^[ \t]+|[ \t]+$/, "", text)
    return text
}
