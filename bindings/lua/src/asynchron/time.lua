-- Seconds of Lua as nanoseconds of C.
local ffi = require("ffi")
local c = require("asynchron.library")
local errors = require("asynchron.errors")

local time = {}

time.FOREVER = c.asynchron_forever()

--- Seconds, or nil for ever. Rounded up: nothing happens before its time.
function time.nanoseconds(seconds)
    if seconds == nil then
        return time.FOREVER
    elseif type(seconds) ~= "number" or seconds ~= seconds then
        error(errors.wrong("a time is a number of seconds, or nil"), 0)
    elseif seconds <= 0 then
        return 0ULL
    elseif seconds >= 1.8e10 then -- 570 years: 2^64 nanoseconds are a little more
        return time.FOREVER
    end
    return ffi.cast("uint64_t", math.ceil(seconds * 1e9))
end

return time
