// table: each function counts on the plugin's account what it is about to do, as a table's length can be whatever its __len says.
#include <bit>
#include <cstdint>

#include "common/lua/sandbox.h"
#include "common/lua/state.h"

namespace tayori::lua {
namespace {

// From i to j, both included.
void charge_range(lua_State* lua, lua_Integer i, lua_Integer j) {
    if (j < i) return;
    State::charge(lua, static_cast<std::uint64_t>(j) - static_cast<std::uint64_t>(i));
    State::charge(lua, 1);
}

int call_original(lua_State* lua) { return lua_tocfunction(lua, lua_upvalueindex(1))(lua); }

// Gives the function the end that was charged for, rather than have it ask the table once more.
void settle_end(lua_State* lua, int index) {
    lua_settop(lua, index);
    if (!lua_isnoneornil(lua, index)) return;
    lua_pushinteger(lua, luaL_len(lua, 1));
    lua_replace(lua, index);
}

int table_concat(lua_State* lua) {
    luaL_checktype(lua, 1, LUA_TTABLE);
    settle_end(lua, 4);
    charge_range(lua, luaL_optinteger(lua, 3, 1), luaL_checkinteger(lua, 4));
    return call_original(lua);
}

int table_unpack(lua_State* lua) {
    settle_end(lua, 3);
    charge_range(lua, luaL_optinteger(lua, 2, 1), luaL_checkinteger(lua, 3));
    return call_original(lua);
}

int table_move(lua_State* lua) {
    charge_range(lua, luaL_checkinteger(lua, 2), luaL_checkinteger(lua, 3));
    return call_original(lua);
}

int table_insert(lua_State* lua) {
    luaL_checktype(lua, 1, LUA_TTABLE);
    const auto end = static_cast<lua_Integer>(static_cast<lua_Unsigned>(luaL_len(lua, 1)) + 1);
    lua_Integer position = end;
    if (lua_gettop(lua) == 3) {
        position = luaL_checkinteger(lua, 2);
        luaL_argcheck(lua, static_cast<lua_Unsigned>(position) - 1U < static_cast<lua_Unsigned>(end), 2, "position out of bounds");
        charge_range(lua, position, end);
        for (auto i = end; i > position; --i) {
            lua_geti(lua, 1, i - 1);
            lua_seti(lua, 1, i);
        }
    } else if (lua_gettop(lua) != 2) {
        return luaL_error(lua, "wrong number of arguments to 'insert'");
    }
    lua_seti(lua, 1, position);
    return 0;
}

int table_remove(lua_State* lua) {
    luaL_checktype(lua, 1, LUA_TTABLE);
    const lua_Integer size = luaL_len(lua, 1);
    lua_Integer position = luaL_optinteger(lua, 2, size);
    if (position != size) {
        luaL_argcheck(lua, static_cast<lua_Unsigned>(position) - 1U <= static_cast<lua_Unsigned>(size), 2, "position out of bounds");
    }
    charge_range(lua, position, size);
    lua_geti(lua, 1, position);
    for (; position < size; ++position) {
        lua_geti(lua, 1, position + 1);
        lua_seti(lua, 1, position);
    }
    lua_pushnil(lua);
    lua_seti(lua, 1, position);
    return 1;
}

int table_sort(lua_State* lua) {
    luaL_checktype(lua, 1, LUA_TTABLE);
    if (luaL_getmetafield(lua, 1, "__len") != LUA_TNIL) return luaL_error(lua, "table.sort: a table with `__len` can't be sorted");
    const std::uint64_t size = lua_rawlen(lua, 1);
    State::charge(lua, 1 + size * static_cast<std::uint64_t>(std::bit_width(size)) / 2);
    return call_original(lua);
}

}  // namespace

void open_tables(lua_State* lua) {
    lua_newtable(lua);
    luaL_requiref(lua, LUA_TABLIBNAME, luaopen_table, 0);
    lua_getfield(lua, -1, "pack");
    lua_setfield(lua, -3, "pack");
    const luaL_Reg counted[] = {{"concat", table_concat}, {"move", table_move}, {"sort", table_sort}, {"unpack", table_unpack}};
    for (const auto& function : counted) {
        lua_getfield(lua, -1, function.name);
        lua_pushcclosure(lua, function.func, 1);
        lua_setfield(lua, -3, function.name);
    }
    lua_pop(lua, 1);
    const luaL_Reg ours[] = {{"insert", table_insert}, {"remove", table_remove}, {nullptr, nullptr}};
    luaL_setfuncs(lua, ours, 0);
    lua_setfield(lua, -2, LUA_TABLIBNAME);
}

}  // namespace tayori::lua
