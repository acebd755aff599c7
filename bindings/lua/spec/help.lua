-- What the tests share: foreign threads, limits, programs.
local ffi = require("ffi")
local asynchron = require("asynchron")

local help = { c = asynchron.c, LIMIT = 60 } -- seconds: far more than anything takes

-- Has another thread, of the library's, complete `into` as `source` has ended, or will end. Drops the last reference
-- that it has to the source there.
function help.by_another_thread(into, source)
    local fn = ffi.cast("asynchron_fn_t", asynchron.c.asynchron_follow)
    assert(asynchron.c.asynchron_spawn(into:pointer(), fn, source:share(), asynchron.c.asynchron_drop) == 0)
end

--- Looks again until it is so, or the limit is over.
function help.eventually(is_so)
    for _ = 1, help.LIMIT * 100 do
        if is_so() then
            return true
        end
        asynchron.timer(0.01):get()
    end
    return false
end

--- The error that a function raises.
function help.error_of(fn, ...)
    local ok, err = pcall(fn, ...)
    assert(not ok, "it raised nothing")
    return err
end

--- Runs something in a shell. Returns what it prints, and its status.
function help.shell(script)
    local out = os.tmpname()
    os.execute(("{ %s; } >%s 2>&1; echo \"status $?\" >>%s"):format(script, out, out))
    local file = assert(io.open(out))
    local text = file:read("*a")
    file:close()
    os.remove(out)
    local printed, status = text:match("^(.*)status (%d+)\n$")
    return printed, tonumber(status)
end

--- Memory of this process in KiB that is not shared.
function help.memory()
    collectgarbage()
    collectgarbage()
    for line in io.lines("/proc/self/status") do
        local kib = line:match("^RssAnon:%s+(%d+)")
        if kib then
            return tonumber(kib)
        end
    end
end

return help
