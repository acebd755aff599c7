# Writes the man pages from what header.awk has read: asynchron(3), and one for each function.
#
#     awk -v out=DIRECTORY -v date=YYYY-MM-DD -f docs/tools/header.awk -f docs/tools/roff.awk \
#         -f docs/tools/man.awk include/asynchron.h

END {
    for (d = 1; d <= declarations; d++)
        if (kind[d] == "function")
            function_page(d)
    overview_page()
}

function begin_page(title) {
    file = out "/" title ".3"
    printf "" >file
    put(".\\\" Made from the comments of asynchron.h.")
    put(".TH " toupper(title) " 3 \"" date "\" \"asynchron " version "\" \"asynchron\"")
    put(".nh\n.ad l\n.SH NAME") # names are not hyphenated
}

function function_page(d,    key) {
    begin_page(name[d])
    put_filled(name[d] " \\- " small(plain(first_sentence(comment[d]))))
    put(".SH SYNOPSIS\n.nf\n.B #include <asynchron.h>\n.PP")
    put_prototype(code[d])
    put(".fi\n.PP\nLink with \\fI\\-lasynchron\\fP.")
    split_notes(comment[d])
    put(".SH DESCRIPTION")
    put_text(note["description"])
    for (key = 1; key <= 3; key++)
        if (note[key] != "")
            put_tagged(label[key], note[key])
    if (note["returns"] != "") {
        put(".SH RETURN VALUE")
        put_text(capital(note["returns"]))
    }
    put_types(d)
    put(".SH HISTORY\nSince asynchron " trim(note["since"]) ".")
    put(".SH SEE ALSO")
    put_references(d)
    close(file)
}

# The parts of a function's comment: what is before the list, and the items of the list.
function split_notes(text,    lines, n, i, at) {
    label[1] = "Needs"
    label[2] = "Ownership"
    label[3] = "Threads"
    split("", note)
    at = "description"
    n = split(text, lines, "\n")
    for (i = 1; i <= n; i++) {
        if (sub(/^- Needs: /, "", lines[i]))
            at = 1
        else if (sub(/^- Ownership: /, "", lines[i]))
            at = 2
        else if (sub(/^- Threads: /, "", lines[i]))
            at = 3
        else if (sub(/^- Returns: /, "", lines[i]) || sub(/^- Returns, /, "", lines[i]))
            at = "returns"
        else if (sub(/^- Since: /, "", lines[i]))
            at = "since"
        note[at] = note[at] lines[i] "\n"
    }
}

# Of the types in the prototype, those that a caller has to know from inside.
function put_types(d,    t, begun) {
    for (t = 1; t <= declarations; t++) {
        if ((kind[t] != "struct" && kind[t] != "callback") || !mentions(code[d], name[t]))
            continue
        if (!begun++)
            put(".SH TYPES")
        put_type(t)
    }
}

function put_type(t) {
    put(".SS " name[t])
    if (kind[t] == "struct")
        put_struct(t)
    else if (kind[t] == "callback") {
        put(".nf")
        put_prototype(code[t])
        put(".fi\n.PP")
    }
    put_text(comment[t])
    put_members(t)
}

function put_struct(t,    m) {
    put(".nf\n\\fBtypedef struct {\\fP")
    for (m = 1; m <= members[t]; m++)
        put("\\fB    " member[t, m] "\\fP")
    put("\\fB} " name[t] ";\\fP\n.fi\n.PP")
}

function put_members(t,    m, what) {
    for (m = 1; m <= members[t]; m++) {
        what = member[t, m]
        if (kind[t] == "struct")
            what = last_name(what)
        else
            sub(/,$/, "", what)
        put_tagged(what, member_comment[t, m])
    }
}

function put_references(d,    f, line) {
    line = "\\fBasynchron\\fP(3)"
    for (f = 1; f <= declarations; f++)
        if (kind[f] == "function" && section[f] == section[d] && f != d)
            line = line ",\n\\fB" name[f] "\\fP(3)"
    put(line)
}

function overview_page(    s, d, text) {
    begin_page("asynchron")
    text = introduction
    put(small_title(text))
    sub(/^[^\n]*\n+/, "", text)
    put(".SH SYNOPSIS\n.nf\n.B #include <asynchron.h>\n.PP\n\\fBcc\\fP \\fIfile\\fP... \\fB\\-lasynchron\\fP\n.fi")
    put(".SH DESCRIPTION")
    put_text(text)
    put(".SH FUNCTIONS")
    for (s = 2; s <= sections; s++) { # the first has none
        put(".SS " title[s])
        put_text(prologue[s])
        for (d = 1; d <= declarations; d++)
            if (section[d] == s && kind[d] == "function")
                put_tagged("\\fB" name[d] "\\fP(3)", capital(first_sentence(comment[d])))
    }
    put(".SH CONSTANTS AND TYPES")
    put_text(prologue[1])
    for (d = 1; d <= declarations; d++)
        if (kind[d] == "constant")
            put_tagged(name[d], comment[d])
        else if (kind[d] != "function")
            put_type(d)
    put(".SH SEE ALSO")
    text = ""
    for (d = 1; d <= declarations; d++)
        if (kind[d] == "function")
            text = text (text == "" ? "" : ",\n") "\\fB" name[d] "\\fP(3)"
    put(text)
    close(file)
}

# The first line of the introduction: a name, a colon, what it is.
function small_title(text) {
    sub(/\n.*/, "", text)
    sub(/: /, " \\- ", text)
    return text
}
