-- The cost of a value that arrives, beside a plain coroutine of Lua, and beside a blocking call for each wait.
--
--     luajit bench/speed.lua          --smoke: once, to see that it runs
local ffi = require("ffi")
local asynchron = require("asynchron")
local c = asynchron.c

ffi.cdef("int lua_bench_clock(int, void *) __asm__(\"clock_gettime\");")
local spec = ffi.new("int64_t[2]")
local function now()
    ffi.C.lua_bench_clock(jit.os == "OSX" and 6 or 1, spec)
    return tonumber(spec[0]) * 1e9 + tonumber(spec[1])
end

local smoke = arg[1] == "--smoke"
local ROUNDS, N = smoke and 1 or 7, smoke and 100 or 20000

-- Nanoseconds for each of n, the best of all rounds.
local function best(n, run)
    local least = math.huge
    for _ = 1, ROUNDS do
        collectgarbage()
        local began = now()
        run(n)
        least = math.min(least, (now() - began) / n)
    end
    return least
end

local function create_set_get(n)
    for _ = 1, n do
        local a = asynchron.new()
        a:set("hello")
        assert(a:get() == "hello")
        a:release()
    end
end

local function coroutines(n)
    for _ = 1, n do
        local co = coroutine.wrap(function() return (coroutine.yield()) end)
        co()
        assert(co("hello") == "hello")
    end
end

local function awaited(n)
    for _ = 1, n do
        local a = asynchron.new()
        local b = asynchron.spawn(function() return a:await() end)
        a:set("hello")
        assert(b:await() == "hello")
        a:release()
        b:release()
    end
end

-- Another thread has each follow one that is complete: that delivers.
local follow = ffi.cast("asynchron_fn_t", c.asynchron_follow)
local source = asynchron.new()
source:set("hello")
local function delivered(a)
    assert(c.asynchron_spawn(a:pointer(), follow, source:pointer(), nil) == 0)
end

local function by_thread_awaited(n)
    for _ = 1, n do
        local a = asynchron.new()
        delivered(a)
        assert(a:await() == "hello")
        a:release()
    end
end

local function by_thread_blocking(n)
    local value = ffi.new("asynchron_value_t")
    for _ = 1, n do
        local a = asynchron.new()
        delivered(a)
        assert(c.asynchron_get(a:pointer(), value) == 0)
        a:release()
    end
end

local function line(what, ours, theirs)
    print(("%-64s %8.0f ns %8.0f ns %6.1f"):format(what, ours, theirs, ours / theirs))
end

local plain = best(N, coroutines)
line("create, set, get, release; a coroutine, yielded and resumed", best(N, create_set_get), plain)
line("the same, awaited in a coroutine of spawn; a coroutine", best(N, awaited), plain)
local blocking = best(N / 4, by_thread_blocking)
line("delivered by a thread and awaited; a blocking call", best(N / 4, by_thread_awaited), blocking)

local idle = {}
for i = 1, 1000 do
    idle[i] = asynchron.new()
    asynchron.spawn(function() idle[i]:await() end)
end
line("the same with 1,000 other waits open; a blocking call", best(N / 4, by_thread_awaited), blocking)
