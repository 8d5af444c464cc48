// tayori.plugin{…}: the table becomes JSON, is checked as everybody else checks it, and the plugin gets the table that it assigns its
// hooks to. That one is empty for ever and passes on what is assigned, so that each is looked at in the line where it is written.
#include <cmath>
#include <nlohmann/json.hpp>

#include "common/base/text.h"
#include "common/lua/sandbox.h"
#include "common/lua/state.h"
#include "common/mail/utf8.h"
#include "common/plugin/near_names.h"

namespace tayori::lua {
namespace {

using DeclaredJson = nlohmann::ordered_json;

constexpr int kDepthMax = 16;  // of tables within a declaration
const char kPluginKey = 0;     // its address: what tayori.plugin gave

// Reads tables as they lie, without metamethods.
class TableReader {
  public:
    explicit TableReader(lua_State* lua) : lua_(lua) {}

    // Of the value at the top of the stack.
    DeclaredJson read(const std::string& path, int depth) {
        State::charge(lua_, 1);
        switch (lua_type(lua_, -1)) {
            case LUA_TBOOLEAN: return lua_toboolean(lua_, -1) != 0;
            case LUA_TNUMBER: return read_number(path);
            case LUA_TSTRING: return read_text(path);
            case LUA_TTABLE: return read_table(path, depth);
            default: break;
        }
        luaL_error(lua_, "%s is a %s; a declaration has texts, numbers, true, false and tables", path.c_str(), luaL_typename(lua_, -1));
        return {};
    }

  private:
    DeclaredJson read_number(const std::string& path) {
        if (lua_isinteger(lua_, -1) != 0) return static_cast<std::int64_t>(lua_tointeger(lua_, -1));
        const double number = lua_tonumber(lua_, -1);
        if (!std::isfinite(number)) luaL_error(lua_, "%s is no finite number", path.c_str());
        return number;
    }

    DeclaredJson read_text(const std::string& path) {
        std::size_t size = 0;
        const char* data = lua_tolstring(lua_, -1, &size);
        std::string text(data, size);
        if (mail::to_valid_utf8(text) != text) luaL_error(lua_, "%s is not UTF-8; save the file as UTF-8", path.c_str());
        return text;
    }

    DeclaredJson read_table(const std::string& path, int depth) {
        if (depth == 0) luaL_error(lua_, "%s: tables within tables more than %d deep", path.c_str(), kDepthMax);
        luaL_checkstack(lua_, 4, "declaration");
        const auto size = static_cast<lua_Integer>(lua_rawlen(lua_, -1));
        auto out = size > 0 ? DeclaredJson::array() : DeclaredJson::object();
        lua_Integer count = 0;
        lua_pushnil(lua_);
        while (lua_next(lua_, -2) != 0) {
            ++count;
            if (size == 0) {
                if (lua_type(lua_, -2) != LUA_TSTRING) luaL_error(lua_, "%s has a key that is no name", path.c_str());
                const std::string key = lua_tostring(lua_, -2);
                if (mail::to_valid_utf8(key) != key) luaL_error(lua_, "%s has a name that is not UTF-8", path.c_str());
                out[key] = read(cat(path, ".", key), depth - 1);
            }
            lua_pop(lua_, 1);
        }
        if (size > 0 && count != size) luaL_error(lua_, "%s is half a list, half a record: write either", path.c_str());
        for (lua_Integer i = 1; i <= size; ++i) {
            lua_rawgeti(lua_, -1, i);
            out.push_back(read(cat(path, "[", i, "]"), depth - 1));
            lua_pop(lua_, 1);
        }
        return out;
    }

