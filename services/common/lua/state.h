// One plugin's Lua: its variables, and what keeps them within bounds. The only place where plugins' code runs.
//
// What a plugin can't do: open files, sockets, processes; load code at run time; catch the end of its budget (pcall and xpcall pass it
// on); run in a finalizer (metatables with __gc are refused) or in a coroutine (there are none); reach C code that runs long on a short
// input (patterns are step-counted, string.rep, table.move and the like count what they do). Memory is counted by the allocator.
//
// Not thread-safe: one call at a time, on any thread.
#pragma once

#include <lua.hpp>

#include <functional>
#include <memory>
#include <string>

#include "common/base/result.h"
#include "common/lua/limits.h"
#include "common/lua/plugin_set.h"

namespace tayori::lua {

// Beside hooks a plugin may have this function: which of its hooks have anything to do under these settings. Asked once for them.
inline constexpr const char* kNeeds = "needs";

class State {
  public:
    // Runs plugin.lua, with what it requires. `declare` is called with the state when the plugin calls tayori.plugin{…}, the table at
    // the top of the stack. invalid: file, line and what is wrong; a function of it that is no hook.
    static Result<std::unique_ptr<State>> open(const std::map<std::string, std::string>& sources, const std::string& name,
                                               const Limits& limits);
    ~State();
    State(const State&) = delete;
    State& operator=(const State&) = delete;

    // As the plugin declared itself: JSON for plugin::parse_declaration, hooks included.
    const std::string& declaration_json() const;
    bool has(const std::string& hook) const;

    struct Failed {
        std::string text;    // "filter/plugin.lua:31: attempt to index a nil value"
        std::string stack;
        bool exhausted = false;  // a budget: the state is thrown away, as nobody knows where it stands
    };
    // Calls a hook. `push` pushes its arguments and returns how many; it runs protected, as memory may run out in it. `take` gets the
    // one result, at the top of the stack, protected likewise. Budgets begin anew with each call.
    using Push = std::function<int(lua_State*)>;
    using Take = std::function<void(lua_State*)>;
    tl::expected<void, Failed> call(const std::string& hook, const Push& push, const Take& take);

    // For bindings: counts work done in C on the plugin's account; raises the budget's end in Lua.
    static void charge(lua_State* lua, std::uint64_t steps);
    // What the bindings of this call need (engine.cc sets it around each call).
    void set_context(void* context);
    static void* context(lua_State* lua);
    // "plugin.lua:31" of the Lua code that called the running C function.
    static std::string where(lua_State* lua);
    lua_State* lua() const;

  private:
    struct Inner;
    explicit State(std::unique_ptr<Inner> inner);
    std::unique_ptr<Inner> inner_;
};

// Fills the table at the top of the stack with the functions of the module `tayori` (all but `plugin`), and registers the metatables
// of sessions, mails, accounts and the others. api.cc.
void open_api(lua_State* lua);

}  // namespace tayori::lua
