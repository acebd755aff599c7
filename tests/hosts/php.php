<?php
// PHP's FFI: each question that docs/languages.md answers for it.

const FOREVER = -1;
$text = file_get_contents(getenv("ASYNCHRON_INCLUDE") . "/asynchron.ffi.h");
$c = FFI::cdef($text, "libasynchron.so.0");
$given = FFI::cdef("int given_forever(uint64_t n); int given_nothing(uint64_t n);", "libgiven.so");

function timer(int $milliseconds)
{
    global $c;
    return $c->asynchron_timer($milliseconds * 1000000);
}

function outcome(callable $function): string
{
    global $c;
    $a = $c->asynchron_create(null);
    $c->asynchron_call($a, $function, null);
    if ($c->asynchron_poll($a) === $c->ASYNCHRON_OK) {
        return "success";
    }
    $why = $c->new("asynchron_error_t");
    $c->asynchron_error($a, FFI::addr($why));
    return "failure: " . (is_string($why->message) ? $why->message : FFI::string($why->message));
}

// There are fibers alone, and they take turns: none comes to end the wait.
function blocking(): string
{
    global $c;
    $a = $c->asynchron_create(null);
    $other = new Fiber(function () use ($c, $a): void {
        Fiber::suspend();
        $c->asynchron_cancel($a);
    });
    $other->start();
    return $c->asynchron_wait($a, 1000000000) === $c->ASYNCHRON_OK ? "the thread" : "all";
}

function interrupt(): string
{
    global $c;
    echo "waiting\n";
    $c->asynchron_wait($c->asynchron_create(null), 5000000000);
    return "went on";
}

// A function of PHP's must not run on our thread: a report says what is complete instead.
function callback(): string
{
    global $c;
    $as = $c->new("asynchron_t *[1]");
    $as[0] = timer(100);
    $report = $c->asynchron_report_create($as, 1);
    $item = $c->new("asynchron_item_t");
    $told = $c->asynchron_report_next($report, FOREVER, FFI::addr($item)) === $c->ASYNCHRON_OK;
    return $told && $item->asynchron == $as[0] ? "never" : "lost";
}

function forever(): string
{
    global $c, $given;
    $arrives = $given->given_forever(FOREVER) && $c->asynchron_wait(timer(50), FOREVER) === $c->ASYNCHRON_OK;
    return $arrives ? "arrives" : "lost";
}

function throws($a, $ctx): int
{
    throw new Exception("no luck");
}

function catches($a, $ctx): int
{
    global $c;
    try {
        throw new Exception("no luck");
    } catch (Exception $e) {
        return $c->asynchron_fail($a, 1, $e->getMessage());
    }
}

echo match ($argv[1]) {
    "version" => "PHP " . PHP_VERSION,
    "forever" => forever(),
    "guess" => $given->given_nothing(INF) ? "arrives as 0" : "something",
    "max" => $c->asynchron_forever(),
    "blocking" => blocking(),
    "interrupt" => interrupt(),
    "callback" => callback(),
    "exit" => "no threads",
    "exception" => outcome("throws"),
    "caught" => outcome("catches"),
}, "\n";
