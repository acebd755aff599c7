# tcl.tcl: Tcl, with the extension in tcl.c, whose file is the first argument: each question that docs/languages.md
# answers for it.
package require Thread
lassign $argv extension question
load $extension Asynchron

proc say {text} {
    puts $text
    flush stdout
}

proc blocking {} {
    tsv::set ticks n 0
    thread::create {
        while 1 {
            after 10
            tsv::incr ticks n
        }
    }
    after 50
    set before [tsv::get ticks n]
    wait_for [timer 500] forever
    expr {[tsv::get ticks n] > $before + 5 ? "the thread" : "all"}
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
        wait_for [create] 4000
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
