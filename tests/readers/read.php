<?php
// Reads asynchron.ffi.h with PHP's FFI::cdef, and uses what it declares: read.php HEADER LIBRARY.

function must(bool $holds): void
{
    if (!$holds) {
        throw new Exception("this does not hold");
    }
}

$c = FFI::cdef(file_get_contents($argv[1]), $argv[2]);

must([$c->ASYNCHRON_OK, $c->ASYNCHRON_WOKEN, $c->ASYNCHRON_E_CLOSED] === [0, 7, -7]);
must([$c->ASYNCHRON_STATE_CANCELLED, $c->ASYNCHRON_NOTIFY_IF_PENDING] === [3, 1]);
must($c->asynchron_version() === $c->ASYNCHRON_VERSION_NUMBER);
// PHP's integers have a sign, and so this is 2^64 - 1.
must($c->asynchron_forever() === -1);
$options = $c->new("asynchron_options_t");
must(FFI::sizeof($options) === 2 * FFI::sizeof($c->new("size_t")) + 6 * FFI::sizeof($c->new("void *")) + 8);

$name = $c->new("char[7]");
FFI::memcpy($name, "answer\0", 7);
$options->size = FFI::sizeof($options);
$options->name = $c->cast("char *", FFI::addr($name[0]));
$out = $c->new("asynchron_t *");
must($c->asynchron_create_with(FFI::addr($options), FFI::addr($out)) === $c->ASYNCHRON_OK);
$name_there = $c->asynchron_name($out);
must((is_string($name_there) ? $name_there : FFI::string($name_there)) === "answer");

$told = 0;
$notify = $c->new("asynchron_notify_options_t");
$notify->size = FFI::sizeof($notify);
$notify->fn = function ($completed, $ctx) use (&$told, $out): void {
    if ($completed == $out && $ctx === null) {
        $told++;
    }
};
$notify->flags = $c->ASYNCHRON_NOTIFY_IF_PENDING;
$token = $c->new("uint64_t");
must($c->asynchron_notify_with($out, FFI::addr($notify), FFI::addr($token)) === $c->ASYNCHRON_OK);
must($token->cdata !== 0);
$number = $c->new("int32_t");
$number->cdata = 42;
must($c->asynchron_set_bytes($out, FFI::addr($number), 4) === $c->ASYNCHRON_OK);
must($told === 1);

$value = $c->new("asynchron_value_t");
must($c->asynchron_get_timeout($out, $c->asynchron_forever(), FFI::addr($value)) === $c->ASYNCHRON_OK);
must($value->len === 4 && $c->cast("int32_t *", $value->data)[0] === 42);
$c->asynchron_release($out);
echo "read by PHP\n";
