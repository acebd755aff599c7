-- Run build.sh first, which writes src/asynchron/declarations.lua; then `luarocks --lua-version=5.1 make`.
rockspec_format = "3.0"
package = "asynchron"
version = "0.2.0-1"
source = { url = "file://." }
description = {
    summary = "A value that arrives later: await what threads of C, C++ or Rust deliver",
    license = "MIT OR Apache-2.0",
    labels = { "future", "promise", "ffi", "threads", "coroutines", "luajit" },
}
dependencies = { "lua >= 5.1, < 5.2" } -- LuaJIT, with its ffi
build = {
    type = "builtin",
    modules = {
        ["asynchron"] = "src/asynchron/init.lua",
        ["asynchron.declarations"] = "src/asynchron/declarations.lua",
        ["asynchron.errors"] = "src/asynchron/errors.lua",
        ["asynchron.groups"] = "src/asynchron/groups.lua",
        ["asynchron.library"] = "src/asynchron/library.lua",
        ["asynchron.objects"] = "src/asynchron/objects.lua",
        ["asynchron.report"] = "src/asynchron/report.lua",
        ["asynchron.time"] = "src/asynchron/time.lua",
        ["asynchron.values"] = "src/asynchron/values.lua",
        ["asynchron.waiting"] = "src/asynchron/waiting.lua",
    },
    copy_directories = {},
}
