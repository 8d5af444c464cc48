// The basic functions, math, and what plugins find as globals: there are none of their own.
#include <array>
#include <random>
#include <string_view>

#include "common/base/text.h"
#include "common/lua/sandbox.h"
#include "common/lua/state.h"

namespace tayori::lua {
namespace {

constexpr std::array<const char*, 13> kBasic = {"assert", "error",  "ipairs", "next", "pairs",    "rawequal", "rawget",
                                                "rawlen", "rawset", "select", "type", "tostring", "_VERSION"};

struct Missing {
    std::string_view name, instead;
};
// What other programs have, and what to do here.
constexpr Missing kMissing[] = {
    {"_G", "plugins have no globals: write `local`"},
    {"collectgarbage", "memory is collected by itself"},
    {"coroutine", "plugins have no coroutines"},
    {"debug", "plugins have no `debug`"},
    {"dofile", "write `require` and the name of a file of this plugin"},
    {"io", "plugins can't open files; keep values with account:remember()"},
    {"load", "plugins can't load code; write `require` and the name of a file of this plugin"},
    {"loadfile", "write `require` and the name of a file of this plugin"},
    {"loadstring", "plugins can't load code; write `require` and the name of a file of this plugin"},
    {"os", "plugins have no `os`; the time is tayori.now() and tayori.format_time()"},
    {"package", "write `require` and the name of a file of this plugin"},
    {"print", "write tayori.log(text)"},
    {"unpack", "write table.unpack(list)"},
    {"warn", "write tayori.log(text)"},
};

int unknown_global(lua_State* lua) {
    if (lua_type(lua, 2) != LUA_TSTRING) return luaL_error(lua, "plugins have no globals: write `local`");
    const std::string_view name = lua_tostring(lua, 2);
    for (const auto& missing : kMissing) {
        if (missing.name == name) return luaL_error(lua, "there is no `%s` here: %s", lua_tostring(lua, 2), missing.instead.data());
    }
    return luaL_error(lua, "there is no global `%s`: write `local %s` in front of where it is used", lua_tostring(lua, 2),
                      lua_tostring(lua, 2));
}

int assigned_global(lua_State* lua) {
    if (lua_type(lua, 2) != LUA_TSTRING) return luaL_error(lua, "plugins have no globals: write `local`");
    return luaL_error(lua, "plugins have no globals: write `local %s`", lua_tostring(lua, 2));
}

constexpr std::uint64_t kCaughtSteps = 100;  // unwinding takes a few microseconds

// Passes the end of a budget on; all else is the plugin's to catch.
int caught(lua_State* lua) {
    if (sandbox_of(lua).exhausted) return lua_error(lua);
    State::charge(lua, kCaughtSteps);
    lua_pushboolean(lua, 0);
    lua_insert(lua, -2);
    return 2;
}

int protected_call(lua_State* lua) {
    luaL_checkany(lua, 1);
    if (lua_pcall(lua, lua_gettop(lua) - 1, LUA_MULTRET, 0) != LUA_OK) return caught(lua);
    lua_pushboolean(lua, 1);
    lua_insert(lua, 1);
    return lua_gettop(lua);
}

// The handler that a plugin gave is the upvalue. An error that a hook has raised calls its handler with hooks switched off.
int call_handler(lua_State* lua) {
    if (sandbox_of(lua).exhausted) return 1;
    lua_pushvalue(lua, lua_upvalueindex(1));
    lua_insert(lua, 1);
    lua_call(lua, lua_gettop(lua) - 1, 1);
    return 1;
}

int protected_call_with_handler(lua_State* lua) {
    luaL_checktype(lua, 2, LUA_TFUNCTION);
    lua_pushvalue(lua, 2);
    lua_pushcclosure(lua, call_handler, 1);
    lua_replace(lua, 2);
    lua_pushvalue(lua, 1);  // handler at 2, then the function and its arguments
    lua_insert(lua, 3);
    const int status = lua_pcall(lua, lua_gettop(lua) - 3, LUA_MULTRET, 2);
    if (status != LUA_OK) return caught(lua);
    lua_pushboolean(lua, 1);
    lua_replace(lua, 2);
    return lua_gettop(lua) - 1;
}

// Metatables of strings and of Tayori's objects are nobody's business.
int get_metatable(lua_State* lua) {
    luaL_checkany(lua, 1);
    if (lua_getmetatable(lua, 1) == 0) {
        lua_pushnil(lua);
    } else if (!lua_istable(lua, 1)) {
        lua_pushboolean(lua, 0);
    } else {
        luaL_getmetafield(lua, 1, "__metatable");  // leaves the metatable on top where there is none
    }
    return 1;
}

int set_metatable(lua_State* lua) {
    luaL_checktype(lua, 1, LUA_TTABLE);
    luaL_argexpected(lua, lua_isnil(lua, 2) || lua_istable(lua, 2), 2, "nil or table");
    if (luaL_getmetafield(lua, 1, "__metatable") != LUA_TNIL) return luaL_error(lua, "cannot change a protected metatable");
    if (lua_istable(lua, 2)) {
        lua_pushliteral(lua, "__gc");
        if (lua_rawget(lua, 2) != LUA_TNIL) return luaL_error(lua, "plugins have no finalizers: leave `__gc` out of the metatable");
        lua_pushliteral(lua, "__mode");
        if (lua_rawget(lua, 2) != LUA_TNIL) return luaL_error(lua, "plugins have no weak tables: leave `__mode` out of the metatable");
    }
    lua_settop(lua, 2);
    lua_setmetatable(lua, 1);
    return 1;
}

void copy_fields(lua_State* lua, int from, int to, const char* name) {
    lua_getfield(lua, from, name);
    lua_setfield(lua, to, name);
}

}  // namespace

void forget_weak_tables(lua_State* lua) {
    std::random_device random;
    // The one short string of these characters, which Lua has kept for looking up since it began.
    auto* name = const_cast<char*>(lua_pushliteral(lua, "__mode"));
    for (std::size_t i = 0; i < std::string_view("__mode").size(); ++i) name[i] = static_cast<char>(random());
    lua_pop(lua, 1);
}

void open_basic(lua_State* lua) {
    const int out = lua_absindex(lua, -1);
    luaL_requiref(lua, LUA_GNAME, luaopen_base, 0);
    for (const char* name : kBasic) copy_fields(lua, lua_absindex(lua, -1), out, name);
    lua_getfield(lua, -1, "tonumber");
    push_charged(lua, lua_tocfunction(lua, -1));
    lua_setfield(lua, out, "tonumber");
    lua_pop(lua, 2);

    const luaL_Reg ours[] = {{"pcall", protected_call},         {"xpcall", protected_call_with_handler},
                             {"getmetatable", get_metatable},   {"setmetatable", set_metatable},
                             {"require", require_source},       {nullptr, nullptr}};
    luaL_setfuncs(lua, ours, 0);
    luaL_requiref(lua, LUA_MATHLIBNAME, luaopen_math, 0);  // seeds its random numbers by itself
    lua_setfield(lua, out, LUA_MATHLIBNAME);
}

void use_as_globals(lua_State* lua) {
    // A name that is there is found in the second table; one that is not is an error of the second; assigning is one of the first.
    lua_createtable(lua, 0, 1);
    lua_pushcfunction(lua, unknown_global);
    lua_setfield(lua, -2, "__index");
    lua_setmetatable(lua, -2);

    lua_newtable(lua);
    lua_createtable(lua, 0, 3);
    lua_pushvalue(lua, -3);
    lua_setfield(lua, -2, "__index");
    lua_pushcfunction(lua, assigned_global);
    lua_setfield(lua, -2, "__newindex");
    lua_pushboolean(lua, 0);
    lua_setfield(lua, -2, "__metatable");
    lua_setmetatable(lua, -2);
    lua_rawseti(lua, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
    lua_pop(lua, 1);
    // What luaL_requiref has kept holds all that plugins must not have.
    lua_pushnil(lua);
    lua_setfield(lua, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
}

}  // namespace tayori::lua
