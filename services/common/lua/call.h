// One call of a hook, as the bindings see it: what it was given, and what it has decided so far. Engine makes one for each call and sets
// it as the state's context.
#pragma once

#include <lua.hpp>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "common/lua/job.h"
#include "common/lua/limits.h"
#include "common/lua/mail_text.h"
#include "common/lua/plugin_set.h"

namespace tayori::lua {

inline constexpr std::uint64_t kOctetsPerStep = 4;   // of decoding: a step is about an instruction of Lua
inline constexpr std::size_t kLogBytesMax = 4096;    // of one call
inline constexpr std::size_t kHeadersAddedMax = 20;
inline constexpr std::size_t kDecisionsMax = 100;    // made, whether returned or not
inline constexpr std::size_t kNotesMax = 20;
inline constexpr std::size_t kNoteBytesMax = 200;

std::string_view hook_name(Hook hook);

// For what works in some hooks only.
template <class... H>
constexpr HookSet hooks(H... hook) {
    return (hook_bit(hook) | ...);
}

using Decision = std::variant<Refusal, Discard, Quarantine, RefuseChange, KeepChange>;

struct Call {
    Call(const Job& job_in, const Plugin& plugin_in, const Limits& limits_in) : job(job_in), plugin(plugin_in), limits(limits_in) {}
    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;

    const Job& job;
    const Plugin& plugin;
    const Limits& limits;
    Hook hook = Hook::connect;
    const AccountView* account = nullptr;  // whose plugins run
    const Profile* profile = nullptr;
    MailText* mail = nullptr;              // null: no mail
    bool needed = true;                    // false: called for the trace only (needs.h)
    std::uint64_t serial = 0;              // of all calls ever; objects of another one are stale

    std::vector<Action> actions;
    std::vector<Decision> decisions;       // made; the one returned becomes an action
    std::vector<std::string> decided_at;   // where each was made
    std::vector<std::string> log;
    std::vector<std::string> notes;        // for the trace: why something was done, or not; of the plugin (tayori.explain) and of bindings
    std::size_t output_bytes = 0;
    std::size_t log_bytes = 0;
    std::size_t headers_added = 0;
    std::size_t header_bytes_added = 0;

    // Of the last large text that was compared (tayori.contains).
    const char* folded_from = nullptr;
    std::string folded;

    // All raise a Lua error where a limit is passed, or the hook is another.
    void require(const char* function, HookSet in_hooks) const;
    void decide(lua_State* lua, decltype(Action::what) what, std::size_t bytes);
    void spend(std::size_t bytes);
    // Kept where a trace was asked for; what is too much is left out.
    void note(std::string_view text);
    std::size_t output_left() const { return limits.output_bytes - std::min(output_bytes, limits.output_bytes); }
};

// The running call; raises an error where there is none (plugin.lua is being loaded).
Call& call_of(lua_State* lua, const char* function);

// Counts the decoding of so many octets.
void charge_octets(lua_State* lua, std::uint64_t octets);

}  // namespace tayori::lua
