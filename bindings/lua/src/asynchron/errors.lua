-- Errors on their way to C and back. In the Lua state that failed it with a table, the same table arrives.
local ffi = require("ffi")
local c = require("asynchron.library")
local objects = require("asynchron.objects")

local errors = {}

-- Whose code it is, unless the error says so.
local DOMAIN = "asynchron.lua"

local Error = {}
Error.__index = Error

function Error:__tostring()
    return self.message ~= "" and self.message or self.kind
end

function errors.new(kind, code, domain, message)
    return setmetatable({ kind = kind, code = code, domain = domain, message = message }, Error)
end

function errors.is_error(value)
    return getmetatable(value) == Error
end

function errors.refused(status)
    return errors.new("refused", status, "asynchron", ffi.string(c.asynchron_status_string(status)))
end

function errors.timeout()
    return errors.new("timeout", c.ASYNCHRON_TIMEOUT, "asynchron", "not complete yet")
end

--- A wrong argument.
function errors.wrong(message)
    return errors.new("refused", c.ASYNCHRON_E_INVALID, "asynchron", message)
end

--- The status of a call that may not be refused.
function errors.accepted(status)
    if status < 0 then
        error(errors.refused(status), 0)
    end
    return status
end

--- A handle that C made, which is NULL without memory.
function errors.made(handle)
    if handle == nil then
        error(errors.refused(c.ASYNCHRON_E_NOMEM), 0)
    end
    return handle
end

--- A text for C, which ends at the first zero byte: such a byte becomes the two characters \0.
function errors.text(value)
    local readable, text = pcall(tostring, value == nil and "" or value)
    if not readable or type(text) ~= "string" then
        text = "an error without a text"
    end
    return (text:gsub("%z", "\\0"))
end

local function is_code(code)
    return type(code) == "number" and code >= -2 ^ 31 and code < 2 ^ 31 and code == math.floor(code)
end

--- The code, domain and message of an error of any type. Nothing that the error does gets out of here.
local function parts(err)
    if type(err) ~= "table" then
        return 1, DOMAIN, errors.text(err)
    end
    local readable, code, domain, message = pcall(function() return err.code, err.domain, err.message end)
    if not readable then
        code, domain, message = nil, nil, nil
    end
    return is_code(code) and code or 1,
        type(domain) == "string" and errors.text(domain) or DOMAIN,
        errors.text(message == nil and err or message)
end

--- Delivers an error. Returns the status, and its token in the table of objects.
function errors.deliver(handle, err)
    local code, domain, message = parts(err)
    if type(err) == "string" or err == nil then
        return c.asynchron_fail_with(handle, code, domain, message, nil, nil)
    end
    local token = objects.keep(err)
    return c.asynchron_fail_with(handle, code, domain, message, token, c.asynchron_drop), token
end

local out = ffi.new("asynchron_error_t")

--- What is raised for one that failed or was cancelled.
function errors.of(handle, status)
    errors.accepted(c.asynchron_error(handle, out))
    local kept, original = objects.at(out.payload)
    if kept then
        return original
    end
    local code, domain, message = out.code, ffi.string(out.domain), ffi.string(out.message)
    local kind = "failure"
    if status == c.ASYNCHRON_CANCELLED then
        kind = "cancelled"
    elseif domain == "asynchron" and code == c.ASYNCHRON_TIMEOUT then
        kind = "timeout"
    end
    return errors.new(kind, code, domain, message)
end

return errors
