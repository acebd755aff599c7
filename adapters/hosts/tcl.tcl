# tcl.tcl: a report in Tcl's loop, through the extension in tcl.c, which is the first argument.
load [lindex $argv 0] Report

puts "with: Tcl [info patchlevel]"

set ticks 0
proc tick {} {
    incr ::ticks
    after 5 tick
}
proc ticks_more {n} {
    set end [expr {$::ticks + $n}]
    while {$::ticks < $end} {vwait ::ticks}
}
tick

puts "taken: [take_all]"
ticks_more 3
puts "timer: goes on"

# Against the rule: stop watching first, then release.
set fd [watch]
ring
ticks_more 20
puts "told by: [expr {[calls] > 10 ? "level" : "edge"}]"
let_go
set before [calls]
ticks_more 20
puts "released while watched: [expr {[calls] - $before > 10 ? "spins" : "nothing"}]"
if {[watch] != $fd} {error "another number"}
ring
ticks_more 20
puts "number used again: [expr {[calls] > 0 ? "heard" : "not heard"}]"
