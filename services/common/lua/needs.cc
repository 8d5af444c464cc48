#include "common/lua/needs.h"

#include <algorithm>
#include <array>

#include "common/base/text.h"
#include "common/lua/call.h"
#include "common/lua/check.h"
#include "common/mail/utf8.h"
#include "common/plugin/declaration.h"

namespace tayori::lua {
namespace {

constexpr const char* kScopeOptions[] = {"larger_than", "from", "before"};
constexpr std::int64_t kTimeSecondsMax = 253'402'300'799;  // the end of 9999
constexpr auto kHooksOfMail = hooks(Hook::mail, Hook::rcpt, Hook::headers, Hook::message, Hook::deliver, Hook::append);

[[noreturn]] void wrong(const std::string& plugin, std::string_view what) {
    script_error(cat(plugin, "/plugin.lua: needs returned ", what, "; it returns names of hooks, as { \"deliver\" }, or when they have anything to do, as ",
                     "{ deliver = { larger_than = 1024 } }"));
}

Hook hook_named(const std::string& plugin, std::string_view name) {
    const auto names = plugin::hook_names();
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) wrong(plugin, cat("\"", mail::to_valid_utf8(mail::clip_utf8(name, kNoteBytesMax)), "\""));
    return static_cast<Hook>(found - names.begin());
}

Scope read_scope(lua_State* lua, const std::string& plugin, Hook hook) {
    const auto function = cat(plugin, "/plugin.lua: needs: ", hook_name(hook));
    const int top = lua_gettop(lua);
    Options options(lua, function.c_str(), top, kScopeOptions, Options::Need::must);
    Scope scope;
    if (const auto bytes = options.optional_integer("larger_than", 0, INT64_MAX)) scope.larger_than = static_cast<std::uint64_t>(*bytes);
    scope.from_s = options.optional_integer("from", -kTimeSecondsMax, kTimeSecondsMax);
    scope.before_s = options.optional_integer("before", -kTimeSecondsMax, kTimeSecondsMax);
    lua_settop(lua, top);
    if (scope.larger_than && (hook_bit(hook) & kHooksOfMail) == 0)
        script_error(cat(function, ": option \"larger_than\" is for hooks that are called for a mail"));
    return scope;
}

}  // namespace

bool Scope::has(const Occasion& occasion) const {
    return (!larger_than || occasion.bytes > *larger_than) && (!from_s || occasion.now_s >= *from_s) &&
           (!before_s || occasion.now_s < *before_s);
}

void Needs::add(Hook hook, const Scope& scope) {
    all_ |= hook_bit(hook);
    if (!scope.larger_than && !scope.from_s && !scope.before_s) always_ |= hook_bit(hook);
    else scoped_.push_back({hook, scope});
}

void Needs::add(const Needs& other) {
    all_ |= other.all_;
    always_ |= other.always_;
    scoped_.insert(scoped_.end(), other.scoped_.begin(), other.scoped_.end());
}

bool Needs::has(Hook hook, const Occasion& occasion) const {
    const auto bit = hook_bit(hook);
    if ((always_ & bit) != 0) return true;
    return (all_ & bit) != 0 && std::any_of(scoped_.begin(), scoped_.end(), [&](const Scoped& one) {
        return one.hook == hook && one.scope.has(occasion);
    });
}

Needs read_needs(lua_State* lua, const std::string& plugin, HookSet hooks) {
    if (!lua_istable(lua, -1)) wrong(plugin, luaL_typename(lua, -1));
    Needs needs;
    const auto add = [&](Hook hook, const Scope& scope) {
        if ((hooks & hook_bit(hook)) == 0) wrong(plugin, cat("\"", hook_name(hook), "\", which is no function of the plugin"));
        needs.add(hook, scope);
    };
    std::size_t members = 0;
    lua_pushnil(lua);
    while (lua_next(lua, -2) != 0) {
        if (++members > plugin::hook_names().size()) wrong(plugin, "more members than there are hooks");
        const bool named = lua_type(lua, -2) == LUA_TSTRING;
        const int at = named ? -2 : -1;
        if (lua_type(lua, at) != LUA_TSTRING) wrong(plugin, cat("a list with ", kind_of(lua, lua_gettop(lua)), " in it"));
        const auto hook = hook_named(plugin, lua_tostring(lua, at));
        add(hook, named ? read_scope(lua, plugin, hook) : Scope());
        lua_pop(lua, 1);
    }
    return needs;
}

}  // namespace tayori::lua
