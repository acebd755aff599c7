-- The programs of the README and of the guide run, and print what stands below them.
local help = require("spec.help")

for _, page in ipairs({ "README.md", os.getenv("ASYNCHRON_GUIDE") or "../../docs/guide/lua.md" }) do
    local file = assert(io.open(page))
    local text = file:read("*a")
    file:close()

    describe(page:match("[^/]+$"), function()
        local programs, start = 0, 1
        while true do
            local from, to, program = text:find("\n```lua\n(.-)\n```\n", start)
            if not from then
                break
            end
            local _, lines = text:sub(1, from):gsub("\n", "")
            local output = text:match("^\n```text\n(.-)```\n", to + 1)
            programs, start = programs + 1, to
            it("prints what it says, line " .. lines + 1, function()
                assert.is_string(output, "the page does not say what it prints")
                local name = os.tmpname()
                local sample = assert(io.open(name, "w"))
                sample:write(program)
                sample:close()
                local printed, status = help.shell("timeout 60 luajit " .. name)
                os.remove(name)
                assert.equal(output, printed)
                assert.equal(0, status)
            end)
        end
        it("has programs", function() assert.is_true(programs > 0) end)
    end)
end
