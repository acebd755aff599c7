/* lua.c: a lua_State of LuaJIT's inside of a C program; lua.lua does the work, by the FFI. */
#include <stdio.h>
#include <stdlib.h>

#include <lauxlib.h>
#include <lua.h>
#include <luajit.h>
#include <lualib.h>

#include "share.h"

int lua_host(struct share *share)
{
    lua_State *lua = luaL_newstate();
    int done = -1;

    if (lua == NULL)
        return -1;
    luaL_openlibs(lua);
    if (getenv("MIXED_LUA_INTERPRETED") != NULL) /* for valgrind, which cannot follow code that is made as it runs */
        luaJIT_setmode(lua, 0, LUAJIT_MODE_ENGINE | LUAJIT_MODE_OFF);
    if (luaL_loadfile(lua, "lua.lua") == 0) {
        lua_pushlightuserdata(lua, share);
        done = lua_pcall(lua, 1, 0, 0) == 0 ? 0 : -1;
    }
    if (done < 0)
        fprintf(stderr, "%s\n", lua_tostring(lua, -1));
    /* Nothing of Lua's is registered anywhere: a callback that came now would find no state. */
    lua_close(lua);
    return done;
}
