# tcl.tcl: Tcl, with the extension in tcl.c, whose file is the first argument: each question that docs/languages.md
# answers for it.
package require Thread
lassign $argv extension question
load $extension Asynchron

proc say {text} {
    puts $text
    flush stdout
}

# Whether another thread comes to end the wait.
proc blocking {} {
    set a [create]
    set other [thread::create]
    thread::send $other [list load $::extension Asynchron]
    thread::send -async $other "after 100; cancel $a"
    expr {[wait_for $a 5000] == 0 ? "the thread" : "all"}
}

proc leave {} {
    set other [thread::create]
    thread::send -async $other [list load $::extension Asynchron]
    thread::send -async $other {wait_for [create] forever}
    after 300
    say ending
    exit
}

switch $question {
    version {say "Tcl [info patchlevel]"}
    forever {say [expr {[arrives forever] && [wait_for [timer 50] forever] == 0 ? "arrives" : "lost"}]}
    max {say [max]}
    blocking {say [blocking]}
    interrupt {
        say waiting
        wait_for [create] 5000
        say "went on"
    }
    callback {
        notify [timer 100]
        vwait told
        say $told
    }
    exit leave
    exception {say [exception {error "no luck"}]}
    caught {say [caught {error "no luck"}]}
}
