# Text of the header as roff, for man.awk: paragraphs, lists and code, at most 78 columns wide.

function put(text) {
    print text >file
}

# Paragraphs; items that begin with a dash; and lines that are indented by four, which are code.
function put_text(text,    lines, n, i, paragraph, item, coding, begun) {
    n = split(text, lines, "\n")
    for (i = 1; i <= n; i++) {
        if (lines[i] ~ /^    / && paragraph == "") {
            if (!coding++)
                put(".PP\n.RS 4\n.nf")
            put(guarded(escaped(substr(lines[i], 5))))
            continue
        }
        if (coding && lines[i] == "" && lines[i + 1] ~ /^    /) {
            put("")
            continue
        }
        if (coding) {
            put(".fi\n.RE")
            coding = 0
        }
        if (lines[i] == "" || lines[i] ~ /^ *- /) {
            put_paragraph(paragraph, item, begun)
            begun += paragraph != ""
            paragraph = ""
            item = sub(/^ *- /, "", lines[i])
        }
        if (lines[i] != "")
            paragraph = paragraph (paragraph == "" ? "" : " ") trim(lines[i])
    }
    put_paragraph(paragraph, item, begun)
}

function put_paragraph(text, item, begun) {
    if (text == "")
        return
    if (item)
        put(".IP \\(bu 2")
    else if (begun)
        put(".PP")
    put_filled(marked(text))
}

function put_tagged(tag, text) {
    put(".TP\n" (tag ~ /\\fB/ ? tag : ".B " tag))
    put_filled(marked(squeezed(text)))
}

function put_filled(text,    words, n, i, line) {
    n = split(text, words, " ")
    for (i = 1; i <= n; i++) {
        if (line != "" && length(line) + 1 + length(words[i]) > 78) {
            put(guarded(line))
            line = ""
        }
        line = line (line == "" ? "" : " ") words[i]
    }
    if (line != "")
        put(guarded(line))
}

# One line if it fits, otherwise one parameter a line.
function put_prototype(text,    open, parts, n, i, indent) {
    text = squeezed(text)
    if (length(text) <= 76) {
        put("\\fB" escaped(text) "\\fP")
        return
    }
    match(text, /\([^*]/)
    open = RSTART
    indent = sprintf("%" open "s", "")
    n = split(substr(text, open + 1), parts, ", ")
    for (i = 1; i <= n; i++)
        put("\\fB" escaped((i == 1 ? substr(text, 1, open) : indent) parts[i] (i < n ? "," : "")) "\\fP")
}

# Names of functions and constants stand out; what is in backticks is a parameter or an expression.
function marked(text,    parts, n, i, result) {
    n = split(escaped(text), parts, "`")
    for (i = 1; i <= n; i++)
        result = result (i % 2 == 0 ? "\\fI" parts[i] "\\fP" : named(parts[i]))
    return result
}

function named(text,    result, word) {
    while (match(text, /asynchron_[a-z_]+\(\)|ASYNCHRON_[A-Z_]+/)) {
        word = substr(text, RSTART, RLENGTH)
        result = result substr(text, 1, RSTART - 1)
        if (sub(/\(\)$/, "", word))
            result = result "\\fB" word "\\fP(3)"
        else
            result = result "\\fB" word "\\fP"
        text = substr(text, RSTART + RLENGTH)
    }
    return result text
}

function escaped(text) {
    gsub(/\\/, "\\e", text)
    return text
}

# No line of text is taken for a request.
function guarded(line) {
    return line ~ /^[.']/ ? "\\&" line : line
}

function plain(text) {
    gsub(/`/, "", text)
    return escaped(text)
}

function squeezed(text) {
    gsub(/[ \n]+/, " ", text)
    return trim(text)
}

# Without the stop.
function first_sentence(text) {
    sub(/\n\n.*/, "", text)
    text = squeezed(text)
    if (match(text, /\. /))
        text = substr(text, 1, RSTART)
    sub(/\.$/, "", text)
    return text
}

function small(text) {
    return tolower(substr(text, 1, 1)) substr(text, 2)
}

# A sentence, as far as it begins with a plain word.
function capital(text) {
    text = toupper(substr(text, 1, 1)) substr(text, 2)
    return text ~ /[.:]\n*$/ ? text : text "."
}

function mentions(text, word) {
    return text ~ ("(^|[^A-Za-z_])" word "([^A-Za-z_]|$)")
}
