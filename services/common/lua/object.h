// The objects that plugins get: userdata that know which call they belong to, so that one kept in a variable says so when it is used
// later. What they lead to stays with the Call; what has been decoded is kept beside the object for the rest of the call.
#pragma once

#include <lua.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/lua/call.h"

namespace tayori::lua {

struct ObjectClass;

struct Handle {
    const ObjectClass* type = nullptr;
    std::uint64_t serial = 0;        // Call::serial
    const void* object = nullptr;    // a view of the job
    std::size_t index = 0;           // of a part, a decision
};

struct FieldRow {
    const char* name;
    void (*push)(lua_State*, Call&, const Handle&);  // pushes one value
    bool kept = false;                               // made once for each object
};
struct MethodRow {
    const char* name;
    lua_CFunction function;
    std::span<const char* const> options = {};       // of its table, for the comparison with tayori.d.lua
};
struct ObjectClass {
    const char* name;  // as tayori.d.lua has it: "Mail"
    const char* self;  // as messages have it: "mail"
    std::span<const FieldRow> fields;
    std::span<const MethodRow> methods;
};

// api_*.cc, one for each.
extern const ObjectClass kSessionClass, kMailClass, kPartClass, kAccountClass, kChangeClass, kUsageClass, kReportClass, kDecisionClass;
std::span<const ObjectClass* const> all_classes();
std::span<const MethodRow> module_functions();  // api_module.cc

// Makes the metatables; once for each state.
void register_classes(lua_State* lua);
void push_object(lua_State* lua, Call& call, const ObjectClass& type, const void* object, std::size_t index = 0);

// The object at `index` of this class; an error where it is another, or of another call. `function` for the message: "mail:header".
const Handle& object_at(lua_State* lua, int index, const ObjectClass& type, const char* function);
// The self of a method, with the running call.
struct Self {
    Call& call;
    const Handle& handle;
};
Self self_of(lua_State* lua, const ObjectClass& type, const char* function);
// The object at `index` where it is of that class; null where it is anything else. Stale ones are an error.
const Handle* object_if(lua_State* lua, int index, const ObjectClass& type);

void push_text(lua_State* lua, std::string_view text);
void push_integer(lua_State* lua, std::uint64_t value);
void push_texts(lua_State* lua, const std::vector<std::string>& texts);
// Replaces the table at the top of the stack by one that reads as it does and can't be changed. Unknown names are an error where `what`
// is given ("settings"), which is a literal.
void make_read_only(lua_State* lua, const char* what);

// A decision that a hook may return; pushes it.
int push_decision(lua_State* lua, Call& call, Decision decision);

// All names, as "Mail:header", "Mail.size", "tayori.log", and options as "Account:reply{text}": for the test of tayori.d.lua.
std::vector<std::string> api_names();

}  // namespace tayori::lua
