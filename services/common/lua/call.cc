#include "common/lua/call.h"

#include <algorithm>

#include "common/base/text.h"
#include "common/lua/check.h"
#include "common/lua/state.h"
#include "common/mail/utf8.h"

namespace tayori::lua {
namespace {

constexpr std::size_t kActionBytes = 64;  // of output, for each besides its texts

}  // namespace

std::string_view hook_name(Hook hook) { return plugin::hook_names()[static_cast<std::size_t>(hook)]; }

void Call::require(const char* function, HookSet in_hooks) const {
    if ((in_hooks & hook_bit(hook)) != 0) return;
    std::string where;
    const auto names = plugin::hook_names();
    for (std::size_t i = 0; i < names.size(); ++i)
        if ((in_hooks >> i & 1) != 0) append(where, where.empty() ? "" : ", ", names[i]);
    script_error(cat(function, ": works in ", where, "; this is ", hook_name(hook)));
}

void Call::spend(std::size_t bytes) {
    output_bytes += bytes;
    if (output_bytes > limits.output_bytes)
        script_error(cat("more output than the ", limits.output_bytes, " bytes of one call (plugins.output_bytes)"));
}

void Call::decide(lua_State* lua, decltype(Action::what) what, std::size_t bytes) {
    if (actions.size() >= limits.actions)
        script_error(cat("more decisions than the ", limits.actions, " of one call (plugins.actions)"));
    spend(kActionBytes + bytes);
    State::charge(lua, 1);
    actions.push_back({plugin.declaration.name, State::where(lua), std::move(what)});
}

void Call::note(std::string_view text) {
    if (!job.trace || notes.size() >= kNotesMax) return;
    auto line = mail::to_valid_utf8(mail::clip_utf8(text, kNoteBytesMax));
    for (char& c : line)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
    notes.push_back(std::move(line));
}

Call& call_of(lua_State* lua, const char* function) {
    auto* call = static_cast<Call*>(State::context(lua));
    if (call == nullptr) script_error(cat(function, ": works within hooks only, not while plugin.lua is loaded"));
    return *call;
}

void charge_octets(lua_State* lua, std::uint64_t octets) { State::charge(lua, 1 + octets / kOctetsPerStep); }

}  // namespace tayori::lua
