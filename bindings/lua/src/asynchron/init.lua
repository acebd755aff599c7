-- A value that arrives later, in LuaJIT. README.md says what each function does.
local ffi = require("ffi")
local c = require("asynchron.library")
local errors = require("asynchron.errors")
local objects = require("asynchron.objects")
local time = require("asynchron.time")
local values = require("asynchron.values")
local waiting = require("asynchron.waiting")

local asynchron = { c = c, is_error = errors.is_error }

local Asynchron = {}
Asynchron.__index = Asynchron
local OPTIONS = { name = true, as = true, timeout = true }
local STATES = { [0] = "pending", "running", "ready", "cancelled" }
local outcome = ffi.new("asynchron_value_t")

-- An object for a reference that it gets.
local function own(handle, options)
    local self = { handle = ffi.gc(errors.made(handle), c.asynchron_release) }
    for option in pairs(options or {}) do
        if not OPTIONS[option] then
            error(errors.wrong("no such option: " .. errors.text(option)), 0)
        end
    end
    self.kind = values.check(options and options.as)
    setmetatable(self, Asynchron)
    if options and options.timeout then
        self:expire(options.timeout)
    end
    return self
end
asynchron.own = own -- for the package alone

local function live(self)
    if getmetatable(self) ~= Asynchron then
        error(errors.wrong("an asynchron is wanted, not " .. type(self)), 0)
    end
    return self.handle or error(errors.wrong("released"), 0)
end
asynchron.live = live

function asynchron.is(value)
    return getmetatable(value) == Asynchron
end

function asynchron.new(options)
    local name = options and options.name
    if name ~= nil and (type(name) ~= "string" or name:find("%z")) then
        error(errors.wrong("a name is a string without a zero byte"), 0)
    end
    return own(c.asynchron_create(name), options)
end

function asynchron.timer(seconds)
    return own(c.asynchron_timer(time.nanoseconds(seconds)))
end

local function pointer(value)
    local ok, handle = pcall(ffi.cast, "asynchron_t *", value)
    if type(value) ~= "cdata" and type(value) ~= "userdata" or not ok or handle == nil then
        error(errors.wrong("a pointer to an asynchron_t is wanted"), 0)
    end
    return handle
end

--- Of a pointer of C, with a reference of its own.
function asynchron.from_pointer(value, options)
    return own(c.asynchron_retain(pointer(value)), options)
end

--- Of a pointer with a reference that is handed over.
function asynchron.adopt(value, options)
    return own(pointer(value), options)
end

function Asynchron:pointer()
    return live(self)
end

--- A pointer with a reference for another owner.
function Asynchron:share()
    return c.asynchron_retain(live(self))
end

function Asynchron:name()
    return ffi.string(c.asynchron_name(live(self)))
end

function Asynchron:state()
    return STATES[c.asynchron_state(live(self))]
end

function Asynchron:complete()
    return c.asynchron_poll(live(self)) ~= c.ASYNCHRON_PENDING
end

-- What Lua keeps for C is forgotten with this object, or now if it came too late.
local function kept(self, status, token)
    if status == c.ASYNCHRON_OK then
        self.token = token
    else
        objects.forget(token)
    end
    return errors.accepted(status) == c.ASYNCHRON_OK
end

function Asynchron:set(value)
    return kept(self, values.deliver(live(self), self.kind, value))
end

function Asynchron:fail(err)
    return kept(self, errors.deliver(live(self), err))
end

function Asynchron:cancel(reason)
    return errors.accepted(c.asynchron_cancel_with(live(self), errors.text(reason))) == c.ASYNCHRON_OK
end

function Asynchron:follow(source)
    return errors.accepted(c.asynchron_follow(live(self), live(source))) == c.ASYNCHRON_OK
end

function Asynchron:expire(seconds)
    return errors.accepted(c.asynchron_expire_after(live(self), time.nanoseconds(seconds))) == c.ASYNCHRON_OK
end

--- Delivers what a function returns, or the error that it raises. No function of C is below it: it may await.
function Asynchron:call(fn, ...)
    if errors.accepted(c.asynchron_start(live(self))) ~= c.ASYNCHRON_OK then
        return false
    end
    local ok, result = pcall(fn, ...)
    if not ok then
        return self:fail(result)
    end
    local deliver = asynchron.is(result) and self.follow or self.set
    local delivered, won = pcall(deliver, self, result)
    if not delivered then
        return self:fail(won)
    end
    return won
end

-- The outcome of one that is complete; the error is raised.
local function collect(self)
    local handle = live(self)
    local status = c.asynchron_get_timeout(handle, 0, outcome)
    if status == c.ASYNCHRON_OK then
        if self.sources then
            return self.sources:collect()
        end
        return values.collect(self.kind, outcome)
    elseif status == c.ASYNCHRON_TIMEOUT then
        error(errors.timeout(), 0)
    end
    error(status < 0 and errors.refused(status) or errors.of(handle, status), 0)
end

--- Waits, and all of Lua stands still until then.
function Asynchron:get(seconds)
    errors.accepted(waiting.block(live(self), time.nanoseconds(seconds)))
    return collect(self)
end

function Asynchron:wait(seconds)
    return errors.accepted(waiting.block(live(self), time.nanoseconds(seconds))) == c.ASYNCHRON_OK
end

--- Waits, and the other coroutines go on.
function Asynchron:await(seconds)
    waiting.await(live(self), seconds)
    return collect(self)
end

--- An asynchron of what fn makes of the value. An error passes by.
function Asynchron:and_then(fn)
    live(self)
    return asynchron.spawn(function() return fn(self:await()) end)
end

function Asynchron:release()
    local handle = self.handle
    if handle then
        self.handle = nil
        c.asynchron_release(ffi.gc(handle, nil))
        objects.forget(self.token)
    end
end

--- Starts a coroutine that may await. Returns an asynchron of what the function returns.
function asynchron.spawn(fn, ...)
    local self, n, arguments = asynchron.new(), select("#", ...), { ... }
    waiting.start(function() self:call(fn, unpack(arguments, 1, n)) end)
    return self
end

--- Starts a coroutine, and lets all of them go on until it is over.
function asynchron.run(fn, ...)
    return asynchron.spawn(fn, ...):await()
end

function asynchron.sleep(seconds)
    return asynchron.timer(seconds):await()
end

--- For a loop of others: does all that is due, and waits for it so long; without a time not at all.
function asynchron.step(seconds)
    return waiting.step(time.nanoseconds(seconds or 0))
end

asynchron.descriptor = waiting.descriptor
asynchron.open = waiting.open

function asynchron.version()
    return c.asynchron_version()
end

package.loaded[...] = asynchron
require("asynchron.groups")
require("asynchron.report")
return asynchron
