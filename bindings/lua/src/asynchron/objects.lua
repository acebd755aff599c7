-- Values of Lua that C keeps: a table of this Lua state's, keyed by the address of a token.
--
-- The token is an asynchron, which serves for its count of references alone: the table has one, and C another, which
-- it gives up by asynchron_drop(), on whatever thread. So no Lua runs when C is done with a value; the table finds
-- out later that nobody else holds the token.
local ffi = require("ffi")
local c = require("asynchron.library")

local objects = {}

local values, size = {}, 0
local SMALLEST = 256
local limit = SMALLEST
local NIL = {} -- in the place of nil

local address_t = ffi.typeof("uintptr_t")
local token_t = ffi.typeof("asynchron_t *")

local function address(pointer)
    return tonumber(ffi.cast(address_t, pointer)) -- of 48 bits or so: exact
end

local function forget(key)
    local token = ffi.cast(token_t, ffi.cast(address_t, key))
    if c.asynchron_is_shared(token) == 0 then
        values[key] = nil
        size = size - 1
        c.asynchron_release(token)
    end
end

-- Each value is looked at once for each that was added, at most.
local function sweep()
    for key in pairs(values) do
        forget(key)
    end
    limit = math.max(SMALLEST, 2 * size)
end

--- Puts a value into the table. The token has a reference for C, to be handed over with asynchron_drop.
function objects.keep(value)
    if size >= limit then
        sweep()
    end
    local token = c.asynchron_create(nil)
    if token == nil then
        error("not enough memory", 0)
    end
    c.asynchron_retain(token)
    values[address(token)] = value == nil and NIL or value
    size = size + 1
    return token
end

--- Whether a pointer is a token of this table, and the value.
function objects.at(pointer)
    local value
    if pointer ~= nil then
        value = values[address(pointer)]
    end
    if value == NIL then
        return true, nil
    end
    return value ~= nil, value
end

--- Forgets a value if C is done with it.
function objects.forget(token)
    if token ~= nil and values[address(token)] ~= nil then
        forget(address(token))
    end
end

--- For tests: looks at all, and says how many are left.
function objects.count()
    sweep()
    return size
end

return objects
