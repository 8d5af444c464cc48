#include "common/lua/object.h"

#include <array>

#include "common/base/text.h"
#include "common/lua/check.h"
#include "common/lua/state.h"

namespace tayori::lua {
namespace {

constexpr std::array kAllClasses = {&kSessionClass, &kMailClass,  &kPartClass,   &kAccountClass,
                                    &kChangeClass,  &kUsageClass, &kReportClass, &kDecisionClass};

// What a plugin can hold of userdata is all made by push_object(), so that it says itself what it is.
Handle* handle_at(lua_State* lua, int index, const ObjectClass& type) {
    if (lua_type(lua, index) != LUA_TUSERDATA) return nullptr;
    auto* handle = static_cast<Handle*>(lua_touserdata(lua, index));
    return handle->type == &type ? handle : nullptr;
}

// The call that the object belongs to, which has to be the running one.
Call& live(lua_State* lua, const Handle& handle) {
    auto* call = static_cast<Call*>(State::context(lua));
    if (call == nullptr || call->serial != handle.serial) {
        const auto* self = handle.type->self;
        script_error(cat("this ", self, " belongs to a call of a hook that has ended; use the ", self, " that this call was given, and keep ",
                         "only texts and numbers"));
    }
    return *call;
}

// "an account", "a mail".
std::string with_article(const char* noun) { return cat(noun[0] == 'a' ? "an " : "a ", noun); }

std::vector<const char*> names_of(const ObjectClass& type) {
    std::vector<const char*> names;
    for (const auto& field : type.fields) names.push_back(field.name);
    for (const auto& method : type.methods) names.push_back(method.name);
    return names;
}

[[noreturn]] void unknown_member(lua_State* lua, const ObjectClass& type) {
    if (lua_type(lua, 2) != LUA_TSTRING) script_error(cat(type.self, "[…]: members have names, not ", kind_of(lua, 2)));
    std::size_t bytes = 0;
    const char* name = lua_tolstring(lua, 2, &bytes);
    script_error(cat(with_article(type.self), " has no \"", std::string_view(name, std::min<std::size_t>(bytes, 40)), "\"",
                     suggest({name, bytes}, names_of(type))));
}

// The value of a field that is kept with the object; false, and nothing pushed: it has not been asked for yet.
bool push_kept(lua_State* lua) {
    if (lua_getiuservalue(lua, 1, 1) != LUA_TTABLE) {
        lua_pop(lua, 1);
        lua_newtable(lua);
        lua_pushvalue(lua, -1);
        lua_setiuservalue(lua, 1, 1);
    }
    lua_pushvalue(lua, 2);
    if (lua_rawget(lua, -2) != LUA_TNIL) return true;
    lua_pop(lua, 1);  // the table stays, for keep()
    return false;
}

// __index. The upvalue has the members: a method, or the number of a field.
int index_object(lua_State* lua) {
    const auto& type = *static_cast<const ObjectClass*>(lua_touserdata(lua, lua_upvalueindex(2)));
    const auto* handle = handle_at(lua, 1, type);
    if (handle == nullptr) script_error("not an object of Tayori's");
    lua_pushvalue(lua, 2);
    const int kind = lua_rawget(lua, lua_upvalueindex(1));
    if (kind == LUA_TFUNCTION) return 1;
    if (kind != LUA_TNUMBER) unknown_member(lua, type);
    const auto& field = type.fields[static_cast<std::size_t>(lua_tointeger(lua, -1))];
    auto& call = live(lua, *handle);
    if (!field.kept) {
        field.push(lua, call, *handle);
        return 1;
    }
    if (push_kept(lua)) return 1;
    field.push(lua, call, *handle);
    lua_pushvalue(lua, 2);
    lua_pushvalue(lua, -2);
    lua_rawset(lua, -4);
    return 1;
}

int assign_to_object(lua_State* lua) {
    const auto& type = *static_cast<const ObjectClass*>(lua_touserdata(lua, lua_upvalueindex(2)));
    const char* name = lua_type(lua, 2) == LUA_TSTRING ? lua_tostring(lua, 2) : "…";
    script_error(cat(type.self, ".", name, " can't be assigned: what a plugin is given is read only"));
}

int object_to_text(lua_State* lua) {
    const auto& type = *static_cast<const ObjectClass*>(lua_touserdata(lua, lua_upvalueindex(2)));
    lua_pushstring(lua, type.self);
    return 1;
}

void set_closure(lua_State* lua, const char* name, lua_CFunction function, const ObjectClass& type) {
    lua_pushvalue(lua, -1);  // the members
    lua_pushlightuserdata(lua, const_cast<ObjectClass*>(&type));
    lua_pushcclosure(lua, function, 2);
    lua_setfield(lua, -3, name);
}

int refuse_assignment(lua_State*) { script_error("it can't be changed: what a plugin is given is read only"); }

int length_of_table(lua_State* lua) {
    lua_pushinteger(lua, static_cast<lua_Integer>(lua_rawlen(lua, lua_upvalueindex(1))));
    return 1;
}

int next_of_table(lua_State* lua) {
    lua_settop(lua, 2);
    if (lua_next(lua, lua_upvalueindex(1)) != 0) return 2;
    lua_pushnil(lua);
    return 1;
}

int pairs_of_table(lua_State* lua) {
    lua_pushvalue(lua, lua_upvalueindex(1));
    lua_pushcclosure(lua, next_of_table, 1);
    lua_pushvalue(lua, 1);
    lua_pushnil(lua);
    return 3;
}

// __index where a name is not there.
int unknown_name(lua_State* lua) {
    const char* what = static_cast<const char*>(lua_touserdata(lua, lua_upvalueindex(2)));
    std::vector<const char*> names;
    lua_pushnil(lua);
    while (lua_next(lua, lua_upvalueindex(1)) != 0) {
        lua_pop(lua, 1);
        if (lua_type(lua, -1) == LUA_TSTRING) names.push_back(lua_tostring(lua, -1));
    }
    if (lua_type(lua, 2) != LUA_TSTRING) script_error(cat(what, "[…] has names, not ", kind_of(lua, 2)));
    const std::string name = lua_tostring(lua, 2);
    script_error(cat(what, " has no \"", name, "\"", suggest(name, names)));
}

}  // namespace

std::span<const ObjectClass* const> all_classes() { return kAllClasses; }

void register_classes(lua_State* lua) {
    for (const auto* type : kAllClasses) {
        lua_createtable(lua, 0, 6);  // the metatable
        lua_createtable(lua, 0, static_cast<int>(type->fields.size() + type->methods.size()));
        for (std::size_t i = 0; i < type->fields.size(); ++i) {
            lua_pushinteger(lua, static_cast<lua_Integer>(i));
            lua_setfield(lua, -2, type->fields[i].name);
        }
        for (const auto& method : type->methods) {
            lua_pushcfunction(lua, method.function);
            lua_setfield(lua, -2, method.name);
        }
        set_closure(lua, "__index", guarded<index_object>, *type);
        set_closure(lua, "__newindex", guarded<assign_to_object>, *type);
        set_closure(lua, "__tostring", object_to_text, *type);
        lua_pop(lua, 1);
        lua_pushboolean(lua, 0);
        lua_setfield(lua, -2, "__metatable");
        lua_pushstring(lua, type->self);
        lua_setfield(lua, -2, "__name");
        lua_rawsetp(lua, LUA_REGISTRYINDEX, type);
    }
}

void push_object(lua_State* lua, Call& call, const ObjectClass& type, const void* object, std::size_t index) {
    auto* memory = lua_newuserdatauv(lua, sizeof(Handle), 1);
    new (memory) Handle{&type, call.serial, object, index};
    lua_rawgetp(lua, LUA_REGISTRYINDEX, &type);
    lua_setmetatable(lua, -2);
}

const Handle& object_at(lua_State* lua, int index, const ObjectClass& type, const char* function) {
    const auto* handle = handle_at(lua, index, type);
    if (handle == nullptr && index == 1)
        script_error(cat(function, ": must be called on ", with_article(type.self), ", with a colon, as ", function, "(…); not on ", kind_of(lua, 1)));
    if (handle == nullptr) script_error(cat(function, ": argument ", index - 1, " must be ", with_article(type.self), ", not ", kind_of(lua, index)));
    live(lua, *handle);
    return *handle;
}

const Handle* object_if(lua_State* lua, int index, const ObjectClass& type) {
    const auto* handle = handle_at(lua, index, type);
    if (handle != nullptr) live(lua, *handle);
    return handle;
}

Self self_of(lua_State* lua, const ObjectClass& type, const char* function) {
    const auto& handle = object_at(lua, 1, type, function);
    return {live(lua, handle), handle};
}

void push_text(lua_State* lua, std::string_view text) { lua_pushlstring(lua, text.data(), text.size()); }

void push_integer(lua_State* lua, std::uint64_t value) {
    lua_pushinteger(lua, static_cast<lua_Integer>(std::min<std::uint64_t>(value, LUA_MAXINTEGER)));
}

void push_texts(lua_State* lua, const std::vector<std::string>& texts) {
    lua_createtable(lua, static_cast<int>(texts.size()), 0);
    for (std::size_t i = 0; i < texts.size(); ++i) {
        push_text(lua, texts[i]);
        lua_rawseti(lua, -2, static_cast<lua_Integer>(i) + 1);
    }
}

void make_read_only(lua_State* lua, const char* what) {
    luaL_checkstack(lua, 6, nullptr);
    const int table = lua_gettop(lua);
    if (what != nullptr) {
        lua_createtable(lua, 0, 1);
        lua_pushvalue(lua, table);
        lua_pushlightuserdata(lua, const_cast<char*>(what));
        lua_pushcclosure(lua, guarded<unknown_name>, 2);
        lua_setfield(lua, -2, "__index");
        lua_setmetatable(lua, table);
    }
    lua_newtable(lua);  // what the plugin gets: always empty
    lua_createtable(lua, 0, 5);
    lua_pushvalue(lua, table);
    lua_setfield(lua, -2, "__index");
    lua_pushcfunction(lua, guarded<refuse_assignment>);
    lua_setfield(lua, -2, "__newindex");
    lua_pushvalue(lua, table);
    lua_pushcclosure(lua, length_of_table, 1);
    lua_setfield(lua, -2, "__len");
    lua_pushvalue(lua, table);
    lua_pushcclosure(lua, pairs_of_table, 1);
    lua_setfield(lua, -2, "__pairs");
    lua_pushboolean(lua, 0);
    lua_setfield(lua, -2, "__metatable");
    lua_setmetatable(lua, -2);
    lua_remove(lua, table);
}

int push_decision(lua_State* lua, Call& call, Decision decision) {
    if (call.decisions.size() >= kDecisionsMax) script_error(cat("more than ", kDecisionsMax, " decisions made in one call; return one"));
    call.decisions.push_back(std::move(decision));
    call.decided_at.push_back(State::where(lua));
    push_object(lua, call, kDecisionClass, nullptr, call.decisions.size() - 1);
    return 1;
}

std::vector<std::string> api_names() {
    std::vector<std::string> names;
    const auto add = [&](std::string_view owner, char separator, const MethodRow& method) {
        const auto name = cat(owner, separator, method.name);
        names.push_back(name);
        for (const char* option : method.options) names.push_back(cat(name, "{", option, "}"));
    };
    for (const auto& function : module_functions()) add("tayori", '.', function);
    for (const auto* type : kAllClasses) {
        for (const auto& field : type->fields) names.push_back(cat(type->name, ".", field.name));
        for (const auto& method : type->methods) add(type->name, ':', method);
    }
    return names;
}

}  // namespace tayori::lua
