// `require`: files of the plugin's own folder that were read before the plugin ran, as text, each once.
#include <algorithm>

#include "common/base/text.h"
#include "common/lua/sandbox.h"
#include "common/lua/state.h"

namespace tayori::lua {
namespace {

const char kLoadedKey = 0;  // its address: the table of what has been required, by name

bool is_module_name(std::string_view name) {
    if (name.empty() || name.front() == '.' || name.back() == '.' || name.find("..") != std::string_view::npos) return false;
    return std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
    });
}

void push_loaded(lua_State* lua) {
    if (lua_rawgetp(lua, LUA_REGISTRYINDEX, &kLoadedKey) == LUA_TTABLE) return;
    lua_pop(lua, 1);
    lua_newtable(lua);
    lua_pushboolean(lua, 0);
    lua_setfield(lua, -2, "plugin");  // plugin.lua is running
    lua_newtable(lua);
    open_api(lua);
    lua_pushcfunction(lua, declare_plugin);
    lua_setfield(lua, -2, "plugin");
    lua_setfield(lua, -2, "tayori");
    lua_pushvalue(lua, -1);
    lua_rawsetp(lua, LUA_REGISTRYINDEX, &kLoadedKey);
}

}  // namespace

int run_source(lua_State* lua, const std::string& file) {
    const auto& box = sandbox_of(lua);
    const auto found = box.sources->find(file);
    if (found == box.sources->end())
        return luaL_error(lua, "there is no file %s in the plugin's folder \"%s\"", file.c_str(), box.name.c_str());
    std::string_view source = found->second;
    if (source.starts_with("\xEF\xBB\xBF")) source.remove_prefix(3);  // some editors put a byte order mark there
    const auto chunk = cat("@", box.name, "/", file);
    if (luaL_loadbufferx(lua, source.data(), source.size(), chunk.c_str(), "t") != LUA_OK) return lua_error(lua);
    State::charge(lua, kClockSteps);  // no hook has run so far, and long chains of `or` take their time
    lua_call(lua, 0, 1);
    return 1;
}

int require_source(lua_State* lua) {
    const std::string name = luaL_checkstring(lua, 1);
    push_loaded(lua);
    switch (lua_getfield(lua, -1, name.c_str())) {
        case LUA_TNIL: break;
        case LUA_TBOOLEAN:
            if (lua_toboolean(lua, -1) == 0) return luaL_error(lua, "%s.lua is required while it is being read: a circle", name.c_str());
            return 1;
        default: return 1;
    }
    if (sandbox_of(lua).sources == nullptr)
        return luaL_error(lua, "write `local %s = require \"%s\"` at the head of the file, not in a hook", name.c_str(), name.c_str());
    if (!is_module_name(name))
        return luaL_error(lua, "\"%s\" is no name for require: write that of a file in the plugin's folder, without .lua", name.c_str());
    auto file = cat(name, ".lua");
    std::replace(file.begin(), file.end() - 4, '.', '/');
    lua_settop(lua, 2);  // the name, what is loaded
    lua_pushboolean(lua, 0);
    lua_setfield(lua, 2, name.c_str());
    run_source(lua, file);
    if (lua_isnil(lua, -1) || lua_isboolean(lua, -1)) {
        lua_pop(lua, 1);
        lua_pushboolean(lua, 1);
    }
    lua_pushvalue(lua, -1);
    lua_setfield(lua, 2, name.c_str());
    return 1;
}

}  // namespace tayori::lua
