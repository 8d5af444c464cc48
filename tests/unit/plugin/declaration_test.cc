#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/text.h"
#include "common/plugin/declaration.h"

namespace tayori::plugin {
namespace {

std::string problem(std::string_view json) {
    const auto declaration = parse_declaration(json);
    return declaration ? "no problem" : declaration.error().text;
}

TEST(PluginDeclaration, ANameIsAFoldersName) {
    for (const auto* name : {"a", "vacation", "pop3policy", "my_own_2", "a23456789012345678901234567890_2"})
        EXPECT_TRUE(is_name(name)) << name;
    for (const auto* name : {"", "A", "2a", "_a", "a-b", "a.b", "../a", "ä", "a2345678901234567890123456789012_"})
        EXPECT_FALSE(is_name(name)) << name;
}

TEST(PluginDeclaration, KnowsItsHooks) {
    EXPECT_EQ(hook_names().size(), 16U);
    for (const auto hook : hook_names()) EXPECT_TRUE(is_hook(hook));
    for (const auto* name : {"", "delivery", "Deliver", "data"}) EXPECT_FALSE(is_hook(name)) << name;
}

TEST(PluginDeclaration, SaysWhatIsWrongAndWhatWouldBeRight) {
    struct Case {
        std::string_view json, expected;
    };
    const Case cases[] = {
        {"nonsense", "the declaration is no JSON object"},
        {"[]", "the declaration is no JSON object"},
        {"{}", "name is missing: write name = \"…\", as the plugin's folder is called"},
        {R"({"name":"Vacation"})",
         "name = \"Vacation\": write a letter, then letters, digits and _, in lower case, at most 32"},
        {R"({"name":7})", "name = 7: write a letter, then letters, digits and _, in lower case, at most 32"},
        {R"({"name":"a","setting":{}})", "setting: there is no such member; did you mean `settings`?"},
        {R"({"name":"a","zzzzzzzz":1})",
         "zzzzzzzz: there is no such member; write name, version, about, order, failure, state, user, settings or hooks"},
        {R"({"name":"a","version":1})", "version = 1: write a short text, as \"1.0\""},
        {R"({"name":"a","about":{"en":"Hello."}})", "about = {…}: write a sentence, or { en = \"…\", ja = \"…\" }"},
        {R"({"name":"a","order":0})", "order = 0: write 1 (runs first) to 100"},
        {R"({"name":"a","order":101})", "order = 101: write 1 (runs first) to 100"},
        {R"({"name":"a","order":"first"})", "order = \"first\": write 1 (runs first) to 100"},
        {R"({"name":"a","failure":"reject"})", "failure = \"reject\": write continue or tempfail"},
        {R"({"name":"a","state":"yes"})", "state = \"yes\": write true or false"},
        {R"({"name":"a","hooks":["delivr"]})", "hooks: there is no \"delivr\"; did you mean `deliver`?"},
        {R"({"name":"a","settings":[1]})", "settings = […]: write { days = { type = \"integer\" } }"},
        {R"({"name":"a","settings":{"Days":{"type":"integer"}}})",
         "settings: \"Days\" is no name: write lower-case letters, digits and _, at most 32"},
        {R"({"name":"a","settings":{"days":7}})", "settings.days = 7: write { type = \"…\" }"},
        {R"({"name":"a","settings":{"days":{}}})",
         "settings.days has no type: write type = \"text\" or another of boolean, integer, size, duration, text, choice, address, pattern, "
         "date, record or list"},
        {R"({"name":"a","settings":{"days":{"type":"number"}}})",
         "settings.days.type = \"number\": write boolean, integer, size, duration, text, choice, address, pattern, date, record or list"},
        {R"({"name":"a","settings":{"days":{"type":"integer","maximum":9}}})",
         "settings.days.maximum: there is no such member; did you mean `max`?"},
        {R"({"name":"a","settings":{"days":{"type":"integer","scope":"user"}}})",
         "settings.days.scope = \"user\": write site, domain or account"},
        {R"({"name":"a","settings":{"days":{"type":"integer","min":"x"}}})", "settings.days.min = \"x\": write a whole number"},
        {R"({"name":"a","settings":{"days":{"type":"integer","min":1.5}}})", "settings.days.min = 1.5: write a whole number"},
        {R"({"name":"a","settings":{"days":{"type":"integer","min":9,"max":1}}})", "settings.days.min = 9 is above max = 1"},
        {R"({"name":"a","settings":{"on":{"type":"boolean","max":1}}})", "settings.on.max: a boolean has no bounds; leave it out"},
        {R"({"name":"a","settings":{"days":{"type":"integer","min":1,"max":60}}})",
         "settings.days.default is 0: write 1 to 60; without one it is 0"},
        {R"({"name":"a","settings":{"days":{"type":"integer","default":"many"}}})", "settings.days.default = \"many\": write a whole number"},
        {R"({"name":"a","settings":{"size":{"type":"size","max":"10M","default":"11M"}}})",
         "settings.size.default is 11 MiB: write 10 MiB or less"},
        {R"({"name":"a","settings":{"what":{"type":"choice"}}})",
         "settings.what.choices: write the texts to choose from, as { \"a\", \"b\" }"},
        {R"({"name":"a","settings":{"what":{"type":"choice","choices":["x","x"]}}})", "settings.what.choices has \"x\" twice"},
        {R"({"name":"a","settings":{"what":{"type":"choice","choices":["x","y"],"default":"z"}}})",
         "settings.what.default = \"z\": write x or y"},
        {R"({"name":"a","settings":{"what":{"type":"text","choices":["x"]}}})",
         "settings.what.choices: only type = \"choice\" has them"},
        {R"({"name":"a","settings":{"to":{"type":"list"}}})", "settings.to is a list of what? Write of = { type = \"…\" }"},
        {R"({"name":"a","settings":{"to":{"type":"list","max":20000,"of":{"type":"text"}}}})",
         "settings.to.max = 20000: a list has at most 10000 entries"},
        {R"({"name":"a","settings":{"to":{"type":"text","of":{"type":"text"}}}})", "settings.to.of: only type = \"list\" has it"},
        {R"({"name":"a","settings":{"to":{"type":"list","of":{"type":"address","scope":"site"}}}})",
         "settings.to.of.scope: the scope is that of the whole setting; leave it out here"},
        {R"({"name":"a","settings":{"rule":{"type":"record","fields":{}}}})",
         "settings.rule.fields: write what the record has, as { to = { type = \"address\" } }"},
        {R"({"name":"a","settings":{"rule":{"type":"record","fields":{"a b":{"type":"text"}}}}})",
         "settings.rule.fields: \"a b\" is no name: write lower-case letters, digits and _"},
        {R"({"name":"a","settings":{"rule":{"type":"record","fields":{"to":{"type":"adress"}}}}})",
         "settings.rule.fields.to.type = \"adress\": write boolean, integer, size, duration, text, choice, address, pattern, date, record "
         "or list"},
    };
    for (const auto& c : cases) EXPECT_EQ(problem(c.json), c.expected) << c.json;
}

TEST(PluginDeclaration, NestsAsFarAsItSaysAndNoFurther) {
    const auto nested = [](std::size_t levels) {
        std::string type = R"({"type":"text"})";
        for (std::size_t i = 0; i < levels; ++i) type = cat(R"({"type":"list","of":)", type, "}");
        return problem(cat(R"({"name":"a","settings":{"x":)", type, "}}"));
    };
    EXPECT_EQ(nested(kNestingMax), "no problem");
    EXPECT_EQ(nested(kNestingMax + 1), "settings.x.of.of.of.of: lists and records within each other more than 4 deep");
    EXPECT_EQ(problem(std::string(kDeclarationBytesMax + 1, ' ')), "the declaration is 65537 bytes: write at most 65536");
    // Neither copying nor printing goes down as deep.
    EXPECT_EQ(problem(std::string(60'000, '[')), "the declaration is no JSON object");
}

TEST(PluginDeclaration, IsReadAsLuaWritesIt) {
    const auto declaration = parse_declaration(R"({"name":"vacation","version":"1.2","order":20,"failure":"tempfail","state":true,
        "about":{"en":"Answers.","ja":"答える。"},"hooks":["deliver","daily"],
        "settings":{"text":{"type":"text","default":"I am away."},"days":{"type":"integer","scope":"domain","default":7.0,"min":1,"max":60},
                    "size":{"type":"size","default":"1 MiB","scope":"site"},"pause":{"type":"duration","default":"7d"},
                    "noreply":{"type":"list","of":{"type":"pattern"},"default":{}},
                    "rules":{"type":"list","of":{"type":"record","fields":{"enabled":{"type":"boolean","default":true},
                             "if":{"type":"record","fields":{"field":{"type":"text"}}},"then":{"type":"text"}}}}}})");
    ASSERT_TRUE(declaration) << declaration.error().text;
    EXPECT_EQ(declaration->name, "vacation");
    EXPECT_EQ(declaration->order, 20U);
    EXPECT_EQ(declaration->failure, OnFailure::tempfail);
    EXPECT_TRUE(declaration->reads_state);
    EXPECT_EQ(declaration->about.ja, "答える。");
    EXPECT_THAT(declaration->hooks, testing::ElementsAre("daily", "deliver"));
    ASSERT_EQ(declaration->settings.size(), 6U);
    EXPECT_EQ(declaration->settings[0].name, "days");
    EXPECT_EQ(declaration->settings[0].default_json, "7");
    EXPECT_EQ(declaration->settings[0].scope, Scope::domain);
    EXPECT_EQ(declaration->settings[1].default_json, "[]");
    EXPECT_EQ(declaration->settings[2].default_json, "604800");
    EXPECT_EQ(declaration->settings[3].inner.front().inner.size(), 3U);
    EXPECT_EQ(declaration->settings[4].default_json, "1048576");

    const auto json = to_json(*declaration);
    const auto again = parse_declaration(json);
    ASSERT_TRUE(again) << again.error().text;
    EXPECT_EQ(to_json(*again), json);
}

}  // namespace
}  // namespace tayori::plugin
