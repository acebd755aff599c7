-- Several as one: all, any, race.
local ffi = require("ffi")
local asynchron = require("asynchron")
local c = require("asynchron.library")
local errors = require("asynchron.errors")

-- The sources of an `all`, which have the values.
local Sources = {}
Sources.__index = Sources

function Sources:collect()
    local result = { n = #self }
    for i, source in ipairs(self) do
        result[i] = source:get(0)
    end
    return result
end

local function group(name)
    local join = c["asynchron_" .. name]
    asynchron[name] = function(list, options)
        local n, kind = #list, nil
        local handles = ffi.new("asynchron_t *[?]", math.max(n, 1))
        for i, source in ipairs(list) do
            handles[i - 1] = asynchron.live(source)
            if i == 1 then
                kind = source.kind
            end
            if source.kind ~= kind then
                kind = nil
            end
        end
        if n == 0 and name ~= "all" then
            error(errors.wrong("no asynchron at all"), 0)
        end
        local flags = options and options.cancel_rest and c.ASYNCHRON_CANCEL_REST or 0
        local result = asynchron.own(join(handles, n, nil, flags))
        result.kind = kind
        if name == "all" then
            result.sources = setmetatable({ unpack(list, 1, n) }, Sources)
        end
        return result
    end
end

group("all")
group("any")
group("race")
