// string and utf8, without what reads or writes binary formats, and with patterns that count their steps.
#include <algorithm>
#include <array>
#include <cstring>

#include "common/lua/match.h"
#include "common/lua/sandbox.h"
#include "common/lua/state.h"

namespace tayori::lua {
namespace {

// Theirs cost no more than the result that they allocate, or nothing that grows.
constexpr std::array<const char*, 7> kStrings = {"byte", "char", "len", "lower", "reverse", "sub", "upper"};
constexpr std::array<const char*, 4> kUtf8 = {"char", "charpattern", "codepoint", "codes"};

// string.rep copies piece by piece, for ever where the piece is empty and the count large.
int string_rep(lua_State* lua) {
    std::size_t size = 0;
    std::size_t separator_size = 0;
    const char* text = luaL_checklstring(lua, 1, &size);
    const lua_Integer count = luaL_checkinteger(lua, 2);
    const char* separator = luaL_optlstring(lua, 3, "", &separator_size);
    const std::size_t piece = size + separator_size;
    if (count <= 0 || piece == 0) {
        lua_pushliteral(lua, "");
        return 1;
    }
    if (piece > sandbox_of(lua).limits.memory_bytes / static_cast<std::size_t>(count)) return luaL_error(lua, "resulting string too large");
    const std::size_t total = piece * static_cast<std::size_t>(count) - separator_size;
    luaL_Buffer buffer;
    char* out = luaL_buffinitsize(lua, &buffer, total);
    std::memcpy(out, text, size);
    if (count > 1) {
        std::memcpy(out + size, separator, separator_size);
        for (std::size_t done = piece; done < total;) {
            const std::size_t more = std::min(done, total - done);
            std::memcpy(out + done, out, more);
            done += more;
        }
    }
    luaL_pushresultsize(&buffer, total);
    return 1;
}

// utf8.offset goes over as many characters as it is asked for.
int utf8_offset(lua_State* lua) {
    std::size_t size = 0;
    luaL_checklstring(lua, 1, &size);
    const lua_Integer characters = luaL_checkinteger(lua, 2);
    const auto asked = characters < 0 ? 0 - static_cast<std::uint64_t>(characters) : static_cast<std::uint64_t>(characters);
    State::charge(lua, 1 + std::min<std::uint64_t>(asked, size) / 16);
    return lua_tocfunction(lua, lua_upvalueindex(1))(lua);
}

template <std::size_t N>
void copy_all(lua_State* lua, const std::array<const char*, N>& names) {  // from the table at -1 to the one at -2
    for (const char* name : names) {
        lua_getfield(lua, -1, name);
        lua_setfield(lua, -3, name);
    }
}

void copy_charged(lua_State* lua, const char* name) {
    lua_getfield(lua, -1, name);
    push_charged(lua, lua_tocfunction(lua, -1));
    lua_setfield(lua, -4, name);
    lua_pop(lua, 1);
}

}  // namespace

void open_strings(lua_State* lua) {
    lua_newtable(lua);
    luaL_requiref(lua, LUA_STRLIBNAME, luaopen_string, 0);
    copy_all(lua, kStrings);
    copy_charged(lua, "format");
    lua_pop(lua, 1);
    const luaL_Reg ours[] = {{"find", string_find}, {"gmatch", string_gmatch}, {"gsub", string_gsub},
                             {"match", string_match}, {"rep", string_rep},     {nullptr, nullptr}};
    luaL_setfuncs(lua, ours, 0);

    // luaopen_string has given strings a metatable, with its own functions as methods.
    lua_pushliteral(lua, "");
    lua_getmetatable(lua, -1);
    lua_pushvalue(lua, -3);
    lua_setfield(lua, -2, "__index");
    lua_pushboolean(lua, 0);
    lua_setfield(lua, -2, "__metatable");
    lua_pop(lua, 2);
    lua_setfield(lua, -2, LUA_STRLIBNAME);

    lua_newtable(lua);
    luaL_requiref(lua, LUA_UTF8LIBNAME, luaopen_utf8, 0);
    copy_all(lua, kUtf8);
    copy_charged(lua, "len");
    lua_getfield(lua, -1, "offset");
    lua_pushcclosure(lua, utf8_offset, 1);
    lua_setfield(lua, -3, "offset");
    lua_pop(lua, 1);
    lua_setfield(lua, -2, LUA_UTF8LIBNAME);
}

}  // namespace tayori::lua
