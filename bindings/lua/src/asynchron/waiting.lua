-- What waits in this Lua state: coroutines, and the main program. All of them wait on one report.
--
-- LuaJIT cannot be interrupted inside a call of C, and a trace does not look for what a signal asks for. So a wait is
-- made of short ones, by functions that are not compiled.
local ffi = require("ffi")
local c = require("asynchron.library")
local errors = require("asynchron.errors")
local time = require("asynchron.time")

local waiting = {}

local SLICE = 50000000ULL -- 50 ms: so late comes Ctrl-C at most

--- Calls wait(nanoseconds) for slices of a time until it does not answer TIMEOUT.
local function in_slices(timeout, wait)
    while true do
        local slice = timeout < SLICE and timeout or SLICE
        local status = wait(slice)
        if timeout ~= time.FOREVER then
            timeout = timeout - slice
        end
        if status ~= c.ASYNCHRON_TIMEOUT or timeout == 0 then
            return status
        end
    end
end
jit.off(in_slices)

--- Waits for one, and lets nothing else of Lua go on. Returns the status.
local function block(handle, timeout)
    return in_slices(timeout, function(slice) return c.asynchron_wait(handle, slice) end)
end
jit.off(block, true)
waiting.block = block

-- One report for all, and in it one entry for each asynchron, however many listen to it: by its address.
local CAPACITY = 64
local report = ffi.gc(errors.made(c.asynchron_report_create(nil, 0)), c.asynchron_report_release)
local entries = {}
local items = ffi.new("asynchron_item_t[?]", CAPACITY)
local count = ffi.new("size_t[1]")
local at = 0 -- the first in items that nobody was told of

local function key(handle)
    return tonumber(ffi.cast("uintptr_t", handle))
end

--- Has tell() called by a later step, once the asynchron is complete. Returns what unlisten takes.
function waiting.listen(handle, tell)
    local listener = { tell = tell, handle = handle }
    local entry = entries[key(handle)]
    if not entry then
        entry = {}
        errors.accepted(c.asynchron_report_add(report, handle, nil))
        entries[key(handle)] = entry
    end
    entry[#entry + 1] = listener
    return listener
end

function waiting.unlisten(listener)
    if listener.gone then
        return
    end
    listener.gone = true
    local entry = entries[key(listener.handle)]
    for _, other in ipairs(entry) do
        if not other.gone then
            return
        end
    end
    entries[key(listener.handle)] = nil
    c.asynchron_report_remove(report, listener.handle) -- END: it is in items already
end

-- Tells those who listen to what has been taken from the report. Goes on where an error has stopped it.
local function tell_all()
    local told = 0
    while at < tonumber(count[0]) do
        local handle = items[at].asynchron
        at = at + 1
        local entry = entries[key(handle)]
        entries[key(handle)] = nil
        c.asynchron_release(handle)
        told = told + 1
        for _, listener in ipairs(entry or {}) do
            if not listener.gone then
                listener.gone = true
                listener.tell()
            end
        end
    end
    return told
end

local managed = setmetatable({}, { __mode = "k" }) -- the coroutines of spawn

local function running()
    local co, main = coroutine.running()
    return not main and co or nil
end

--- Waits so long for completions, and lets go on who has waited for them. Returns how many there were.
function waiting.step(timeout)
    if managed[running()] then
        error(errors.wrong("a coroutine of spawn cannot step"), 0)
    end
    if at >= tonumber(count[0]) then
        count[0] = 0 -- should a signal end the next call's line
        at = 0
        errors.accepted(in_slices(timeout, function(slice)
            return c.asynchron_report_next_batch(report, slice, items, CAPACITY, count)
        end))
    end
    return tell_all()
end
jit.off(waiting.step, true)

--- For a loop of others: readable while a step has something to do.
function waiting.descriptor()
    return errors.accepted(c.asynchron_report_fd(report))
end

--- How many asynchrons are listened to.
function waiting.open()
    return tonumber(c.asynchron_report_pending(report))
end

local function resume(co, ...)
    local ok, err = coroutine.resume(co, ...)
    if not ok then
        error(err, 0)
    end
end

--- Starts a coroutine that may wait. It runs at once, up to its first wait.
function waiting.start(fn)
    local co = coroutine.create(fn)
    managed[co] = true
    resume(co)
end

-- Listens for the end of a time, and says what is to be undone.
local function timer(seconds, tell)
    if seconds == nil then
        return function() end
    end
    local handle = ffi.gc(errors.made(c.asynchron_timer(time.nanoseconds(seconds))), c.asynchron_release)
    local listener = waiting.listen(handle, tell)
    return function()
        waiting.unlisten(listener)
        c.asynchron_cancel(handle)
    end
end

--- Waits until done() is true, and lets others go on. arm(wake) has wake called when it may be, and returns a function
--- that takes that back. Returns false if the time was over first.
function waiting.pause(done, seconds, arm)
    local co = running()
    if co and not managed[co] then
        error(errors.wrong("only a coroutine of spawn, or the main program, can await"), 0)
    end
    local over = false
    local function wake()
        if co then
            resume(co)
        end
    end
    local disarm = arm(wake)
    local armed, stop = pcall(timer, seconds, function()
        over = true
        wake()
    end)
    local fine, err = armed, stop
    if armed then
        fine, err = pcall(function()
            while not done() and not over do
                if co then
                    coroutine.yield()
                else
                    waiting.step(time.FOREVER)
                end
            end
        end)
        stop()
    end
    disarm()
    if not fine then
        error(err, 0)
    end
    return done()
end

--- Waits for one, and lets others go on. Returns whether it is complete.
function waiting.await(handle, seconds)
    local function done()
        return c.asynchron_poll(handle) ~= c.ASYNCHRON_PENDING
    end
    if c.asynchron_is_on_demand(handle) == 1 then
        c.asynchron_wait(handle, 1) -- runs the function here, as nobody else would
    end
    if done() then
        return true
    end
    return waiting.pause(done, seconds, function(wake)
        local listener = waiting.listen(handle, wake)
        return function() waiting.unlisten(listener) end
    end)
end

return waiting
