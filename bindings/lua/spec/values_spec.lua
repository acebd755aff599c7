-- Values arrive as they left.
local ffi = require("ffi")
local asynchron = require("asynchron")
local help = require("spec.help")
local c = help.c

local function through(value, kind)
    local a = asynchron.new({ as = kind })
    assert.is_true(a:set(value))
    local got = a:get()
    a:release()
    return got
end

describe("a value", function()
    it("of bytes arrives with its zero bytes", function()
        local bytes = {}
        for i = 0, 255 do bytes[i + 1] = string.char(i) end
        bytes = table.concat(bytes)
        assert.equal(bytes, through(bytes))
        assert.equal(bytes, through(bytes, "bytes"))
        assert.equal("", through("", "bytes"))
        assert.equal("", through(""))
        assert.is_nil(through(nil))
    end)

    it("of bytes is what C sees", function()
        local a = asynchron.new()
        a:set("hello")
        local value = ffi.new("asynchron_value_t")
        assert.equal(0, c.asynchron_get(a:pointer(), value))
        assert.equal("hello", ffi.string(value.data, value.len))
    end)

    it("of C's is what Lua sees", function()
        local a = asynchron.new({ as = "u64" })
        c.asynchron_set_bytes(a:pointer(), ffi.new("uint64_t[1]", 18446744073709551615ULL), 8)
        assert.is_true(a:get() == 18446744073709551615ULL)
    end)

    it("of 2^64 - 1 arrives and leaves exactly, and so do the other ends of the numbers", function()
        for _, n in ipairs({ 0ULL, 1ULL, 9007199254740993ULL, 18446744073709551615ULL }) do
            assert.is_true(through(n, "u64") == n)
        end
        for _, n in ipairs({ -9223372036854775807LL - 1, -1LL, 9223372036854775807LL }) do
            assert.is_true(through(n, "i64") == n)
        end
        for _, n in ipairs({ 0.1, -math.huge, 5e-324 }) do
            assert.equal(n, through(n, "f64"))
        end
        assert.is_true(through(2 ^ 53, "u64") == 9007199254740992ULL)
        assert.is_true(through(-5, "i64") == -5LL)
        assert.equal("18446744073709551615ULL", tostring(c.asynchron_forever()))
    end)

    it("that is no such number is refused, and nothing is delivered", function()
        for _, wrong in ipairs({ -1, 0.5, 2 ^ 54, 0 / 0, "1", -1LL, true, {} }) do
            local a = asynchron.new({ as = "u64" })
            assert.equal("refused", help.error_of(a.set, a, wrong).kind)
            assert.equal("pending", a:state())
        end
        local a = asynchron.new({ as = "i64" })
        assert.equal("refused", help.error_of(a.set, a, 9223372036854775808ULL).kind)
        assert.equal("refused", help.error_of(a.set, a, nil).kind)
        a = asynchron.new({ as = "bytes" })
        assert.equal("refused", help.error_of(a.set, a, 5).kind)
        a:cancel()
        a = asynchron.new({ as = "u64" })
        c.asynchron_set_bytes(a:pointer(), "four", 4)
        assert.equal("refused", help.error_of(a.get, a).kind)
    end)

    it("of any other type is the same again", function()
        local object, fn = {}, function() end
        for _, value in ipairs({ object, fn, true, 42, 0.5, io.stdout, coroutine.create(fn), 7ULL }) do
            assert.is_true(rawequal(value, through(value)))
        end
        assert.is_false(through(false))
    end)

    it("that is a pointer of C arrives as that", function()
        local a, memory = asynchron.new(), ffi.new("int[1]", 42)
        c.asynchron_set_pointer(a:pointer(), memory, nil)
        assert.equal(42, ffi.cast("int *", a:get())[0])
    end)
end)

describe("an object that C keeps", function()
    it("is forgotten with the asynchron, on whatever thread that ends, and no Lua runs there", function()
        local objects = require("asynchron.objects")
        collectgarbage()
        collectgarbage()
        local before = objects.count()
        local seen = setmetatable({}, { __mode = "k" })
        for _ = 1, 1000 do
            local a, b, object = asynchron.new(), asynchron.new(), {}
            seen[object] = true
            a:set(object)
            help.by_another_thread(b, a)
            a:release() -- the other thread has the last reference but for b's
            assert.equal(object, b:get(help.LIMIT))
            help.by_another_thread(asynchron.new(), b)
            b:release()
        end
        assert.is_true(help.eventually(function()
            collectgarbage()
            return objects.count() <= before and next(seen) == nil
        end))
    end)
end)

describe("an object that C keeps", function()
    it("is forgotten at once when its asynchron is released, and if it came too late", function()
        local seen, a = setmetatable({}, { __mode = "k" }), asynchron.new()
        for _ = 1, 10 do
            local object = {}
            seen[object] = true
            a:set(object) -- the first one wins
        end
        collectgarbage()
        local _, second = next(seen, (next(seen)))
        assert.is_nil(second)
        assert.equal(next(seen), a:get())
        a:release()
        collectgarbage()
        assert.is_nil(next(seen))
    end)
end)

describe("a text", function()
    it("survives as a name, and as a message", function()
        local text = "Gr\195\188\195\159e, \228\184\150\231\149\140 " .. ("x"):rep(10000)
        local a = asynchron.new({ name = text })
        assert.equal(text, a:name())
        a:fail(text)
        assert.equal(text, help.error_of(a.get, a).message)
        assert.equal("", asynchron.new({ name = "" }):name())
        assert.matches("^asynchron%-%d+$", asynchron.new():name())
    end)

    it("with a zero byte is refused as a name, and readable as a message", function()
        assert.equal("refused", help.error_of(asynchron.new, { name = "a\0b" }).kind)
        local a = asynchron.new()
        a:cancel("a\0b")
        assert.equal("a\\0b", help.error_of(a.get, a).message)
    end)
end)
