-- Values on their way to C and back: as bytes, as numbers, or by handle.
local ffi = require("ffi")
local c = require("asynchron.library")
local errors = require("asynchron.errors")
local objects = require("asynchron.objects")

local values = {}

local EXACT = 2 ^ 53 -- up to here a number of Lua is one integer only

local function wrong(what, value)
    error(errors.wrong(("%s is wanted, not %s"):format(what, type(value))), 0)
end

local function whole(value, from)
    return type(value) == "number" and value >= from and value <= EXACT and value == math.floor(value)
end

-- Kinds of 8 bytes: the type of C, and what is one.
local numbers = {
    u64 = {
        type = "uint64_t",
        fits = function(v)
            return whole(v, 0) or ffi.istype("uint64_t", v) or ffi.istype("int64_t", v) and v >= 0
        end,
    },
    i64 = {
        type = "int64_t",
        fits = function(v)
            return whole(v, -EXACT) or ffi.istype("int64_t", v) or ffi.istype("uint64_t", v) and v < 2ULL ^ 63
        end,
    },
    f64 = { type = "double", fits = function(v) return type(v) == "number" end },
}
for _, kind in pairs(numbers) do
    kind.box = ffi.new(kind.type .. "[1]")
    kind.pointer = ffi.typeof("const " .. kind.type .. " *")
end

--- The name of a kind, or nil.
function values.check(kind)
    if kind ~= nil and kind ~= "bytes" and not numbers[kind] then
        error(errors.wrong("no such kind: " .. errors.text(kind)), 0)
    end
    return kind
end

--- Delivers a value. Returns the status, and its token in the table of objects.
function values.deliver(handle, kind, value)
    local number = numbers[kind]
    if number then
        if not number.fits(value) then
            wrong("a number that is a " .. kind, value)
        end
        number.box[0] = value
        return c.asynchron_set_bytes(handle, number.box, 8)
    elseif value == nil then
        return c.asynchron_set_bytes(handle, nil, 0)
    elseif type(value) == "string" and (#value > 0 or kind) then
        return c.asynchron_set_bytes(handle, value, #value)
    elseif kind then
        wrong("a string", value)
    end
    local token = objects.keep(value) -- also the empty string: no bytes would come back as nil
    return c.asynchron_set_pointer(handle, token, c.asynchron_drop), token
end

--- The value that C has.
function values.collect(kind, value)
    local number = numbers[kind]
    if number then
        if value.len ~= 8 then
            error(errors.wrong(("a value of %d bytes is no %s"):format(tonumber(value.len), kind)), 0)
        end
        return ffi.cast(number.pointer, value.data)[0]
    elseif value.len > 0 then
        return ffi.string(value.data, value.len)
    elseif kind then
        return ""
    elseif value.data == nil then
        return nil
    end
    local kept, object = objects.at(value.data)
    if kept then
        return object
    end
    return ffi.cast("void *", value.data) -- of C, or of another Lua state
end

return values
