#include <filesystem>
#include <fstream>

#include "common/lua/plugin_set.h"
#include "sandbox_fixture.h"

namespace tayori::lua {
namespace {

TEST(LuaLoading, WhatDoesNotLoadSaysFileLineAndWhatWouldBeRight) {
    const std::string head = "local tayori = require \"tayori\"\n";
    const std::string declared = head + "local p = tayori.plugin { name = \"sample\" }\n";
    const std::string hook = "function p.daily() end\n";
    struct Case {
        std::string source, expected;
    };
    const Case cases[] = {
        {declared + hook + "return p\n", "no problem"},
        {"\xEF\xBB\xBF" + declared + hook + "return p\n", "no problem"},
        {"local x = = 1\n", "sample/plugin.lua:1: unexpected symbol near '='"},
        {"\x1bLua", "attempt to load a binary chunk (mode is 't')"},
        {"return {}\n", "sample/plugin.lua: it does not declare itself: write `tayori.plugin { name = … }` at its head"},
        {declared + hook, "sample/plugin.lua: its last line has to return what tayori.plugin gave"},
        {declared + hook + "return {}\n", "sample/plugin.lua: its last line has to return what tayori.plugin gave"},
        {declared + "return p\n", "has no hook"},
        {declared + "function p.delivr() end\nreturn p\n", "sample/plugin.lua:3: there is no hook `delivr`; did you mean `deliver`?"},
        {declared + "function p.Deliver() end\nreturn p\n", "sample/plugin.lua:3: there is no hook `Deliver`; did you mean `deliver`?"},
        {declared + "p.helper = 1\nreturn p\n", "sample/plugin.lua:3: there is no hook `helper`; write connect, helo"},
        {declared + "function p.zzzzzzzz() end\nreturn p\n", "sample/plugin.lua:3: there is no hook `zzzzzzzz`; write connect, helo, auth"},
        {declared + "p.daily = 7\nreturn p\n", "sample/plugin.lua:3: the hook `daily` has to be a function, not a number"},
        {declared + hook + hook + "return p\n", "sample/plugin.lua:4: the hook `daily` is there already; a plugin has each once"},
        {declared + "rawset(p, \"delivr\", print_)\nreturn p\n", "sample/plugin.lua:3: there is no global `print_`"},
        {declared + hook + "rawset(p, \"delivr\", 1)\nreturn p\n", "rawset on what tayori.plugin gave has no effect"},
        {declared + declared, "sample/plugin.lua:4: tayori.plugin is called once, at the head of plugin.lua"},
        {head + "tayori.plugin { name = \"other\" }\n",
         "sample/plugin.lua:2: name = \"other\", but the plugin's folder is called \"sample\": one of them has to change"},
        {head + "tayori.plugin \"sample\"\n", "sample/plugin.lua:2: bad argument #1 to 'plugin' (table expected, got string)"},
        {head + "tayori.plugin { name = \"sample\", oder = 5 }\n",
            "sample/plugin.lua:2: oder: there is no such member; did you mean `order`?"},
        {head + "tayori.plugin {\n  name = \"sample\", settings = { days = { type = \"int\" } }\n}\n",
         "sample/plugin.lua:2: settings.days.type = \"int\": write boolean, integer"},
        {head + "tayori.plugin { name = \"sample\", settings = { f = { type = \"text\", default = function() end } } }\n",
         "sample/plugin.lua:2: the declaration.settings.f.default is a function; a declaration has texts, numbers, true, false and tables"},
        {head + "tayori.plugin { name = \"sample\", about = \"\\xff\" }\n",
         "sample/plugin.lua:2: the declaration.about is not UTF-8; save the file as UTF-8"},
        {head + "tayori.plugin { name = \"sample\", settings = { a = { type = \"list\", of = { type = \"text\" }, default = { \"x\", y = 1 } } } }\n",
         "sample/plugin.lua:2: the declaration.settings.a.default is half a list, half a record: write either"},
        {head + "tayori.plugin { name = \"sample\", order = 1/0 }\n", "sample/plugin.lua:2: the declaration.order is no finite number"},
        {head + "local t = {} t.t = t tayori.plugin(t)\n", "sample/plugin.lua:2: the declaration"},
        {head + "tayori.plugin { name = \"sample\", hooks = { \"daily\" } }\n", "sample/plugin.lua:2: `hooks` is not declared"},
        {"require \"util\"\n", "sample/plugin.lua:1: there is no file util.lua in the plugin's folder \"sample\""},
        {"require \"../other\"\n", "sample/plugin.lua:1: \"../other\" is no name for require"},
        {"require \"plugin\"\n", "sample/plugin.lua:1: plugin.lua is required while it is being read: a circle"},
        {"error({})\n", "sample/plugin.lua:1: an error that has no text"},
        {"while true do end\n", "sample/plugin.lua:1: used up its 2000000 instructions"},
        {"local s = (\"x\"):rep(9e6) .. (\"y\"):rep(9e6)\n", "sample/plugin.lua: not enough memory: a plugin may hold 16777216 bytes"},
    };
    for (const auto& c : cases) EXPECT_THAT(problem_of({{"plugin.lua", c.source}}), testing::HasSubstr(c.expected)) << c.source;
    EXPECT_THAT(problem_of({}), testing::HasSubstr("there is no file plugin.lua"));
}

TEST(LuaLoading, RequiresFilesOfItsOwnFolderOnce) {
    Sources sources = sources_of("return util.count .. util.name .. deep.value", R"(
        local util = require "util"
        local deep = require "lib.deep"
        assert(require "util" == util)
        assert(require "lib.silent" == true))");
    sources["util.lua"] = "local M = { count = 0, name = \"util\" }\nM.count = M.count + 1\nreturn M\n";
    sources["lib/deep.lua"] = "local util = require \"util\"\nreturn { value = util.name .. \"!\" }\n";
    sources["lib/silent.lua"] = "local x = 1\n";
    auto state = opened(sources);
    ASSERT_TRUE(state);
    EXPECT_EQ(run(*state).text, "1utilutil!");

    sources["util.lua"] = "require \"a\"";
    sources["a.lua"] = "require \"util\"";
    EXPECT_EQ(problem_of(sources), "sample/a.lua:1: util.lua is required while it is being read: a circle");
    sources["util.lua"] = "\n\nlocal x = y";
    EXPECT_THAT(problem_of(sources), testing::HasSubstr("sample/util.lua:3: there is no global `y`"));
    EXPECT_EQ(run_body("require \"late\"").text,
              "sample/plugin.lua:5: write `local late = require \"late\"` at the head of the file, not in a hook");
}

TEST(LuaLoading, ThePluginsTableIsFrozenOnceItIsLoaded) {
    auto state = opened(sources_of("return sample.deliver(1)", "function sample.deliver(x) return x + 1 end"));
    ASSERT_TRUE(state);
    EXPECT_EQ(run(*state).text, "2");
    EXPECT_TRUE(state->has("deliver"));
    EXPECT_FALSE(state->has("connect"));
    EXPECT_EQ(run_body("sample.deliver = print_").failed, true);
    EXPECT_EQ(run_body("sample.deliver = function() end").text,
              "sample/plugin.lua:5: sample can't be changed any more once plugin.lua has been read; keep values in a `local`");
    EXPECT_EQ(run_body("sample.daily = nil").failed, true);
    EXPECT_EQ(run_body("return getmetatable(sample)").text, "false");
    EXPECT_EQ(run_body("tayori.plugin { name = \"sample\" }").text,
              "sample/plugin.lua:5: tayori.plugin is called once, at the head of plugin.lua");
}

class LuaFolders : public testing::Test {
  protected:
    void SetUp() override {
        root_ = std::filesystem::path(testing::TempDir()) / cat("plugins.", ::getpid());
        std::filesystem::remove_all(root_);
    }
    void TearDown() override { std::filesystem::remove_all(root_); }

