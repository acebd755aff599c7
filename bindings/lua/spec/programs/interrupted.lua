-- Waits for what never comes, until Ctrl-C. LuaJIT itself makes an error of it.
local asynchron = require("asynchron")
local never = asynchron.new()
asynchron.spawn(function() never:await() end)
local waits = {
    get = function() never:get() end,
    wait = function() never:wait(1e6) end,
    await = function() never:await() end,
    report = function() asynchron.report({ never }):next() end,
    run = function() asynchron.run(function() never:await() end) end,
}
print("waits")
io.stdout:flush()
local ok, err = pcall(waits[arg[1]])
print(ok, tostring(err):match("interrupted!"))
-- It is still whole.
never:set("done")
print(never:await())
