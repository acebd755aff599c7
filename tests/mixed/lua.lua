-- lua.lua: what LuaJIT does with its share: see share.h. lua.c makes the state that runs it.
--
-- A callback may not come on another thread than the state's. So to be told, Lua has a report of its own.
local ffi = require("ffi")

local header = assert(io.open("../../include/asynchron.ffi.h"))
ffi.cdef(header:read("*a"))
header:close()
ffi.cdef([[
    struct share {
        asynchron_t *const *all;
        asynchron_t *gate, *late, *done;
        uint32_t count, hosts, host, won, refused, told;
    };
]])
local c = ffi.load("libasynchron.so.0")
local share = ffi.cast("struct share *", (...))
local all, hosts, host = share.all, share.hosts, share.host

local PERIOD, PLUS_MADE, PLUS_ONE, FAILED, MESSAGE, CANCELLED, REASON, MADE, RACED = 16, 0, 3, 5, 7, 9, 11, 14, 15
local FOREVER = c.asynchron_forever()

local value, failure, number_out = ffi.new("asynchron_value_t"), ffi.new("asynchron_error_t"), ffi.new("int64_t[1]")

local function get(a)
    assert(c.asynchron_get(a, value) == c.ASYNCHRON_OK, "there is no value")
    return value
end

local function number_in(a)
    return ffi.cast("const int64_t *", get(a).data)[0]
end

-- Of one that failed or was cancelled.
local function message_of(a, status)
    assert(c.asynchron_wait(a, FOREVER) == c.ASYNCHRON_OK and c.asynchron_poll(a) == status, "it ended otherwise")
    assert(c.asynchron_error(a, failure) >= 0)
    return ffi.string(failure.message)
end

local function set_number(a, number)
    number_out[0] = number
    return c.asynchron_set_bytes(a, number_out, 8)
end

local function set_text(a, text)
    return c.asynchron_set_bytes(a, text, #text)
end

-- A function that may raise an error: that is the failure.
local function set_result(a, number, of)
    local right, result = pcall(of, number)
    if right then
        return set_number(a, result)
    end
    return c.asynchron_fail_with(a, number, "lua", result, nil, nil)
end

local deliver = {
    [PLUS_MADE] = function(a, _, other)
        return set_number(a, number_in(ffi.cast("asynchron_t *", get(other(2)).data)) + 1)
    end,
    [PLUS_ONE] = function(a, _, other)
        return set_number(a, number_in(other(1)) + 1)
    end,
    [FAILED] = function(a, number)
        return set_result(a, number, function(n) error("lua fails " .. n, 0) end)
    end,
    [MESSAGE] = function(a, _, other)
        return set_text(a, message_of(other(MESSAGE - FAILED), c.ASYNCHRON_FAILED))
    end,
    [CANCELLED] = function(a, number)
        return c.asynchron_cancel_with(a, "lua cancels " .. number)
    end,
    [REASON] = function(a, _, other)
        return set_text(a, message_of(other(REASON - CANCELLED), c.ASYNCHRON_CANCELLED))
    end,
    [RACED] = function(a, number)
        if math.floor(number / hosts / PERIOD) % 2 == 1 then
            assert(c.asynchron_wait(a, FOREVER) == c.ASYNCHRON_OK)
        end
        return set_number(a, 3 * number + 22)
    end,
    [MADE] = function(a, number)
        local made = c.asynchron_create(nil)
        assert(made ~= nil)
        c.asynchron_retain(made) -- one reference goes with the pointer
        local status = c.asynchron_set_pointer(a, made, c.asynchron_drop)
        set_number(made, 3 * number + 22)
        c.asynchron_release(made)
        return status
    end,
}

local function usual(a, number)
    return set_result(a, number, function(n) return 3 * n + 22 end)
end

local rounds = share.count / hosts
local raced = c.asynchron_report_create(nil, 0)
for round = RACED, rounds - 1, PERIOD do
    assert(c.asynchron_report_add(raced, all[round * hosts + host], nil) == c.ASYNCHRON_OK)
end

for round = 0, rounds - 1 do
    local there = (host + 1 + math.floor(round / PERIOD) % (hosts - 1)) % hosts
    local how = round > 0 and deliver[round % PERIOD] or usual
    local status = how(all[round * hosts + host], round * hosts + host, function(ago)
        return all[(round - ago) * hosts + there]
    end)
    if status == c.ASYNCHRON_OK then
        share.won = share.won + 1
    else
        assert(status == c.ASYNCHRON_CANCELLED, "it is complete otherwise")
        share.refused = share.refused + 1
    end
end

local item = ffi.new("asynchron_item_t")
while c.asynchron_report_next(raced, FOREVER, item) == c.ASYNCHRON_OK do
    if c.asynchron_poll(item.asynchron) == c.ASYNCHRON_CANCELLED then
        share.told = share.told + 1
    end
    c.asynchron_release(item.asynchron)
end
assert(c.asynchron_set_bytes(share.done, nil, 0) == c.ASYNCHRON_OK)
assert(message_of(share.gate, c.ASYNCHRON_CANCELLED) == "C closes the gate")

-- What is pending in a report goes with that.
assert(c.asynchron_report_add(raced, share.late, nil) == c.ASYNCHRON_OK)
c.asynchron_report_release(raced)
