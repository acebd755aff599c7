-- Waits of coroutines, of the main program, of reports; times.
local ffi = require("ffi")
local asynchron = require("asynchron")
local help = require("spec.help")

describe("a coroutine that awaits", function()
    it("lets the others go on", function()
        local never, turns = asynchron.new(), 0
        local blocked = asynchron.spawn(function() return never:await() end)
        local working = asynchron.spawn(function()
            for _ = 1, 100 do
                asynchron.sleep(0.0001)
                turns = turns + 1
            end
        end)
        working:await(help.LIMIT)
        assert.equal(100, turns)
        assert.equal("running", blocked:state())
        never:set("at last")
        assert.equal("at last", blocked:await(help.LIMIT))
    end)

    it("gets what other threads deliver, 1,000 at a time", function()
        local sources, sum, left = {}, 0, 1000
        for i = 1, 1000 do
            local a, b = asynchron.new(), asynchron.new()
            sources[i] = a
            asynchron.spawn(function()
                local value = b:await() -- the sum may change meanwhile
                sum = sum + value
                left = left - 1
            end)
            help.by_another_thread(b, a)
        end
        for i = 1000, 1, -1 do sources[i]:set(i) end
        assert.is_true(help.eventually(function()
            asynchron.step()
            return left == 0
        end))
        assert.equal(500500, sum)
        assert.equal(0, asynchron.open())
    end)

    it("is one of many that await the same", function()
        local a, told = asynchron.new(), {}
        local all = {}
        for i = 1, 10 do
            all[i] = asynchron.spawn(function() told[i] = a:await() end)
        end
        local late = asynchron.spawn(function() return pcall(a.await, a, 0.01) end)
        assert.is_false(late:await(help.LIMIT))
        a:set("x")
        asynchron.all(all):await(help.LIMIT)
        assert.equal(("x"):rep(10), table.concat(told))
        assert.equal(0, asynchron.open())
    end)

    it("may be in a function that computes a value", function()
        local a = asynchron.new()
        asynchron.run(function() a:call(function() return asynchron.timer(0.001):await() or "woke" end) end)
        assert.equal("woke", a:get())
    end)

    it("is one of spawn: others are told so", function()
        local a = asynchron.new()
        local ok, err = coroutine.resume(coroutine.create(function() return a:await() end))
        assert.is_false(ok)
        assert.matches("only a coroutine of spawn", tostring(err))
        local stepping = asynchron.spawn(asynchron.step)
        assert.equal("refused", help.error_of(stepping.get, stepping).kind)
        assert.equal(0, asynchron.open())
    end)

    it("gets back what a run returns", function()
        assert.equal(3, asynchron.run(function(...) return select("#", ...) end, nil, nil, nil))
    end)
end)

describe("a time", function()
    it("that is over raises timeout, and the asynchron goes on", function()
        local a = asynchron.new()
        for _, seconds in ipairs({ 0, 0.01, -1 }) do
            assert.equal("timeout", help.error_of(a.get, a, seconds).kind)
            assert.equal("timeout", help.error_of(a.await, a, seconds).kind)
        end
        local inside = asynchron.spawn(function() return a:await(0.01) end)
        assert.equal("timeout", help.error_of(inside.await, inside).kind)
        assert.is_false(a:wait(0.12)) -- longer than a slice
        a:set("still")
        assert.equal("still", a:get(math.huge))
        assert.equal(0, asynchron.open())
    end)

    it("of its own fails it", function()
        local a = asynchron.new({ timeout = 0.01 })
        assert.equal("timeout", help.error_of(a.get, a, help.LIMIT).kind)
        assert.is_true(a:complete())
    end)

    it("is never over too early", function()
        ffi.cdef("int lua_spec_clock(int, void *) __asm__(\"clock_gettime\");")
        local function now()
            local t = ffi.new("int64_t[2]")
            ffi.C.lua_spec_clock(1, t)
            return tonumber(t[0]) + tonumber(t[1]) / 1e9
        end
        for _, seconds in ipairs({ 0.001, 0.07, 0.13 }) do
            local began = now()
            asynchron.new():wait(seconds)
            assert.is_true(now() - began >= seconds)
            began = now()
            asynchron.timer(seconds):await()
            assert.is_true(now() - began >= seconds)
        end
    end)
end)

