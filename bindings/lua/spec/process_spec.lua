-- Ctrl-C, the end of the process, and memory.
local asynchron = require("asynchron")
local help = require("spec.help")

describe("Ctrl-C", function()
    for _, how in ipairs({ "get", "wait", "await", "report", "run" }) do
        it("ends " .. how .. ", and all is whole", function()
            local printed, status = help.shell(([[
                out=$(mktemp)
                timeout --foreground -k 1 60 luajit spec/programs/interrupted.lua %s >"$out" & p=$!
                n=0; until grep -q waits "$out" || [ $n -ge 600 ]; do sleep 0.1; n=$((n + 1)); done
                sleep 0.2
                kill -INT $p
                wait $p; s=$?
                cat "$out"; rm "$out"; (exit $s)]]):format(how))
            assert.equal("waits\nfalse\tinterrupted!\ndone\n", printed)
            assert.equal(0, status)
        end)
    end
end)

describe("the process", function()
    for how, status in pairs({ exit = 3, close = 3, error = 1, falls = 0 }) do
        it("ends while waits are open: " .. how, function()
            local printed, ended = help.shell("timeout 60 luajit spec/programs/leaves.lua " .. how)
            assert.equal("leaves", printed:match("^%a+"))
            assert.equal(status, ended)
        end)
    end
end)

describe("memory", function()
    local function round(n, work)
        for i = 1, n do work(i) end
        return help.memory()
    end

    local object = {}
    for name, work in pairs({
        ["creates, sets, gets and releases"] = function()
            local a = asynchron.new()
            a:set("a value of some bytes, more than sixteen")
            a:get()
            a:release()
        end,
        ["objects, failures and handles that the collector finds"] = function(i)
            local a = asynchron.new({ name = "named" })
            if i % 2 == 0 then a:set(object) else a:fail(object) end
            pcall(a.get, a)
        end,
        ["coroutines that await"] = function()
            local a = asynchron.new()
            local b = asynchron.spawn(function() return a:await() end)
            a:set("x")
            b:await()
        end,
    }) do
        it("is flat over many " .. name, function()
            local n = name:match("^creates") and 1000000 or 100000
            local before = round(n / 2, work)
            local after = round(n, work)
            assert.is_true(after - before < 3000, ("%d KiB, then %d"):format(before, after))
        end)
    end
end)
