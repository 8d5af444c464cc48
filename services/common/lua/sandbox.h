// What a State keeps beside its lua_State: the budgets of the running call, and what the plugin has declared. For this folder only.
//
// A budget ends in one of three places: the count hook (Lua code), charge() (C code that counts), or the allocator, which can't raise
// an error itself and has the hook run at the next instruction. From then on `exhausted` is set and the hook runs at every
// instruction, so that whatever catches the error (pcall, xpcall, __close) does not come far; our pcall passes it on at once.
//
// Lua runs no hooks inside a hook, a message handler that an error in a hook calls, or a finalizer. So message handlers are always
// ours (they call the plugin's only while nothing is exhausted), and nothing of a plugin's is ever a finalizer.
#pragma once

#include <chrono>
#include <cstdint>
#include <lua.hpp>
#include <map>
#include <string>

#include "common/lua/limits.h"
#include "common/plugin/declaration.h"

namespace tayori::lua {

inline constexpr std::size_t kAllocatedLookBytes = 256 * 1024;  // after so much the hook has a look at the budgets
inline constexpr std::size_t kBytesPerStep = 64;                // of memory allocated, copied or compared in C
inline constexpr std::uint64_t kClockSteps = 8192;              // charged in C between two looks at the clock
// Keys that are numbers can be chosen so that they fall into one chain once the table grows; moving them takes the square of their number,
// without a hook: a second and a half for so many, minutes for as many as there is memory for.
inline constexpr std::size_t kTableNamesMax = 32'768;
inline constexpr std::size_t kErrorBytesMax = 1024;             // of an error's text
inline constexpr int kStackLevelsMax = 20;                      // shown of a stack

struct Sandbox {
    lua_State* lua = nullptr;
    Limits limits;
    std::string name;                                           // the plugin's
    void* context = nullptr;

    // The running call's.
    std::int64_t steps_left = 0;
    std::uint64_t unclocked = 0;
    std::chrono::steady_clock::time_point wall_end;
    int quantum = 0;                                            // instructions until the hook runs next
    std::size_t held = 0;
    std::size_t allocated = 0;
    bool exhausted = false;
    bool refused_table = false;                                 // kTableNamesMax
    std::string reason;                                         // why, with the place
    std::string stack;                                          // where the last error was raised

    // Of loading.
    const std::map<std::string, std::string>* sources = nullptr;  // null once it is loaded
    bool declared = false;
    plugin::Declaration declaration;
    std::string declaration_json;
    std::map<std::string, int> hooks;                           // by name, kNeeds among them: references in the registry
};

inline Sandbox& sandbox_of(lua_State* lua) { return **static_cast<Sandbox**>(lua_getextraspace(lua)); }

// budget.cc
void* allocate(void* sandbox, void* block, std::size_t bytes_old, std::size_t bytes);
void begin_call(Sandbox& box);
// "filter/plugin.lua:31" of the innermost Lua function, from this level on; "" where there is none.
std::string place(lua_State* lua, int level);
std::string stack_text(lua_State* lua);
// The message handler of all protected calls of ours: notes the stack, leaves the error as it is.
int note_error(lua_State* lua);

// What plugins find as globals, and as `require "tayori"` (less open_api). Each fills the table at the top of the stack.
void open_basic(lua_State* lua);
// Before all others. The collector goes over tables with weak keys again and again while one's value is another's key, without a hook:
// 40,000 entries (3 MB) take 18 seconds. A metatable can get its `__mode` at any time, so Lua is made to look for another name, which
// nobody can guess.
void forget_weak_tables(lua_State* lua);
void open_strings(lua_State* lua);  // string and utf8, and what strings have as methods
void open_tables(lua_State* lua);
// Makes the table at the top of the stack what is behind all globals.
void use_as_globals(lua_State* lua);

// `require`: of files that are in `sources`, each once.
int require_source(lua_State* lua);
int run_source(lua_State* lua, const std::string& file);        // pushes what it returns; how many that is
// `tayori.plugin`, and what it gave: hooks are noted where they are assigned.
int declare_plugin(lua_State* lua);
void check_plugin(lua_State* lua);                              // what plugin.lua has returned is at the top

// A C function of Lua's own library whose time grows with the text it is given first; leaves the counting one on the stack.
void push_charged(lua_State* lua, lua_CFunction function);

}  // namespace tayori::lua