    lua_State* lua_;
};

// Assigning to the plugin's table. The upvalue is the table of hooks that are there.
int assign_hook(lua_State* lua) {
    auto& box = sandbox_of(lua);
    const auto* plugin = box.name.c_str();
    if (box.sources == nullptr)
        return luaL_error(lua, "%s can't be changed any more once plugin.lua has been read; keep values in a `local`", plugin);
    if (lua_type(lua, 2) != LUA_TSTRING)
        return luaL_error(lua, "%s takes hooks only: write `function %s.deliver(mail, account)`", plugin, plugin);
    const std::string name = lua_tostring(lua, 2);
    if (name != kNeeds && !plugin::is_hook(name)) {
        return luaL_error(lua, "there is no hook `%s`; %s", name.c_str(), plugin::did_you_mean(name, plugin::hook_names()).c_str());
    }
    if (!lua_isfunction(lua, 3))
        return luaL_error(lua, "the hook `%s` has to be a function, not a %s", name.c_str(), luaL_typename(lua, 3));
    if (box.hooks.contains(name)) return luaL_error(lua, "the hook `%s` is there already; a plugin has each once", name.c_str());
    lua_pushvalue(lua, 3);
    box.hooks[name] = luaL_ref(lua, LUA_REGISTRYINDEX);
    lua_rawset(lua, lua_upvalueindex(1));
    return 0;
}

void push_plugin_table(lua_State* lua) {
    lua_newtable(lua);
    lua_createtable(lua, 0, 3);
    lua_newtable(lua);  // the hooks
    lua_pushvalue(lua, -1);
    lua_setfield(lua, -3, "__index");
    lua_pushcclosure(lua, assign_hook, 1);
    lua_setfield(lua, -2, "__newindex");
    lua_pushboolean(lua, 0);
    lua_setfield(lua, -2, "__metatable");
    lua_setmetatable(lua, -2);
    lua_pushvalue(lua, -1);
    lua_rawsetp(lua, LUA_REGISTRYINDEX, &kPluginKey);
}

}  // namespace

int declare_plugin(lua_State* lua) {
    auto& box = sandbox_of(lua);
    luaL_argexpected(lua, lua_istable(lua, 1), 1, "table");
    if (box.declared || box.sources == nullptr) return luaL_error(lua, "tayori.plugin is called once, at the head of plugin.lua");
    lua_settop(lua, 1);
    auto json = TableReader(lua).read("the declaration", kDepthMax);
    if (!json.is_object())
        return luaL_error(lua, "tayori.plugin takes a table with names: tayori.plugin { name = \"%s\" }", box.name.c_str());
    if (json.contains("hooks"))
        return luaL_error(lua, "`hooks` is not declared: write a function for each, `function %s.deliver(mail, account)`",
                          box.name.c_str());
    auto declaration = plugin::parse_declaration(json.dump());
    if (!declaration) return luaL_error(lua, "%s", declaration.error().text.c_str());
    if (declaration->name != box.name) {
        return luaL_error(lua, "name = \"%s\", but the plugin's folder is called \"%s\": one of them has to change",
                          declaration->name.c_str(), box.name.c_str());
    }
    box.declaration = std::move(*declaration);
    box.declared = true;
    push_plugin_table(lua);
    return 1;
}

void check_plugin(lua_State* lua) {
    auto& box = sandbox_of(lua);
    const auto* name = box.name.c_str();
    const auto wrong = [&](const char* text) { luaL_error(lua, "%s/plugin.lua: %s", name, text); };
    if (!box.declared) wrong("it does not declare itself: write `tayori.plugin { name = … }` at its head");
    lua_rawgetp(lua, LUA_REGISTRYINDEX, &kPluginKey);
    if (lua_rawequal(lua, -1, -2) == 0) wrong("its last line has to return what tayori.plugin gave");
    lua_pushnil(lua);
    if (lua_next(lua, -2) != 0) wrong("rawset on what tayori.plugin gave has no effect: assign hooks as usual");
    if (box.hooks.size() == box.hooks.count(kNeeds)) wrong("it has no hook: write `function NAME.deliver(mail, account)`, where NAME is what tayori.plugin gave");
    for (const auto& [hook, reference] : box.hooks)  // a map: sorted
        if (hook != kNeeds) box.declaration.hooks.push_back(hook);
    box.declaration_json = plugin::to_json(box.declaration);
}

}  // namespace tayori::lua
