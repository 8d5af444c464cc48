// tayori.regex: RE2, whose time grows with the text only – but by a factor. Where its automaton would get too many states it goes over
// the text with all of the expression's instructions at once, at up to 50 ns for each of them and each octet (measured: 3 seconds for
// `[ab]*a[ab]{900}c` over 64 KiB), in one call that nothing ends. So an expression sees only so much of a text that octets times
// instructions are bounded, and what a call took is counted on the plugin's account.
#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <new>
#include <optional>

#include "common/base/text.h"
#include "common/lua/api_parts.h"
#include "common/lua/check.h"
#include "common/lua/state.h"
#include "common/mail/utf8.h"

namespace tayori::lua {
namespace {

constexpr std::size_t kExpressionBytesMax = 4096;
constexpr std::size_t kExpressionsKeptMax = 64;            // of one state
constexpr std::int64_t kExpressionMemoryMax = 512 * 1024;  // of one: what takes more is refused
constexpr int kProgramMax = 4000;                          // instructions of one
constexpr std::size_t kWorkMax = 8'000'000;                // octets times instructions, of one call
constexpr std::size_t kWorkUntimed = 200'000;              // below this the clock costs more than the match
constexpr int kGroupsMax = 20;
constexpr std::uint64_t kCompileStepsPerByte = 20;
constexpr std::uint64_t kScannedOctetsPerStep = 8;
constexpr std::uint64_t kNanosecondsPerStep = 25;

const char kExpressionsKey = 0;  // its address: the table of compiled ones in the registry

// Counts the time of this thread from its making on.
class Timer {
  public:
    void charge(lua_State* lua) const { State::charge(lua, (now_ns() - began_ns_) / kNanosecondsPerStep); }

  private:
    static std::uint64_t now_ns() {
        timespec at{};
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &at);
        return static_cast<std::uint64_t>(at.tv_sec) * 1'000'000'000u + static_cast<std::uint64_t>(at.tv_nsec);
    }
    std::uint64_t began_ns_ = now_ns();
};

int free_expression(lua_State* lua) {
    static_cast<re2::RE2*>(lua_touserdata(lua, 1))->~RE2();
    return 0;
}

void push_new_expression(lua_State* lua, std::string_view expression) {
    State::charge(lua, kCompileStepsPerByte * (1 + expression.size()));
    const Timer timer;
    re2::RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(kExpressionMemoryMax);
    void* memory = lua_newuserdatauv(lua, sizeof(re2::RE2), 0);
    lua_createtable(lua, 0, 1);
    lua_pushcfunction(lua, free_expression);
    lua_setfield(lua, -2, "__gc");
    // Nothing may raise an error between these two: then it is freed with the state, or when it is kept no longer.
    const auto* made = new (memory) re2::RE2(re2::StringPiece(expression.data(), expression.size()), options);
    lua_setmetatable(lua, -2);
    timer.charge(lua);
    if (!made->ok())
        script_error(cat("tayori.regex: \"", mail::to_valid_utf8(mail::clip_utf8(expression, 80)), "\": ", made->error(),
                         " (the syntax is RE2's: no look-around, no back references)"));
    if (made->NumberOfCapturingGroups() >= kGroupsMax)
        script_error(cat("tayori.regex: ", made->NumberOfCapturingGroups(), " groups; at most ", kGroupsMax - 1,
                         " are allowed: write (?:…) for others"));
    if (made->ProgramSize() > kProgramMax)
        script_error(cat("tayori.regex: \"", mail::to_valid_utf8(mail::clip_utf8(expression, 80)), "\" is too large: ", made->ProgramSize(),
                         " instructions, at most ", kProgramMax, " are allowed; repeat less"));
}

// The compiled expression of argument 2; what it leaves on the stack holds it.
const re2::RE2& expression_of(lua_State* lua, std::string_view expression) {
    if (lua_rawgetp(lua, LUA_REGISTRYINDEX, &kExpressionsKey) == LUA_TTABLE) {
        lua_pushvalue(lua, 2);
        if (lua_rawget(lua, -2) == LUA_TUSERDATA) return *static_cast<re2::RE2*>(lua_touserdata(lua, -1));
        lua_pop(lua, 1);
    } else {
        lua_pop(lua, 1);
        lua_newtable(lua);
    }
    push_new_expression(lua, expression);
    // [1] counts: expressions are texts.
    lua_rawgeti(lua, -2, 1);
    const auto count = lua_tointeger(lua, -1);
    lua_pop(lua, 1);
    if (count >= static_cast<lua_Integer>(kExpressionsKeptMax)) {
        lua_newtable(lua);
        lua_replace(lua, -3);
    }
    lua_pushinteger(lua, count >= static_cast<lua_Integer>(kExpressionsKeptMax) ? 1 : count + 1);
    lua_rawseti(lua, -3, 1);
    lua_pushvalue(lua, 2);
    lua_pushvalue(lua, -2);
    lua_rawset(lua, -4);
    lua_pushvalue(lua, -2);
    lua_rawsetp(lua, LUA_REGISTRYINDEX, &kExpressionsKey);
    return *static_cast<re2::RE2*>(lua_touserdata(lua, -1));
}

}  // namespace

int api_regex(lua_State* lua) {
    Arguments in(lua, "tayori.regex", 1);
    auto text = in.text("text", kComparedBytesMax);
    const auto expression = in.text("expression", kExpressionBytesMax);
    in.end();
    lua_settop(lua, 2);
    const auto& compiled = expression_of(lua, expression);
    const auto size = static_cast<std::size_t>(std::max(compiled.ProgramSize(), 1));
    text = mail::clip_utf8(text, kWorkMax / size);
    State::charge(lua, 1 + text.size() / kScannedOctetsPerStep);
    std::optional<Timer> timer;
    if (text.size() * size > kWorkUntimed) timer.emplace();
    std::array<re2::StringPiece, kGroupsMax> groups;
    const int count = compiled.NumberOfCapturingGroups() + 1;
    const bool found = compiled.Match({text.data(), text.size()}, 0, text.size(), re2::RE2::UNANCHORED, groups.data(), count);
    if (timer) timer->charge(lua);
    if (!found) {
        lua_pushnil(lua);
        return 1;
    }
    lua_createtable(lua, count, 0);
    for (int i = 0; i < count; ++i) {
        const auto& group = groups[static_cast<std::size_t>(i)];
        push_text(lua, group.data() == nullptr ? std::string_view() : std::string_view(group.data(), group.size()));
        lua_rawseti(lua, -2, i + 1);
    }
    return 1;
}

}  // namespace tayori::lua
