// Plugins that want to stop, slow or leave the process. Each ends within its limits, and the same plugin or a new state of it works
// afterwards.
#include <chrono>

#include "sandbox_fixture.h"

namespace tayori::lua {
namespace {

constexpr auto kPatience = std::chrono::milliseconds(5000);  // of one hostile call, on a machine that does other things as well

enum class End { exhausted, error, ok };

struct Hostile {
    const char* what;
    End end;
    const char* body;
    const char* text = "";  // what the error or the result has
};

const Hostile kLoops[] = {
    {"endless loop", End::exhausted, "while true do end", "sample/plugin.lua:5: "},
    {"empty for", End::exhausted, "for i = 1, math.huge do end"},
    {"goto", End::exhausted, "::a:: goto a"},
    {"tail calls", End::exhausted, "local function f() return f() end f()"},
    {"in pcall", End::exhausted, "pcall(function() while true do end end)"},
    {"pcall again and again", End::exhausted, "while true do pcall(function() while true do end end) end"},
    {"pcall of pcall", End::exhausted, "local function f() while true do pcall(f) end end pcall(pcall, pcall, f) while true do end"},
    {"in xpcall", End::exhausted, "xpcall(function() while true do end end, function() end)"},
    {"in xpcall's handler", End::exhausted, "xpcall(error, function() while true do end end)"},
    {"handler after the end", End::exhausted, "xpcall(function() while true do end end, function() while true do end end)"},
    {"handler that fails", End::ok, "return select('#', xpcall(error, function() error() end))", "2"},
    {"handlers within handlers", End::exhausted,
     "local function h() xpcall(error, h) while true do end end xpcall(error, h) while true do end"},
    {"error swallowed, then on", End::exhausted, "local ok = pcall(function() while true do end end) while true do end"},
    {"__index", End::exhausted, "local t = setmetatable({}, {__index = function() while true do end end}) return t.x"},
    {"__newindex", End::exhausted, "local t = setmetatable({}, {__newindex = function() while true do end end}) t.x = 1"},
    {"__eq", End::exhausted, "local m = {__eq = function() while true do end end} return setmetatable({}, m) == setmetatable({}, m)"},
    {"__lt", End::exhausted, "local m = {__lt = function() while true do end end} return setmetatable({}, m) < setmetatable({}, m)"},
    {"__concat", End::exhausted, "return setmetatable({}, {__concat = function() while true do end end}) .. 'x'"},
    {"__len", End::exhausted, "return #setmetatable({}, {__len = function() while true do end end})"},
    {"__call", End::exhausted, "setmetatable({}, {__call = function() while true do end end})()"},
    {"__pairs", End::exhausted, "for k in pairs(setmetatable({}, {__pairs = function() while true do end end})) do end"},
    {"__close", End::exhausted, "local x <close> = setmetatable({}, {__close = function() while true do end end})"},
    {"__close after the end", End::exhausted,
     "local x <close> = setmetatable({}, {__close = function() while true do end end}) while true do end"},
    {"many __close", End::exhausted,
     "local m = {__close = function() while true do end end} local function f(n) local x <close> = setmetatable({}, m) "
     "if n > 0 then f(n - 1) end while true do end end f(150)"},
    {"__close in pcall", End::exhausted,
     "pcall(function() local x <close> = setmetatable({}, {__close = function() while true do end end}) error() end)"},
    {"__tostring", End::exhausted, "return tostring(setmetatable({}, {__tostring = function() while true do end end}))"},
    {"__tostring in format", End::exhausted,
     "return ('%s'):format(setmetatable({}, {__tostring = function() while true do end end}))"},
    {"iterator that does not end", End::exhausted, "for x in function() return 1 end do end"},
    {"gmatch of nothing", End::exhausted, "while true do for x in ('abc'):gmatch('') do end end"},
    {"sort with endless comparing", End::exhausted, "table.sort({3, 2, 1}, function() while true do end end)"},
    {"sort with wrong comparing", End::error, "local t = {} for i = 1, 1000 do t[i] = i end table.sort(t, function() return true end)",
     "invalid order function"},
    {"sort of a length that is a lie", End::error, "table.sort(setmetatable({}, {__len = function() return 2^31 - 2 end}), type)", "__len"},
    {"gsub calls back", End::exhausted, "('x'):gsub('x', function() while true do end end)"},
};

const Hostile kInC[] = {
    {"pattern bomb", End::exhausted, "return ('a'):rep(2000):find('a-a-b')"},
    {"pattern bomb, greedy", End::exhausted, "return ('a'):rep(3000):match('a*a*a*a*b')"},
    {"pattern bomb in pcall", End::exhausted, "pcall(string.find, ('a'):rep(2000), 'a-a-a-b') return 'on'"},
    {"pattern bomb in gsub", End::exhausted, "return ('a'):rep(2000):gsub('a-a-b', '')"},
    {"pattern bomb in gmatch", End::exhausted, "for x in ('a'):rep(2000):gmatch('a-a-b') do end"},
    {"balance bomb", End::exhausted, "return ('('):rep(100000):find('%b()')"},
    {"long set", End::exhausted, "return ('a'):rep(10000):find('[' .. ('b'):rep(10000) .. ']')"},
    {"frontier", End::exhausted, "return ('a'):rep(10000):find('%f[' .. ('b'):rep(10000) .. ']')"},
    {"capture repeated", End::exhausted, "return ('a'):rep(200000):find('(.*)%1b')"},
    {"deep pattern", End::error, "return ('x'):rep(300):find(('x?'):rep(300) .. 'y')", "pattern too complex"},
    {"many captures", End::error, "return ('x'):rep(50):find(('(x)'):rep(50))", "too many captures"},
    {"plain search of a long text", End::ok, "return ('a'):rep(1000000):find(('a'):rep(500000) .. 'b', 1, true)", "nil"},
    {"plain searches for ever", End::exhausted,
     "local a, b = ('a'):rep(1000000), ('a'):rep(500000) .. 'b' while true do a:find(b, 1, true) end",
     ""},
    {"rep of nothing", End::ok, "return #(''):rep(1e18)", "0"},
    {"rep of nothing, parted by nothing", End::ok, "return #(''):rep(1e18, '')", "0"},
    {"concat over a huge range", End::exhausted, "return table.concat({}, '', 1, 1e18)"},
    {"concat of a length that is a lie", End::exhausted, "return table.concat(setmetatable({}, {__len = function() return 2^53 end}))"},
    {"unpack of a huge range", End::exhausted, "return table.unpack({}, 1, 1e8)"},
    {"unpack of a million", End::error, "return table.unpack({}, 1, 1999999)", "too many results to unpack"},
    {"unpack from the smallest number", End::exhausted, "return table.unpack({}, math.mininteger, math.maxinteger)"},
    {"move of a huge range", End::exhausted, "table.move({}, 1, 1e15, 2)"},
    {"insert into a length that is a lie", End::exhausted, "table.insert(setmetatable({}, {__len = function() return 2^53 end}), 1, 1)"},
    {"remove from a length that is a lie", End::exhausted, "table.remove(setmetatable({}, {__len = function() return 2^53 end}), 1)"},
    {"len that changes its mind", End::error,
     "local n = 0 local t = setmetatable({}, {__len = function() n = n + 1 return n > 1 and 2^53 or 1 end}) "
     "for i = 1, 3 do table.concat(t, '') end", "invalid value (nil) at index 1"},
    {"sort of many", End::exhausted, "local t = {} for i = 1, 200000 do t[i] = -i end table.sort(t) table.sort(t) table.sort(t)", ""},
    {"utf8.len for ever", End::exhausted, "local s = ('x'):rep(4000000) while true do utf8.len(s) end", ""},
    {"utf8.offset for ever", End::exhausted, "local s = ('x'):rep(4000000) while true do utf8.offset(s, 4000000) end", ""},
    {"format for ever", End::exhausted, "local f = ('%%'):rep(2000000) while true do string.format(f) end", ""},
    {"tonumber for ever", End::exhausted, "local s = ('1'):rep(4000000) while true do tonumber(s) end", ""},
    {"numbers in texts", End::exhausted, "local s = ('1'):rep(4000000) while true do pcall(function() return s + 0 end) end", ""},
    {"comparing long texts", End::exhausted,
     "local a, b = ('x'):rep(3000000) .. 'a', ('x'):rep(3000000) .. 'b' while true do local c = a < b end", ""},
    {"going over an empty table", End::exhausted,
     "local t = {} for i = 1, 200000 do t[i] = 1 end for i = 1, 200000 do t[i] = nil end while true do next(t) end", ""},
};

const Hostile kMemory[] = {
    {"10 GB by rep", End::error, "return ('x'):rep(1e10)", "resulting string too large"},
    {"10 GB by rep with separator", End::error, "return ('x'):rep(1e5, ('y'):rep(1e5))", "resulting string too large"},
    {"more than there is", End::error, "return ('x'):rep(1e18, 'y')", "resulting string too large"},
    {"by concatenation", End::error, "local s = 'x' while true do s = s .. s end", "not enough memory"},
    {"by concatenation in pcall", End::exhausted, "local s = 'x' while true do pcall(function() while true do s = s .. s end end) end", ""},
    {"by table.concat", End::error, "local t = {} for i = 1, 100 do t[i] = ('x'):rep(1e6) end return #table.concat(t)",
     "not enough memory"},
    {"the same text again", End::error, "local x, t = ('x'):rep(1e6), {} for i = 1, 100 do t[i] = x end return #table.concat(t)",
     "not enough memory"},
    {"by gsub", End::error, "return #('x'):rep(1e5):gsub('x', ('y'):rep(1e5))", "not enough memory"},
    {"by format", End::error, "local x = ('x'):rep(3e6) return #('%s%s%s%s%s%s%s'):format(x, x, x, x, x, x, x)", "not enough memory"},
    {"giant table", End::error, "local t = {} for i = 1, 1e9 do t[i] = i end", "not enough memory"},
    {"giant table by names", End::error, "local t = {} for i = 1, 1e9 do t['k' .. i] = i end",
     "a table with more than 32768 named members"},
    {"large table by names", End::ok, "local t = {} for i = 1, 32768 do t['k' .. i] = i end return t.k32768", "32768"},
    {"numbers that fall into one chain", End::error, "local t = {} for i = 1, 131072 do t[i * (2^18 - 1)] = i end",
     "a table with more than"},
    {"fewer of them", End::exhausted, "local t = {} for i = 1, 16384 do t[i * (2^15 - 1)] = i end while true do t[0.5] = 1 end"},
    {"table within tables", End::error, "local t = {} while true do t = {t} end", "not enough memory"},
    {"closures", End::error, "local f = {} while true do local g = f f = function() return g end end", "not enough memory"},
    {"garbage for ever", End::exhausted, "while true do local x = ('x'):rep(1000000) end", ""},
    {"refused for ever", End::exhausted, "local h = ('x'):rep(7e6) while true do pcall(string.rep, 'y', 9.5e6) end", ""},
    {"deep recursion", End::error, "local function f(n) return 1 + f(n + 1) end return f(1)", "not enough memory"},
    {"deep recursion in pcall", End::exhausted, "local function f() pcall(f) f() end f() while true do pcall(f) end", ""},
    {"deep recursion by metamethods", End::error,
     "local t = setmetatable({}, {}) getmetatable(t).__index = function(s, k) return s[k + 1] end "
     "return t[1]", "overflow"},
    {"deep recursion by tostring", End::error,
     "local t t = setmetatable({}, {__tostring = function(s) return tostring(s) end}) return tostring(t)",
     "overflow"},
    {"deep recursion by gsub", End::error, "local function f(x) return (x:gsub('.', f)) end return f('x')", "overflow"},
    {"deep recursion by sort", End::error, "local function f(a, b) table.sort({1, 2}, f) return false end table.sort({1, 2}, f)",
     "overflow"},
    {"many arguments", End::error, "local t = {} for i = 1, 300000 do t[i] = 'x' end return select('#', string.char(table.unpack(t)))", ""},
    {"long name", End::ok, "local t = setmetatable({}, {__name = ('x'):rep(1e6)}) return #tostring(t) > 1e6", "true"},
    {"long names for ever", End::exhausted, "local t = setmetatable({}, {__name = ('x'):rep(1e6)}) while true do tostring(t) end", ""},
};

const Hostile kErrors[] = {
    {"nil", End::error, "error()", "sample/plugin.lua:5: error(nil)"},
    {"false", End::error, "error(false)", "error(false)"},
    {"number", End::error, "error(42)", "42"},
    {"table", End::error, "error({})", "sample/plugin.lua:5: an error that has no text"},
    {"function", End::error, "error(function() end)", "error(function)"},
    {"table with __tostring", End::error, "error(setmetatable({}, {__tostring = function() return 'mine' end}))",
     "sample/plugin.lua:5: mine"},
    {"__tostring that is wrong", End::error, "error(setmetatable({}, {__tostring = function() return {} end}))",
     "an error that has no text"},
    {"__tostring that fails", End::error, "error(setmetatable({}, {__tostring = error}))", "an error that has no text"},
    {"__tostring that does not end", End::exhausted, "error(setmetatable({}, {__tostring = function() while true do end end}))"},
    {"__name of an error", End::error, "error(setmetatable({}, {__name = ('x'):rep(100)}))", "xxx"},
    {"long text", End::error, "error(('x'):rep(1000000))", "xxxx"},
    {"not UTF-8", End::error, "error('\\xff\\0\\xfe', 0)", "\xEF\xBF\xBD"},
    {"error in a handler", End::error, "local ok, e = xpcall(error, function() error('again') end) error(e, 0)", ""},
    {"error in __close", End::error, "local x <close> = setmetatable({}, {__close = function() error('closing') end})", "closing"},
};

const Hostile kDoors[] = {
    {"io", End::error, "io.open('/etc/passwd')", "there is no `io` here: plugins can't open files; keep values with account:remember()"},
    {"os", End::error, "os.execute('true')", "there is no `os` here"},
    {"debug", End::error, "debug.getregistry()", "there is no `debug` here"},
    {"load", End::error, "load('return 1')()", "there is no `load` here"},
    {"loadstring", End::error, "loadstring('return 1')()", "there is no `loadstring` here"},
    {"dofile", End::error, "dofile('/etc/passwd')", "there is no `dofile` here"},
    {"loadfile", End::error, "loadfile('/etc/passwd')", "there is no `loadfile` here"},
    {"package", End::error, "package.loadlib('libc.so.6', 'system')", "there is no `package` here"},
    {"coroutine", End::error, "coroutine.wrap(function() while true do end end)()",
     "there is no `coroutine` here: plugins have no coroutines"},
    {"collectgarbage", End::error, "collectgarbage('stop')", "there is no `collectgarbage` here"},
    {"print", End::error, "print('x')", "there is no `print` here: write tayori.log(text)"},
    {"_G", End::error, "_G.x = 1", "there is no `_G` here"},
    {"string.dump", End::error, "string.dump(function() end)", "attempt to call a nil value (field 'dump')"},
    {"string.pack", End::error, "string.pack('i', 1)", "attempt to call a nil value (field 'pack')"},
    {"require of the system's", End::error, "require 'io'", "at the head of the file"},
    {"unknown global", End::error, "return foo", "there is no global `foo`: write `local foo`"},
    {"writing a global", End::error, "foo = 1", "sample/plugin.lua:5: plugins have no globals: write `local foo`"},
    {"replacing a global", End::error, "string = {}", "plugins have no globals: write `local string`"},
    {"global function", End::error, "function foo() end", "plugins have no globals: write `local foo`"},
    {"a number as a global", End::error, "_ENV[1] = 1", "plugins have no globals"},
    {"strings' metatable", End::error, "getmetatable('').x = 1", "attempt to index a boolean value"},
    {"strings' metatable by rawset", End::error, "rawset(getmetatable(''), '__index', {})", "table expected"},
    {"metatable of strings", End::error, "setmetatable('', {})", "table expected"},
    {"globals' metatable", End::error, "setmetatable(_ENV, {})", "cannot change a protected metatable"},
    {"globals' metatable, read", End::ok, "return getmetatable(_ENV)", "false"},
    {"__gc", End::error, "setmetatable({}, {__gc = function() while true do end end})", "plugins have no finalizers"},
    {"__gc that is no function", End::error, "setmetatable({}, {__gc = true})", "plugins have no finalizers"},
    {"__gc added later", End::ok,
     "for i = 1, 1000 do local m = {} setmetatable({}, m) m.__gc = function() while true do end end end "
     "local t = {} for i = 1, 20000 do t[i % 100] = {} end return 'on'", "on"},
    {"__mode", End::error, "setmetatable({}, {__mode = 'k'})", "plugins have no weak tables"},
    // Each entry's value is another one's key, in the order in which the collector learns least.
    {"weak keys added later", End::exhausted,
     "local n, m = 20000, {} local t = setmetatable({}, m) m.__mode = 'k' local keys, places, chain = {}, {}, {} "
     "for i = 1, n do keys[i] = {} t[keys[i]] = true end for k in next, t do places[#places + 1] = k end "
     "for i = 1, n do t[keys[i]] = nil end local l, h = 1, n "
     "for v = 1, n do if v % 2 == 1 then chain[v] = places[l] l = l + 1 else chain[v] = places[h] h = h - 1 end end "
     "for i = 1, n - 1 do t[chain[i]] = chain[i + 1] end local first = chain[1] keys, places, chain = nil while true do local x = {} end"},
    {"weak values added later", End::ok,
     "local m = {} local t = setmetatable({}, m) m['__' .. 'mode'] = 'v' t[1] = {} "
     "for i = 1, 100000 do local x = {} end return t[1] ~= nil", "true"},
    {"protected metatable", End::error, "local t = setmetatable({}, {__metatable = 1}) setmetatable(t, nil)",
     "cannot change a protected metatable"},
    {"own _ENV", End::ok, "local _ENV = {x = 1} return x", "1"},
    {"rawset into _ENV", End::ok, "rawset(_ENV, 'x', 5) return x", "5"},
};

// Instructions and memory should end these first, also on a slow machine.
Limits patient() {
    Limits limits;
    limits.wall = std::chrono::seconds(2);
    return limits;
}

template <std::size_t N>
void run_all(const Hostile (&corpus)[N], const Limits& limits) {
    for (const auto& hostile : corpus) {
        const auto sources = sources_of(hostile.body,
            "local calls = 0 function sample.quota() calls = calls + 1 return 'works' .. calls end");
        auto state = opened(sources, limits);
        ASSERT_TRUE(state) << hostile.what;
        const auto begin = std::chrono::steady_clock::now();
        const auto outcome = run(*state);
        const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin);
        EXPECT_LT(took.count(), kPatience.count()) << hostile.what;
        EXPECT_EQ(outcome.failed, hostile.end != End::ok) << hostile.what << ": " << outcome.text;
        EXPECT_EQ(outcome.exhausted, hostile.end == End::exhausted) << hostile.what << ": " << outcome.text;
        EXPECT_THAT(outcome.text, testing::HasSubstr(hostile.text)) << hostile.what;
        if (outcome.exhausted) {
            EXPECT_THAT(outcome.text, testing::AnyOf(testing::HasSubstr("used up its 2000000 instructions"),
                testing::HasSubstr("took longer than its")));
        }
        EXPECT_LE(outcome.text.size(), kErrorBytesMax * 3 + 100) << hostile.what;
        EXPECT_LE(sandbox_of(state->lua()).held, Limits().memory_bytes) << hostile.what;
        if (outcome.exhausted) state = opened(sources, limits);
        EXPECT_EQ(run(*state, "quota").text, "works1") << hostile.what;
        EXPECT_EQ(run(*state, "quota").text, "works2") << hostile.what;
    }
}

TEST(LuaHostile, LoopsEnd) { run_all(kLoops, patient()); }
TEST(LuaHostile, WorkInCEnds) { run_all(kInC, {}); }
TEST(LuaHostile, MemoryIsBounded) { run_all(kMemory, patient()); }
TEST(LuaHostile, ErrorsHaveAnyType) { run_all(kErrors, patient()); }
TEST(LuaHostile, DoorsAreClosed) { run_all(kDoors, patient()); }

TEST(LuaHostile, TheClockEndsWhatHasInstructionsLeft) {
    Limits limits;
    limits.instructions = ~0ULL;
    limits.wall = std::chrono::milliseconds(20);
    for (const auto* body : {"while true do end", "pcall(function() while true do end end) return 1",
        "return ('a'):rep(3000):find('a-a-a-b')",
                             "while true do local x = ('x'):rep(1000000) end"}) {
        const auto outcome = run_body(body, limits);
        EXPECT_TRUE(outcome.exhausted) << body;
        EXPECT_THAT(outcome.text, testing::HasSubstr("sample/plugin.lua:5: took longer than its 20 ms")) << body;
    }
}

// The compiler goes over a chain of `or` from its beginning for each member, without a hook.
TEST(LuaHostile, FilesThatTakeLongToCompileEnd) {
    Limits limits;
    limits.wall = std::chrono::milliseconds(1);
    Sources sources = sources_of("", "require \"a\" require \"b\"");
    std::string chain = "local x return x";
    for (int i = 0; i < 10'000; ++i) chain += " or x";
    sources["a.lua"] = sources["b.lua"] = chain;
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_THAT(problem_of(sources, limits), testing::AllOf(testing::StartsWith("sample/"),
        testing::HasSubstr("took longer than its 10 ms")));
    EXPECT_LT(std::chrono::steady_clock::now() - begin, kPatience);
}

TEST(LuaHostile, AFailureSaysWhereAndHowItCameThere) {
    auto state = opened(sources_of("local function deep(n)\nif n == 0 then return nil + 1 end\nreturn 1 + deep(n - 1)\nend\n"
                                   "local r = deep(2)\nreturn r"));
    const auto outcome = run(*state);
    EXPECT_EQ(outcome.text, "sample/plugin.lua:6: attempt to perform arithmetic on a nil value");
    EXPECT_EQ(outcome.stack,
        "sample/plugin.lua:6: in deep\nsample/plugin.lua:7: in deep\nsample/plugin.lua:7: in deep\nsample/plugin.lua:9");
}

TEST(LuaHostile, WhatPushAndTakeRaiseIsAFailureOfTheCall) {
    auto state = opened(sources_of("return 1"));
    const auto nothing = [](lua_State*) { return 0; };
    const auto ignore = [](lua_State*) {};
    auto called = state->call("daily", [](lua_State* lua) { return luaL_error(lua, "pushing"); }, ignore);
    ASSERT_FALSE(called);
    EXPECT_EQ(called.error().text, "pushing");
    called = state->call("daily", nothing, [](lua_State* lua) { luaL_error(lua, "taking"); });
    ASSERT_FALSE(called);
    EXPECT_EQ(called.error().text, "taking");
    called = state->call("daily", [](lua_State*) -> int { throw std::bad_alloc(); }, ignore);
    ASSERT_FALSE(called);
    EXPECT_EQ(called.error().text, "an exception in Tayori itself");
    called = state->call("daily", [](lua_State* lua) { lua_newuserdatauv(lua, 1U << 30, 0); return 1; }, ignore);
    ASSERT_FALSE(called);
    EXPECT_THAT(called.error().text, testing::HasSubstr("not enough memory"));
    called = state->call("daily", [](lua_State* lua) { State::charge(lua, ~0ULL); return 0; }, ignore);
    ASSERT_FALSE(called);
    EXPECT_TRUE(called.error().exhausted);
    EXPECT_FALSE(opened(sources_of(""))->call("deliver", nothing, ignore));
}

}  // namespace
}  // namespace tayori::lua
