// Which of a plugin's hooks have anything to do with given settings, for which mails and when: what its `needs` returns
// (plugins/api/tayori.d.lua). It saves calls and is nothing to rely on: a plugin may be called all the same.
#pragma once

#include <lua.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/lua/job.h"

namespace tayori::lua {

// What a hook is about to be called for.
struct Occasion {
    std::int64_t now_s = 0;
    std::uint64_t bytes = 0;  // of the mail; at mail and rcpt what the client has declared, 0: nothing
};

struct Scope {
    std::optional<std::uint64_t> larger_than;    // of mails that are larger, in octets
    std::optional<std::int64_t> from_s, before_s;
    bool has(const Occasion& occasion) const;
};

class Needs {
  public:
    Needs() = default;
    explicit Needs(HookSet always) : all_(always), always_(always) {}
    void add(Hook hook, const Scope& scope);
    void add(const Needs& other);

    HookSet hooks() const { return all_; }  // that ever have anything to do
    bool has(Hook hook, const Occasion& occasion) const;

  private:
    struct Scoped {
        Hook hook;
        Scope scope;
    };
    HookSet all_ = 0, always_ = 0;
    std::vector<Scoped> scoped_;  // others than always_
};

// What `needs` of that plugin has returned, at the top of the stack; `hooks` are those that it has. Throws ScriptError.
Needs read_needs(lua_State* lua, const std::string& plugin, HookSet hooks);

}  // namespace tayori::lua
