#!/usr/bin/perl
# A report in Perl: EV watches its descriptor, and FFI::Platypus calls the library.
use strict;
use warnings;
use EV;
use FFI::Platypus 2.00;

use constant { COUNT => 1000, BATCH => 64, TICK => 0.005, OK => 0, NOTHING_LEFT => 6 };

my $ffi = FFI::Platypus->new(api => 2, lib => 'libasynchron.so.0');
my $declare = sub {
    my ($name, $arguments, $result) = @_;
    return $ffi->function("asynchron_$name" => $arguments => $result);
};
my $timer = $declare->('timer', ['uint64'], 'opaque');
my $release = $declare->('release', ['opaque'], 'void');
my $create = $declare->('report_create', ['opaque', 'size_t'], 'opaque');
my $add = $declare->('report_add', ['opaque', 'opaque', 'size_t'], 'sint32');
my $close = $declare->('report_close', ['opaque'], 'sint32');
my $fd_of = $declare->('report_fd', ['opaque'], 'int');
my $next = $declare->('report_next', ['opaque', 'uint64', 'opaque'], 'sint32');
my $release_report = $declare->('report_release', ['opaque'], 'void');

# Adds one that a thread of the library completes.
sub add_timer {
    my ($report, $tag, $milliseconds) = @_;
    my $a = $timer->call($milliseconds * 1_000_000);
    $add->call($report, $a, $tag) == OK or die;
    $release->call($a);    # the report keeps it
    return;
}

my @taken = (0) x COUNT;
my $item = "\0" x 16;      # an asynchron_item_t
my ($item_at) = unpack 'Q', pack 'P', $item;

# Takes what there is, but no more than a batch. The last status; after NOTHING_LEFT nothing comes.
sub take {
    my ($report) = @_;
    for (1 .. BATCH) {
        my $what = $next->call($report, 0, $item_at);
        return $what if $what != OK;
        my ($a, $tag) = unpack 'QQ', $item;
        $taken[$tag]++;
        $release->call($a);
    }
    return OK;
}

print "with: EV $EV::VERSION, FFI::Platypus $FFI::Platypus::VERSION, Perl $^V\n";
my $ticks = 0;
my $ticking = EV::timer TICK, TICK, sub { $ticks++ };

sub ticks_more {
    my $end = $ticks + shift;
    EV::run EV::RUN_ONCE while $ticks < $end;
    return;
}

my $report = $create->call(undef, 0);
my $watcher = EV::io $fd_of->call($report), EV::READ, sub {
    EV::break if take($report) == NOTHING_LEFT;    # after its close: all is taken
};
add_timer($report, $_, 1 + $_ % 4 * 25) for 0 .. COUNT - 1;
$close->call($report);
EV::run;
undef $watcher;
$release_report->call($report);
printf "taken: %d of %d once, %d twice\n", scalar(grep { $_ == 1 } @taken), COUNT, scalar(grep { $_ > 1 } @taken);
ticks_more(3);
print "timer: goes on\n";

# Against the rule: stop watching first, then release.
my ($calls, $heard) = (0, 0);
$report = $create->call(undef, 0);
my $fd = $fd_of->call($report);
$watcher = EV::io $fd, EV::READ, sub { $calls++ };
add_timer($report, 0, 0);
ticks_more(20);
print 'told by: ', ($calls > 10 ? 'level' : 'edge'), "\n";
$calls = 0;
$release_report->call($report);
ticks_more(20);
print 'released while watched: ', ($calls > 10 ? 'spins' : 'nothing'), "\n";

$report = $create->call(undef, 0);
$fd == $fd_of->call($report) or die 'another number';
my $other = EV::io $fd, EV::READ, sub { $heard++ };
add_timer($report, 0, 0);
ticks_more(20);
print 'number used again: ', ($heard ? 'heard' : 'not heard'), "\n";
undef $watcher;
undef $other;
$release_report->call($report);
