# Has a picture that Graphviz drew suit a dark page, too. It keeps a ground of its own, so that it stays legible where
# the page and the reader's system do not agree.
{ print }
/^ viewBox=/ {
    print "<style>"
    print ":root { color-scheme: light dark }"
    print "@media (prefers-color-scheme: dark) {"
    print "  .graph &gt; polygon { fill: #1c1d1f }"
    print "  text, .edge polygon, ellipse { fill: #dcdcdc }"
    print "  .node path, .node polygon, .edge path, .edge polygon, ellipse { stroke: #dcdcdc }"
    print "}"
    print "</style>"
}
