-- Reads asynchron.ffi.h with LuaJIT's ffi.cdef, and uses what it declares: read.lua HEADER LIBRARY.

local ffi = require("ffi")
local file = assert(io.open(arg[1]))
ffi.cdef(file:read("*a"))
file:close()
local c = ffi.load(arg[2])

assert(c.ASYNCHRON_OK == 0 and c.ASYNCHRON_WOKEN == 7 and c.ASYNCHRON_E_CLOSED == -7)
assert(c.ASYNCHRON_STATE_CANCELLED == 3 and c.ASYNCHRON_NOTIFY_IF_PENDING == 1)
assert(c.asynchron_version() == c.ASYNCHRON_VERSION_NUMBER)
assert(c.asynchron_forever() == 0xffffffffffffffffULL)
assert(ffi.sizeof("asynchron_options_t") == 2 * ffi.sizeof("size_t") + 6 * ffi.sizeof("void *") +
    ffi.sizeof("uint64_t"))

local options, name = ffi.new("asynchron_options_t"), "answer"
options.size, options.name = ffi.sizeof("asynchron_options_t"), name
local out = ffi.new("asynchron_t *[1]")
assert(c.asynchron_create_with(options, out) == c.ASYNCHRON_OK)
local a = out[0]
assert(ffi.string(c.asynchron_name(a)) == "answer")

local told = 0
local tell = ffi.cast("asynchron_notify_fn_t", function(completed, ctx)
    assert(completed == a and ctx == nil)
    told = told + 1
end)
local notify = ffi.new("asynchron_notify_options_t")
notify.size, notify.fn = ffi.sizeof("asynchron_notify_options_t"), tell
notify.flags = c.ASYNCHRON_NOTIFY_IF_PENDING
local token = ffi.new("uint64_t[1]")
assert(c.asynchron_notify_with(a, notify, token) == c.ASYNCHRON_OK and token[0] ~= 0)
-- A call out of which a callback comes must not be compiled.
local function set(number)
    return c.asynchron_set_bytes(a, ffi.new("int32_t[1]", number), 4)
end
jit.off(set)
assert(set(42) == c.ASYNCHRON_OK and told == 1)
tell:free()

local value = ffi.new("asynchron_value_t")
assert(c.asynchron_get_timeout(a, c.asynchron_forever(), value) == c.ASYNCHRON_OK)
assert(value.len == 4 and ffi.cast("const int32_t *", value.data)[0] == 42)
c.asynchron_release(a)
print("read by LuaJIT")
