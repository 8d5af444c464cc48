// account.settings: what is set and what is declared as defaults, as tables of Lua. They are made once for each state and profile, as
// most accounts share a profile, and can't be changed, as the next account gets the same.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "common/base/text.h"
#include "common/lua/api_parts.h"
#include "common/lua/check.h"
#include "common/lua/state.h"

namespace tayori::lua {
namespace {

using SettingsJson = nlohmann::json;

constexpr std::size_t kProfilesKeptMax = 200;          // of one state; then all are made anew
constexpr std::size_t kKeptJsonBytesMax = 512 * 1024;  // likewise: a state's memory is bounded
constexpr std::uint64_t kStepsPerValue = 2;

const char kSettingsKey = 0;  // its address: the table of kept ones in the registry, by profile

void push_json(lua_State* lua, const SettingsJson& value, int depth) {
    State::charge(lua, kStepsPerValue);
    luaL_checkstack(lua, 8, nullptr);
    switch (value.type()) {
        case SettingsJson::value_t::boolean: return lua_pushboolean(lua, value.get<bool>());
        case SettingsJson::value_t::number_integer:
        case SettingsJson::value_t::number_unsigned: return lua_pushinteger(lua, value.get<lua_Integer>());
        case SettingsJson::value_t::number_float: return lua_pushnumber(lua, value.get<lua_Number>());
        case SettingsJson::value_t::string: return push_text(lua, value.get_ref<const std::string&>());
        case SettingsJson::value_t::array: {
            lua_createtable(lua, static_cast<int>(value.size()), 0);
            lua_Integer count = 0;
            for (const auto& entry : value) {
                push_json(lua, entry, depth + 1);
                lua_rawseti(lua, -2, ++count);
            }
            return make_read_only(lua, nullptr);
        }
        case SettingsJson::value_t::object: {
            lua_createtable(lua, 0, static_cast<int>(value.size()));
            for (const auto& [name, entry] : value.get_ref<const SettingsJson::object_t&>()) {
                push_text(lua, name);
                push_json(lua, entry, depth + 1);
                lua_rawset(lua, -3);
            }
            return make_read_only(lua, depth == 0 ? "settings" : "a record of settings");
        }
        default: return lua_pushnil(lua);
    }
}

const std::string& json_of(const Call& call) {
    static const std::string kNothing = "{}";
    const auto& entries = call.profile->plugins;
    const auto found = std::find_if(entries.begin(), entries.end(), [&](const auto& e) { return e.plugin == call.plugin.declaration.name; });
    return found == entries.end() || found->settings_json.empty() ? kNothing : found->settings_json;
}

// The table of kept ones, emptied where it is full. Its field "bytes" counts.
void push_kept_settings(lua_State* lua, std::size_t more) {
    std::size_t bytes = 0, count = 0;
    if (lua_rawgetp(lua, LUA_REGISTRYINDEX, &kSettingsKey) == LUA_TTABLE) {
        lua_rawgeti(lua, -1, -1);
        lua_rawgeti(lua, -2, -2);
        bytes = static_cast<std::size_t>(lua_tointeger(lua, -2));
        count = static_cast<std::size_t>(lua_tointeger(lua, -1));
        lua_pop(lua, 2);
        if (count < kProfilesKeptMax && bytes + more <= kKeptJsonBytesMax) {
            lua_pushinteger(lua, static_cast<lua_Integer>(bytes + more));
            lua_rawseti(lua, -2, -1);
            lua_pushinteger(lua, static_cast<lua_Integer>(count + 1));
            lua_rawseti(lua, -2, -2);
            return;
        }
    }
    lua_pop(lua, 1);
    lua_newtable(lua);
    lua_pushinteger(lua, static_cast<lua_Integer>(more));
    lua_rawseti(lua, -2, -1);
    lua_pushinteger(lua, 1);
    lua_rawseti(lua, -2, -2);
    lua_pushvalue(lua, -1);
    lua_rawsetp(lua, LUA_REGISTRYINDEX, &kSettingsKey);
}

}  // namespace

void push_settings(lua_State* lua, Call& call) {
    // By the address of a text, as an id has 64 bits and Lua's integers have a sign: both are one key here.
    const auto id = static_cast<lua_Integer>(call.profile->id);
    const bool is_kept = id > 0 || id < -2;  // 0 stands for no profile of spoold's; -1 and -2 count
    if (is_kept && lua_rawgetp(lua, LUA_REGISTRYINDEX, &kSettingsKey) == LUA_TTABLE) {
        if (lua_rawgeti(lua, -1, id) == LUA_TTABLE) return lua_remove(lua, -2);
        lua_pop(lua, 1);
    }
    if (is_kept) lua_pop(lua, 1);
    const auto& json = json_of(call);
    charge_octets(lua, json.size());
    const auto merged = plugin::with_defaults(call.plugin.declaration, json);
    charge_octets(lua, merged.size());
    const auto parsed = SettingsJson::parse(merged, nullptr, false);
    if (!parsed.is_object()) script_error("settings: what is stored can't be read");
    push_json(lua, parsed, 0);
    if (!is_kept) return;
    push_kept_settings(lua, merged.size());
    lua_pushvalue(lua, -2);
    lua_rawseti(lua, -2, id);
    lua_pop(lua, 1);
}

}  // namespace tayori::lua
