// Lua's patterns with their steps counted: the same results and errors as Lua 5.4's string.find, match, gmatch and gsub, but what
// takes long ends with the plugin's budget (State::charge) rather than never: the count hook does not run inside of C code, where
// ("a"):rep(2000):find("a-a-b") takes 15 seconds.
#pragma once

#include <lua.hpp>

namespace tayori::lua {

int string_find(lua_State* lua);
int string_match(lua_State* lua);
int string_gmatch(lua_State* lua);
int string_gsub(lua_State* lua);

}  // namespace tayori::lua
