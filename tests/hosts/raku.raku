# raku.raku: Raku's NativeCall: each question that docs/languages.md answers for it.
use NativeCall;

constant FOREVER = -1;
constant LONG = 5_000_000_000;
constant OK = 0;
constant LIBRARY = 'libasynchron.so.0';

class Why is repr('CStruct') {
    has int32 $.code;
    has Str $.domain;
    has Str $.message;
    has Pointer $.payload;
}

class Item is repr('CStruct') {
    has Pointer $.asynchron;
    has Pointer $.tag;
}

sub asynchron_forever(--> uint64) is native(LIBRARY) {*}
sub asynchron_create(Str --> Pointer) is native(LIBRARY) {*}
sub asynchron_timer(uint64 --> Pointer) is native(LIBRARY) {*}
sub asynchron_wait(Pointer, uint64 --> int32) is native(LIBRARY) {*}
sub asynchron_cancel(Pointer --> int32) is native(LIBRARY) {*}
sub asynchron_fail(Pointer, int32, Str --> int32) is native(LIBRARY) {*}
sub asynchron_poll(Pointer --> int32) is native(LIBRARY) {*}
sub asynchron_error(Pointer, Why --> int32) is native(LIBRARY) {*}
sub asynchron_call(Pointer, &fn (Pointer, Pointer --> int32), Pointer --> int32) is native(LIBRARY) {*}
sub asynchron_report_create(CArray[Pointer], size_t --> Pointer) is native(LIBRARY) {*}
sub asynchron_report_next(Pointer, uint64, Item --> int32) is native(LIBRARY) {*}
sub given_forever(uint64 --> int32) is native('libgiven.so') {*}

sub timer($milliseconds) { asynchron_timer($milliseconds * 1_000_000) }

sub outcome(&function) {
    my $a = asynchron_create(Str);
    asynchron_call($a, &function, Pointer);
    return 'success' if asynchron_poll($a) == OK;
    my $why = Why.new;
    asynchron_error($a, $why);
    "failure: $why.message()";
}

# Whether another thread comes to end the wait.
sub blocking() {
    my $a = asynchron_create(Str);
    start { sleep 0.1; asynchron_cancel($a) };
    asynchron_wait($a, LONG) == OK ?? 'the thread' !! 'all';
}

sub interrupt() {
    say 'waiting';
    $*OUT.flush;
    asynchron_wait(asynchron_create(Str), LONG);
    'went on';
}

# A function of Raku's must not run on our thread: a report says what is complete instead.
sub callback() {
    my $a = timer(100);
    my $report = asynchron_report_create(CArray[Pointer].new($a), 1);
    my $item = Item.new;
    my $told = asynchron_report_next($report, FOREVER, $item) == OK && +$item.asynchron == +$a;
    $told ?? 'never' !! 'lost';
}

sub leave() {
    my $a = asynchron_create(Str);
    start { asynchron_wait($a, FOREVER) };
    sleep 0.3;
    say 'ending';
    $*OUT.flush;
    exit;
}

sub arrives() { given_forever(FOREVER) && asynchron_wait(timer(50), FOREVER) == OK ?? 'arrives' !! 'lost' }

sub guess() {
    given_forever(2**64 - 1);
    'arrives';
    CATCH { default { return 'is refused' } }
}

sub catches($a, $ctx) {
    die 'no luck';
    CATCH { default { return asynchron_fail($a, 1, .message) } }
}

say do given @*ARGS[0] {
    when 'version' { "Raku {$*RAKU.compiler.version.Str.subst(/'.' 0 '.' .*/, '')}" }
    when 'forever' { arrives }
    when 'guess' { guess }
    when 'max' { asynchron_forever }
    when 'blocking' { blocking }
    when 'interrupt' { interrupt }
    when 'callback' { callback }
    when 'exit' { leave }
    when 'exception' { outcome(-> $a, $ctx { die 'no luck' }) }
    when 'caught' { outcome(&catches) }
}
