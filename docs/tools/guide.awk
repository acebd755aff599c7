# Shows a guide to Doxygen: the name of a function in backticks becomes a link to what the header says
# of it, and a link to another guide one by name, since Doxygen takes paths amiss that have a space.
/^```/ { fenced = !fenced }
!fenced {
    $0 = functions_linked($0)
    $0 = guides_linked($0)
}
FNR == 1 && FILENAME !~ /README/ { $0 = $0 " {#" label(FILENAME) "}" }
{ print }

function functions_linked(rest,    line, word) {
    while (match(rest, /`asynchron_[a-z_]+`/)) {
        word = substr(rest, RSTART + 1, RLENGTH - 2)
        line = line substr(rest, 1, RSTART - 1) (word ~ /_t$/ ? word : word "()")
        rest = substr(rest, RSTART + RLENGTH)
    }
    return line rest
}

function guides_linked(rest,    line, parts) {
    while (match(rest, /\[[^]]*\]\([a-z-]*\.md\)/)) {
        split(substr(rest, RSTART + 1, RLENGTH - 2), parts, /\]\(/)
        line = line substr(rest, 1, RSTART - 1) "@ref " label(parts[2]) " \"" parts[1] "\""
        rest = substr(rest, RSTART + RLENGTH)
    }
    return line rest
}

function label(path) {
    sub(/.*\//, "", path)
    sub(/\.md$/, "", path)
    gsub(/-/, "_", path)
    return "guide_" path
}
