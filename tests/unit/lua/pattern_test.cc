// The matcher gives what Lua's own library gives: results, errors and their words.
#include <functional>
#include <random>
#include <vector>

#include "common/lua/match.h"
#include "sandbox_fixture.h"

namespace tayori::lua {
namespace {

struct Functions {
    const char* name;
    lua_CFunction ours;
};
constexpr Functions kFunctions[] = {{"find", string_find}, {"match", string_match}, {"gmatch", string_gmatch}, {"gsub", string_gsub}};

constexpr const char* kTexts[] = {"", "a", "abc", "hello world", "  key = value  ", "((a)(b(c)))", "THE (quick) fox", "x1y22z333",
    "aaaaaaaaab",
                                  "a.b.c", "%d", "[x]", "\xE3\x81\x82\xE3\x81\x84", "line\r\nline\n", "a,b,,c", "2026-11-27", "^$", "]-]"};
constexpr const char* kPatterns[] = {
    "", "a", ".", ".*", ".-", ".+", ".?", "^", "$", "^$", "^a", "a$", "a*", "a-", "a+", "a?", "%a", "%A+", "%d+", "%w*", "%s+", "%S+", "%p",
    "%x+", "%l+", "%u+", "%c", "%g+", "%z", "%%", "%.", "[abc]", "[^abc]", "[a-c]+", "[%a_][%w_]*", "[%-x]", "[]]", "[^]]", "[]-a]", "[a-]",
    "[-a]", "[%]]", "[a-%a]", "(.)", "(a*)(b*)", "()", "()a()", "((.)(.))", "(.)%1", "(.)(.)%2%1", "(%w+) (%w+)", "%b()", "%b[]", "%bxx",
    "%f[%w]%w+", "%f[%z]", "%f[^%w]", "^%s*(.-)%s*$", "(%w+)%s*=%s*(%w+)", "(%d+)-(%d+)-(%d+)", "[^,]*", "\r?\n", "a.-c", "x*y*z*", "$a",
    "a^",
    "[[]", "[[]]", "%1", "(%1)", "(", ")", "(()", "())", "[", "[a", "[^", "[]", "[%", "[a-", "%", "a%", "%b", "%bx", "%f", "%fa", "%f[",
    "%9",
    "(a)%2", "((a)%1)", "[%a-z]", "[a%]", "\0", "a\0b", "%w%", "()%1", "(a)(b)(c)(d)(e)"};
constexpr const char* kReplacements[] = {"", "x", "%0", "%0%0", "%1", "%2", "<%1|%2>", "%%", "%", "%x", "a%", "%9", "%1%"};

// What a call gives, as one text; an iterator is gone through.
std::string outcome_of(lua_State* lua, int function, const std::vector<std::string>& arguments, int extra) {
    const int top = lua_gettop(lua);
    lua_pushvalue(lua, function);
    for (const auto& argument : arguments) lua_pushlstring(lua, argument.data(), argument.size());
    int count = static_cast<int>(arguments.size());
    if (extra != 0) {
        lua_pushvalue(lua, extra);
        ++count;
    }
    std::string out = lua_pcall(lua, count, LUA_MULTRET, 0) == LUA_OK ? "ok" : "error";
    const bool iterates = lua_gettop(lua) > top && lua_isfunction(lua, top + 1);
    for (int turn = 0; iterates && turn < 30; ++turn) {
        const int before = lua_gettop(lua);
        lua_pushvalue(lua, top + 1);
        if (lua_pcall(lua, 0, LUA_MULTRET, 0) != LUA_OK) out += "!";
        if (lua_gettop(lua) == before) break;
    }
    for (int i = top + 1; i <= lua_gettop(lua); ++i) {
        if (lua_isfunction(lua, i)) continue;
        std::size_t size = 0;
        const char* data = luaL_tolstring(lua, i, &size);
        append(out, "|", luaL_typename(lua, i), ":", std::string_view(data, size));
        lua_pop(lua, 1);
    }
    lua_settop(lua, top);
    return out;
}

struct Comparison {
    lua_State* lua;
    int theirs, ours, table, function;  // places on the stack
    int compared = 0;

