-- Many, in the order in which they complete. It listens as a coroutine does: to wait for it lets the others go on.
local asynchron = require("asynchron")
local waiting = require("asynchron.waiting")

local Report = {}
Report.__index = Report

function asynchron.report(list)
    local self = setmetatable({ listeners = {}, left = 0, arrived = {}, first = 1, last = 0, wakers = {} }, Report)
    for _, a in ipairs(list or {}) do
        self:add(a)
    end
    return self
end

-- Those who wait look again.
local function wake(self)
    local wakers = {}
    for waker in pairs(self.wakers) do
        wakers[#wakers + 1] = waker
    end
    for _, waker in ipairs(wakers) do
        if self.wakers[waker] then
            waker()
        end
    end
end

--- One that is added twice is yielded once. Returns whether it was added.
function Report:add(a)
    local handle = asynchron.live(a)
    if self.listeners[a] then
        return false
    end
    self.listeners[a] = waiting.listen(handle, function()
        self.last = self.last + 1
        self.arrived[self.last] = a
        wake(self)
    end)
    self.left = self.left + 1
    return true
end

--- Takes one out that has not been yielded. Returns whether it was there.
function Report:remove(a)
    local listener = self.listeners[a]
    if not listener then
        return false
    end
    waiting.unlisten(listener)
    self.listeners[a] = nil
    self.left = self.left - 1
    for i = self.first, self.last do
        if self.arrived[i] == a then
            self.arrived[i] = false
        end
    end
    wake(self)
    return true
end

--- How many were added and not yet yielded.
function Report:pending()
    return self.left
end

local function skip(self)
    while self.first <= self.last and not self.arrived[self.first] do
        self.arrived[self.first] = nil
        self.first = self.first + 1
    end
    return self.first <= self.last
end

--- The next that is complete. nil: nothing is left; nil and "timeout": the time was over first.
function Report:next(seconds)
    local function done()
        return skip(self) or self.left == 0
    end
    if not done() then
        local in_time = waiting.pause(done, seconds, function(waker)
            self.wakers[waker] = true
            return function() self.wakers[waker] = nil end
        end)
        if not in_time then
            return nil, "timeout"
        end
    end
    if self.left == 0 then
        return nil
    end
    local a = self.arrived[self.first]
    self.arrived[self.first] = nil
    self.first = self.first + 1
    self.listeners[a] = nil
    self.left = self.left - 1
    if self.left == 0 then
        wake(self) -- others who wait learn that nothing is left
    end
    return a
end

--- For a loop: for a in report:each() do
function Report:each()
    return function() return (self:next()) end
end