    void write(const std::string& name, std::string_view text) {
        std::filesystem::create_directories((root_ / name).parent_path());
        std::ofstream(root_ / name, std::ios::binary) << text;
    }
    void write_plugin(const std::string& folder, const std::string& name, std::string_view more = "") {
        write(cat(folder, "/", name, "/plugin.lua"),
              cat("local p = require(\"tayori\").plugin { name = \"", name, "\"", more, " }\nfunction p.daily() end\nreturn p\n"));
    }
    std::string in(const std::string& name) const { return (root_ / name).string(); }
    std::string problem(const std::vector<std::string>& directories) {
        auto set = PluginSet::load(directories, {});
        return set ? "no problem" : set.error().text;
    }

    std::filesystem::path root_;
};

TEST_F(LuaFolders, TheLaterDirectoryWins) {
    write_plugin("shipped", "filter", ", version = \"1\"");
    write_plugin("shipped", "autoreply");
    write_plugin("site", "filter", ", version = \"2\"");
    write("site/api/readme.lua", "no plugin");
    auto set = PluginSet::load({in("shipped"), in("site"), in("missing")}, {});
    ASSERT_TRUE(set) << set.error().text;
    ASSERT_EQ((*set)->plugins.size(), 2U);
    EXPECT_EQ((*set)->plugins[0]->declaration.name, "autoreply");
    ASSERT_NE((*set)->find("filter"), nullptr);
    EXPECT_EQ((*set)->find("filter")->declaration.version, "2");
    EXPECT_EQ((*set)->find("filter")->hash.size(), 16U);
    EXPECT_THAT((*set)->find("filter")->declaration.hooks, testing::ElementsAre("daily"));
    EXPECT_EQ((*set)->find("zzz"), nullptr);
    EXPECT_EQ((*set)->find("a"), nullptr);
}

TEST_F(LuaFolders, TheHashIsOfAllThatThePluginReads) {
    write_plugin("p", "one");
    const auto hash = [&] { return PluginSet::load_plugin(in("p/one/"), {}).value()->hash; };
    const auto before = hash();
    write("p/one/tests/case.lua", "-- no part of it");
    write("p/one/README.md", "text");
    EXPECT_EQ(hash(), before);
    write("p/one/lib/more.lua", "return 1");
    EXPECT_NE(hash(), before);
}

TEST_F(LuaFolders, NothingIsLoadedWhereOneDoesNotLoad) {
    write_plugin("p", "good");
    write("p/bad/plugin.lua", "\n\nlocal x = y\n");
    EXPECT_THAT(problem({in("p")}), testing::StartsWith("bad/plugin.lua:3: there is no global `y`"));
    write("p/bad/plugin.lua", std::string(kSourceBytesMax + 1, '\n'));
    EXPECT_EQ(problem({in("p")}), "bad/plugin.lua: is longer than 262144 bytes; split it with require");
    write_plugin("p", "bad");
    EXPECT_EQ(problem({in("p")}), "no problem");
    for (std::size_t i = 0; i < kSourceFilesMax; ++i) write(cat("p/bad/m", i, ".lua"), "return 1");
    EXPECT_EQ(problem({in("p")}), "bad: has more than 32 files");
    write_plugin("q", "No-name");
    EXPECT_THAT(problem({in("q")}), testing::StartsWith("\"No-name\" is no name for a plugin's folder: write a letter"));
}

}  // namespace
}  // namespace tayori::lua
