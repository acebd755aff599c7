-- Errors become failures, and come back.
local ffi = require("ffi")
local asynchron = require("asynchron")
local help = require("spec.help")
local c = help.c

describe("an error in a function", function()
    it("becomes a failure with its message", function()
        local a = asynchron.new()
        assert.is_true(a:call(function() error("no luck", 0) end))
        local err = help.error_of(a.get, a)
        assert.is_true(asynchron.is_error(err))
        assert.same({ "failure", 1, "asynchron.lua", "no luck" }, { err.kind, err.code, err.domain, err.message })
        assert.equal("no luck", tostring(err))
    end)

    it("that is a table is the same again, and C sees its parts", function()
        local thrown = { code = -7, domain = "mine", message = "no luck", more = {} }
        local a = asynchron.new()
        a:call(error, thrown)
        assert.equal(thrown, help.error_of(a.get, a))
        local seen = ffi.new("asynchron_error_t")
        c.asynchron_error(a:pointer(), seen)
        assert.same({ -7, "mine", "no luck" }, { seen.code, ffi.string(seen.domain), ffi.string(seen.message) })
    end)

    it("of any other type is a failure, too", function()
        local hostile = setmetatable({}, { __index = error, __tostring = error })
        for _, thrown in ipairs({ hostile, 42, true, { code = 0.5 }, print }) do
            local a = asynchron.new()
            assert.is_true(a:call(error, thrown, 0))
            assert.is_true(rawequal(thrown, help.error_of(a.get, a)))
        end
        local a = asynchron.new()
        a:call(error, nil)
        assert.equal("failure", help.error_of(a.get, a).kind)
    end)

    it("of a coroutine goes to those who await it", function()
        local inner = asynchron.spawn(function()
            asynchron.sleep(0.001)
            error("from below", 0)
        end)
        local outer = inner:and_then(function() return "not this" end)
        assert.equal("from below", help.error_of(outer.await, outer, help.LIMIT).message)
    end)

    it("also if what it returns cannot be delivered", function()
        local a = asynchron.new({ as = "u64" })
        a:call(function() return "no number" end)
        assert.equal("refused", help.error_of(a.get, a).kind)
    end)
end)

describe("an outcome", function()
    it("of C's arrives with code, domain and message", function()
        local a = asynchron.new()
        c.asynchron_fail_with(a:pointer(), 5, "c", "of C", nil, nil)
        local err = help.error_of(a.get, a)
        assert.same({ "failure", 5, "c", "of C" }, { err.kind, err.code, err.domain, err.message })
    end)

    it("that is a cancel has the reason", function()
        local a = asynchron.new()
        assert.is_true(a:cancel("not needed"))
        local err = help.error_of(a.get, a)
        assert.same({ "cancelled", "not needed" }, { err.kind, err.message })
        assert.equal("cancelled", a:state())
    end)

    it("is the first one, and the others learn that they are late", function()
        local a = asynchron.new()
        assert.is_true(a:set("first"))
        assert.is_false(a:set({}))
        assert.is_false(a:fail({}))
        assert.is_false(a:cancel())
        assert.is_false(a:call(error))
        assert.is_false(a:follow(asynchron.new()))
        assert.equal("first", a:get())
    end)

    it("is computed by one function at a time", function()
        local a = asynchron.new()
        a:call(function()
            assert.equal("running", a:state())
            assert.is_false(a:call(error))
            return "once"
        end)
        assert.equal("once", a:get())
    end)

    it("is followed", function()
        local a, b = asynchron.new(), asynchron.new()
        a:call(function() return b end)
        assert.is_false(a:complete())
        b:set("through")
        assert.equal("through", a:get())
    end)
end)

describe("a wrong call", function()
    it("is refused, and changes nothing", function()
        local a = asynchron.new()
        for _, wrong in ipairs({
            { asynchron.new, { as = "u32" } }, { asynchron.new, { of = "u64" } }, { asynchron.new, { name = 5 } },
            { asynchron.from_pointer, nil }, { asynchron.from_pointer, 42 }, { asynchron.adopt, {} },
            { asynchron.from_pointer, ffi.cast("void *", 0) }, { asynchron.timer, 0 / 0 }, { asynchron.timer, "1" },
            { asynchron.any, {} }, { asynchron.race, {} }, { asynchron.all, { 1 } }, { a.follow, a, {} },
            { a.follow, a, a }, { a.get, {}, 0 }, { asynchron.report, { {} } },
        }) do
            local err = help.error_of(unpack(wrong, 1, 3))
            assert.is_true(asynchron.is_error(err), tostring(err))
            assert.equal("refused", err.kind)
        end
        assert.equal("pending", a:state())
        a:release()
        a:release()
        assert.equal("released", help.error_of(a.get, a).message)
    end)
end)