    void compare(const char* name, const std::vector<std::string>& arguments, int extra = 0) {
        lua_getfield(lua, theirs, name);
        const auto expected = outcome_of(lua, lua_gettop(lua), arguments, extra);
        lua_getfield(lua, ours, name);
        const auto got = outcome_of(lua, lua_gettop(lua), arguments, extra);
        lua_pop(lua, 2);
        ++compared;
        EXPECT_EQ(got, expected) << name << " " << testing::PrintToString(arguments);
    }
    void compare_all(const std::string& text, const std::string& pattern, const std::string& replacement) {
        for (const auto* name : {"find", "match", "gmatch"}) compare(name, {text, pattern});
        for (const auto* start : {"2", "-2", "0", "100", "-100"}) {
            compare("find", {text, pattern, start});
            compare("gmatch", {text, pattern, start});
        }
        compare("find", {text, pattern, "1", "plain"});
        compare("gsub", {text, pattern, replacement});
        compare("gsub", {text, pattern, replacement, "1"});
        compare("gsub", {text, pattern}, table);
        compare("gsub", {text, pattern}, function);
    }
};

void with_both(lua_State* lua, const std::function<void(Comparison&)>& work) {
    const int top = lua_gettop(lua);
    luaL_requiref(lua, "their_string", luaopen_string, 0);
    lua_newtable(lua);
    for (const auto& function : kFunctions) {
        lua_pushcfunction(lua, function.ours);
        lua_setfield(lua, top + 2, function.name);
    }
    lua_newtable(lua);
    for (const auto* key : {"a", "b", "x", "ab"}) {
        lua_pushfstring(lua, "<%s>", key);
        lua_setfield(lua, top + 3, key);
    }
    lua_pushboolean(lua, 0);
    lua_setfield(lua, top + 3, "c");
    lua_pushboolean(lua, 1);
    lua_setfield(lua, top + 3, "d");  // no value that can be put in
    lua_pushcfunction(lua, [](lua_State* l) {
        if (lua_isinteger(l, 1) != 0) return 1;
        std::size_t size = 0;
        luaL_checklstring(l, 1, &size);
        if (size == 1) return 0;
        lua_pushinteger(l, lua_gettop(l));
        return 1;
    });
    Comparison comparison{lua, top + 1, top + 2, top + 3, top + 4};
    work(comparison);
    lua_settop(lua, top);
}

void compare_within_a_state(const std::function<void(Comparison&)>& work) {
    Limits limits;
    limits.instructions = ~0ULL;
    limits.wall = std::chrono::minutes(10);
    auto state = opened(sources_of(""), limits);
    ASSERT_TRUE(state);
    auto called = state->call(
        "daily", [](lua_State*) { return 0; }, [&](lua_State* lua) { with_both(lua, work); });
    EXPECT_TRUE(called) << (called ? "" : called.error().text);
}

TEST(LuaPatterns, GiveWhatLuasOwnLibraryGives) {
    compare_within_a_state([](Comparison& comparison) {
        for (const auto* text : kTexts) {
            for (const auto* pattern : kPatterns) {
                comparison.compare_all(text, pattern, "<%0>");
                for (const auto* replacement : kReplacements) comparison.compare("gsub", {text, pattern, replacement});
            }
        }
        comparison.compare("find", {std::string("a\0b", 3), std::string("\0", 1)});
        comparison.compare("match", {std::string("a\0b", 3), std::string("%z", 2)});
        comparison.compare("gsub", {std::string("a\0b", 3), std::string("[\0]", 3), "x"});
        std::string many;
        for (int i = 0; i < 33; ++i) many += "(x)";
        comparison.compare("find", {std::string(50, 'x'), many});
        EXPECT_GT(comparison.compared, 30'000);
    });
}

TEST(LuaPatterns, GiveTheSameForRandomOnes) {
    constexpr const char* kTokens[] = {"a",  "b",   "x",  "1",    " ",    ".",     "%a",     "%d",  "%w",  "%s", "%S", "[ab]", "[^a]",
        "[a-c]", "[%w_]",
                                       "(",  ")",   "()", "(",    ")",    "*",     "+",      "-",   "?",   "*",  "-",  "^",    "$",
                                       "%b()",  "%f[%w]",
                                       "%1", "%2",  "%%", "[",    "]",    "%",     "%bab",   "%D",  "[%a]", "%u"};
    constexpr std::string_view kLetters = "aabbcx1 ()-.%[]A";
    std::mt19937 random(20261127);
    const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random()) % n; };
    compare_within_a_state([&](Comparison& comparison) {
        for (int i = 0; i < 3'000; ++i) {
            std::string text;
            for (std::size_t n = below(14); n > 0; --n) text += kLetters[below(kLetters.size())];
            std::string pattern;
            for (std::size_t n = 1 + below(7); n > 0; --n) pattern += kTokens[below(std::size(kTokens))];
            comparison.compare_all(text, pattern, kReplacements[below(std::size(kReplacements))]);
            if (testing::Test::HasFailure()) return;
        }
    });
}

}  // namespace
}  // namespace tayori::lua
