-- Ends with waits open, on all that can be waited for.
local asynchron = require("asynchron")
local never = asynchron.new()
asynchron.spawn(function() never:await() end)
asynchron.spawn(function() asynchron.report({ never, asynchron.timer(1e6) }):next(1e6) end)
never:and_then(print)
print("leaves")
io.stdout:flush()
if arg[1] == "exit" then
    os.exit(3)
elseif arg[1] == "close" then
    os.exit(3, true)
elseif arg[1] == "error" then
    error("out")
end
