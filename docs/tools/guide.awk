# Shows a guide to Doxygen: the name of a function in backticks becomes a link to what the header says
# of it.
/^```/ { fenced = !fenced }
!fenced {
    rest = $0
    line = ""
    while (match(rest, /`asynchron_[a-z_]+`/)) {
        word = substr(rest, RSTART + 1, RLENGTH - 2)
        line = line substr(rest, 1, RSTART - 1) (word ~ /_t$/ ? word : word "()")
        rest = substr(rest, RSTART + RLENGTH)
    }
    $0 = line rest
}
{ print }