describe("a report", function()
    it("yields in the order of completion", function()
        local a, b, d = asynchron.new(), asynchron.new(), asynchron.new()
        local report, names = asynchron.report({ a, b, d }), {}
        asynchron.spawn(function()
            for _, each in ipairs({ d, a, b }) do
                each:set(true)
                asynchron.sleep(0.001)
            end
        end)
        for each in report:each() do names[#names + 1] = each == a and "a" or each == b and "b" or "d" end
        assert.equal("dab", table.concat(names))
        assert.equal(0, report:pending())
    end)

    it("is shared by coroutines: each item goes to one", function()
        local report, got, ends = asynchron.report(), 0, {}
        local sources = {}
        for i = 1, 100 do
            sources[i] = asynchron.new()
            report:add(sources[i])
        end
        for i = 1, 4 do
            ends[i] = asynchron.spawn(function()
                for _ in report:each() do got = got + 1 end
            end)
        end
        for i = 1, 100 do sources[i]:set(i) end
        asynchron.all(ends):await(help.LIMIT)
        assert.equal(100, got)
    end)

    it("can be left by one, and has times", function()
        local a, b = asynchron.new(), asynchron.new()
        local report = asynchron.report({ a, b })
        assert.is_false(report:add(a))
        local _, why = report:next(0.01)
        assert.equal("timeout", why)
        assert.is_true(report:remove(a))
        assert.is_false(report:remove(a))
        a:set(1)
        b:set(2)
        assert.equal(b, report:next(help.LIMIT))
        assert.is_nil((report:next()))
        assert.equal(0, asynchron.open())
    end)

    it("lets one go that has completed, and was not yielded", function()
        local a, b = asynchron.new(), asynchron.new()
        local report = asynchron.report({ a, b })
        a:set(1)
        b:set(2)
        asynchron.timer(0):await()
        assert.is_true(report:remove(a))
        assert.equal(b, report:next(help.LIMIT))
        assert.is_nil((report:next()))
    end)
end)

describe("several as one", function()
    it("all, any and race are as in C", function()
        local a, b = asynchron.new({ as = "u64" }), asynchron.new({ as = "u64" })
        local all, any, race = asynchron.all({ a, b }), asynchron.any({ a, b }), asynchron.race({ a, b })
        b:set(2)
        assert.is_true(race:get() == 2ULL and any:get() == 2ULL)
        a:fail("no")
        assert.equal("no", help.error_of(all.get, all).message)
        local object = {}
        local d = asynchron.new()
        d:set(object)
        local values = asynchron.all({ d, b }):await()
        assert.is_true(values[1] == object and values[2] == 2ULL and values.n == 2)
        assert.same({ n = 0 }, asynchron.all({}):get())
        assert.equal(object, asynchron.race({ d, asynchron.new() }):get())
        local rest = asynchron.new()
        asynchron.race({ d, rest }, { cancel_rest = true }):get()
        assert.equal("unneeded", help.error_of(rest.get, rest).message)
    end)
end)

describe("the descriptor", function()
    it("is readable when a step has something to do", function()
        ffi.cdef("int lua_spec_poll(void *, unsigned long, int) __asm__(\"poll\");")
        local function readable(ms)
            local pollfd = ffi.new("struct { int fd; short events, revents; }[1]")
            pollfd[0].fd, pollfd[0].events = asynchron.descriptor(), 1
            return ffi.C.lua_spec_poll(pollfd, 1, ms) == 1
        end
        local told = false
        local a = asynchron.new()
        asynchron.spawn(function() told = a:await() end)
        assert.is_false(readable(0))
        local source = asynchron.new()
        help.by_another_thread(a, source)
        source:set(true)
        assert.is_true(readable(help.LIMIT * 1000))
        assert.is_false(told)
        assert.equal(1, asynchron.step())
        assert.is_true(told)
        assert.is_false(readable(0))
    end)
end)
