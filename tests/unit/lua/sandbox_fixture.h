// Plugins of a few lines, run without a daemon.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "common/base/text.h"
#include "common/lua/sandbox.h"
#include "common/lua/state.h"

namespace tayori::lua {

using Sources = std::map<std::string, std::string>;

// `body` is that of the hook daily(account); what it returns is its text.
inline Sources sources_of(std::string_view body, std::string_view head = "") {
    return {{"plugin.lua", cat("local tayori = require \"tayori\"\nlocal sample = tayori.plugin { name = \"sample\" }\n", head,
                               "\nfunction sample.daily(account)\n", body, "\nend\nreturn sample\n")}};
}

inline std::string problem_of(const Sources& sources, const Limits& limits = {}) {
    auto state = State::open(sources, "sample", limits);
    return state ? "no problem" : state.error().text;
}

inline std::unique_ptr<State> opened(const Sources& sources, const Limits& limits = {}) {
    auto state = State::open(sources, "sample", limits);
    EXPECT_TRUE(state) << (state ? "" : state.error().text);
    return state ? std::move(*state) : nullptr;
}

struct Outcome {
    std::string text;     // of what the hook has returned, or of the error
    bool failed = false;
    bool exhausted = false;
    std::string stack;
};

inline Outcome run(State& state, const std::string& hook = "daily") {
    Outcome out;
    auto called = state.call(
        hook, [](lua_State*) { return 0; },
        [&](lua_State* lua) {
            std::size_t size = 0;
            const char* data = luaL_tolstring(lua, -1, &size);
            out.text.assign(data, size);
            lua_pop(lua, 1);
        });
    if (!called) out = {called.error().text, true, called.error().exhausted, called.error().stack};
    return out;
}

inline Outcome run_body(std::string_view body, const Limits& limits = {}) {
    auto state = opened(sources_of(body), limits);
    return state ? run(*state) : Outcome{"did not load", true, false, ""};
}

}  // namespace tayori::lua
