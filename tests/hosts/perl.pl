#!/usr/bin/perl
# Perl's FFI::Platypus: each question that docs/languages.md answers for it.
use strict;
use warnings;
use threads;
use Time::HiRes 'sleep';
use FFI::Platypus 2.00;

use constant { FOREVER => 18446744073709551615, LONG => 5_000_000_000, OK => 0 };
$| = 1;

my $ffi = FFI::Platypus->new(api => 2, lib => ['libasynchron.so.0', 'libgiven.so']);
$ffi->type('(opaque, opaque)->sint32' => 'function');
$ffi->attach("asynchron_$_->[0]" => $_->[1] => $_->[2]) for (
    ['forever', [], 'uint64'],
    ['create', ['string'], 'opaque'],
    ['timer', ['uint64'], 'opaque'],
    ['wait', ['opaque', 'uint64'], 'sint32'],
    ['cancel', ['opaque'], 'sint32'],
    ['fail', ['opaque', 'sint32', 'string'], 'sint32'],
    ['poll', ['opaque'], 'sint32'],
    ['error', ['opaque', 'opaque'], 'sint32'],
    ['call', ['opaque', 'function', 'opaque'], 'sint32'],
    ['report_create', ['opaque*', 'size_t'], 'opaque'],
    ['report_next', ['opaque', 'uint64', 'opaque'], 'sint32'],
);
$ffi->attach(given_forever => ['uint64'] => 'int');

# A buffer of so many bytes, and where it lies.
sub buffer {
    my $bytes = "\0" x shift;
    return (\$bytes, unpack 'Q', pack 'P', $bytes);
}

sub outcome {
    my ($function) = @_;
    my $a = asynchron_create(undef);
    my $closure = $ffi->closure($function);
    asynchron_call($a, $closure, undef);
    return 'success' if asynchron_poll($a) == OK;
    my ($why, $at) = buffer(32);    # an asynchron_error_t
    asynchron_error($a, $at);
    return 'failure: ' . $ffi->cast('opaque' => 'string', (unpack 'QQQ', $$why)[2]);
}

# Whether another thread comes to end the wait.
sub blocking {
    my $a = asynchron_create(undef);
    threads->create(sub { sleep 0.1; asynchron_cancel($a) })->detach;
    return asynchron_wait($a, LONG) == OK ? 'the thread' : 'all';
}

sub interrupt {
    print "waiting\n";
    asynchron_wait(asynchron_create(undef), LONG);
    return 'went on';
}

# A function of Perl's must not run on our thread: a report says what is complete instead.
sub callback {
    my $a = asynchron_timer(100_000_000);
    my $report = asynchron_report_create(\$a, 1);
    my ($item, $at) = buffer(16);
    return asynchron_report_next($report, FOREVER, $at) == OK && unpack('Q', $$item) == $a ? 'never' : 'lost';
}

sub leave {
    my $a = asynchron_create(undef);
    threads->create(sub { asynchron_wait($a, FOREVER) })->detach;
    sleep 0.3;
    print "ending\n";
    exit;
}

sub forever {
    return given_forever(FOREVER) && asynchron_wait(asynchron_timer(50_000_000), FOREVER) == OK ? 'arrives' : 'lost';
}

sub catches {
    my ($a) = @_;
    return 0 if eval { die "no luck\n" };
    chomp(my $message = $@);
    return asynchron_fail($a, 1, $message);
}

my %questions = (
    version => sub { sprintf 'FFI::Platypus %s, Perl %vd', $FFI::Platypus::VERSION, $^V },
    forever => \&forever,
    max => \&asynchron_forever,
    blocking => \&blocking,
    interrupt => \&interrupt,
    callback => \&callback,
    exit => \&leave,
    exception => sub { outcome(sub { die "no luck\n" }) },
    caught => sub { outcome(\&catches) },
);
print $questions{ $ARGV[0] }->(), "\n";
