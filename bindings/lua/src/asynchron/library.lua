-- The C library, and its declarations: those of asynchron.ffi.h, which build.sh writes into asynchron.declarations.
local ok, ffi = pcall(require, "ffi")
if not ok then
    error("asynchron needs LuaJIT: there is no ffi here", 0)
end

-- The program may have declared the same itself: nothing can be declared twice.
if not pcall(ffi.typeof, "asynchron_item_t") then
    ffi.cdef(require("asynchron.declarations"))
end

local usual = jit.os == "OSX" and "libasynchron.0.dylib" or "libasynchron.so.0"
local c = ffi.load(os.getenv("ASYNCHRON_LIBRARY") or usual)

if c.asynchron_version() < c.ASYNCHRON_VERSION_NUMBER then
    error(("asynchron: the C library is older than these declarations: %d"):format(c.asynchron_version()), 0)
end

return c
