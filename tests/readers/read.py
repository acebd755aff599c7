"""Reads asynchron.ffi.h with cffi, and uses what it declares: read.py HEADER LIBRARY."""

import sys

import cffi

header, library = sys.argv[1:]
ffi = cffi.FFI()
with open(header, encoding="ascii") as file:
    ffi.cdef(file.read())
c = ffi.dlopen(library)

assert (c.ASYNCHRON_OK, c.ASYNCHRON_WOKEN, c.ASYNCHRON_E_CLOSED) == (0, 7, -7)
assert (c.ASYNCHRON_STATE_CANCELLED, c.ASYNCHRON_NOTIFY_IF_PENDING) == (3, 1)
assert c.asynchron_version() == c.ASYNCHRON_VERSION_NUMBER
assert c.asynchron_forever() == 2**64 - 1
pointer, size = ffi.sizeof("void *"), ffi.sizeof("size_t")
assert ffi.sizeof("asynchron_options_t") == 2 * size + 6 * pointer + ffi.sizeof("uint64_t")

options = ffi.new("asynchron_options_t *")
name = ffi.new("char[]", b"answer")
options.size, options.name = ffi.sizeof("asynchron_options_t"), name
out = ffi.new("asynchron_t **")
assert c.asynchron_create_with(options, out) == c.ASYNCHRON_OK
a = out[0]
assert ffi.string(c.asynchron_name(a)) == b"answer"

told = []


@ffi.callback("asynchron_notify_fn_t")
def tell(completed, ctx):
    told.append((completed, ctx))


notify = ffi.new("asynchron_notify_options_t *")
notify.size, notify.fn = ffi.sizeof("asynchron_notify_options_t"), tell
notify.flags = c.ASYNCHRON_NOTIFY_IF_PENDING
token = ffi.new("uint64_t *")
assert c.asynchron_notify_with(a, notify, token) == c.ASYNCHRON_OK and token[0] != 0
assert c.asynchron_set_bytes(a, ffi.new("int32_t *", 42), 4) == c.ASYNCHRON_OK
assert told == [(a, ffi.NULL)]

value = ffi.new("asynchron_value_t *")
assert c.asynchron_get_timeout(a, c.asynchron_forever(), value) == c.ASYNCHRON_OK
assert value.len == 4 and ffi.cast("const int32_t *", value.data)[0] == 42
c.asynchron_release(a)
print("read by cffi")
