// Settings of plugins as people write and read them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "adminctl/plugin/show.h"
#include "adminctl/plugin/written.h"

namespace tayori::admin {
namespace {

using testing::HasSubstr;

plugin::Declaration declaration() {
    return plugin::parse_declaration(
               R"({"name":"demo","version":"2","about":{"en":"Shows how.","ja":"見本です。"},"hooks":["deliver"],"settings":{)"
               R"("keep":{"type":"boolean"},"days":{"type":"integer","min":1,"max":60,"default":7},"limit":{"type":"size","max":"25M"},)"
               R"("every":{"type":"duration","default":"7d"},"to":{"type":"list","of":{"type":"address"}},"words":{"type":"text"},)"
               R"("how":{"type":"choice","choices":["soft","hard"],"about":{"en":"How it is done.","ja":"方法"}},)"
               R"("rules":{"type":"list","of":{"type":"record","fields":{"folder":{"type":"text"}}}}}})")
        .value();
}

TEST(PluginSettings, AreWrittenByTheirTypes) {
    struct Case {
        std::vector<std::string> written;
        std::string json;
    };
    const Case cases[] = {
        {{"keep=yes"}, R"({"keep":true})"},
        {{"keep=Off"}, R"({"keep":false})"},
        {{"days=3", "limit=10M"}, R"({"days":3,"limit":"10M"})"},
        {{"to=a@b.example, c@d.example"}, R"({"to":["a@b.example","c@d.example"]})"},
        {{R"(to=["a@b.example"])"}, R"({"to":["a@b.example"]})"},
        {{"to="}, R"({"to":[]})"},
        {{"words=a = b, 日本語"}, R"({"words":"a = b, 日本語"})"},
        {{R"(rules=[{"folder":"Trash"}])"}, R"({"rules":[{"folder":"Trash"}]})"},
        {{R"({"days":3,"keep":true})", "days=4"}, R"({"days":4,"keep":true})"},
    };
    for (const auto& one : cases) {
        const auto json = settings_json(declaration(), one.written);
        ASSERT_TRUE(json) << one.written.front() << ": " << json.error().text;
        EXPECT_EQ(*json, one.json);
    }
}

TEST(PluginSettings, SayWhatWouldBeRight) {
    struct Case {
        std::string written, problem;
    };
    const Case cases[] = {
        {"dys=3", "did you mean `days`"},  {"days=three", "whole number"}, {"days=3x", "whole number"}, {"keep=maybe", "yes or no"},
        {"days", "NAME=VALUE"},            {"rules=Trash", "as JSON"},     {"rules=[{]", "no right JSON"}, {"{days}", "no JSON object"},
    };
    for (const auto& one : cases) {
        const auto json = settings_json(declaration(), {one.written});
        ASSERT_FALSE(json) << one.written;
        EXPECT_THAT(json.error().text, HasSubstr(one.problem)) << one.written;
    }
}

TEST(PluginSettings, AreShownAsTheyAreWritten) {
    struct Case {
        std::string name, json, shown, bounds;
    };
    const Case cases[] = {
        {"keep", "true", "yes", ""},
        {"days", "3", "3", "1 to 60"},
        {"limit", "10485760", "10M", "at most 25M"},
        {"limit", "10000000", "10000000", "at most 25M"},
        {"limit", "0", "0", "at most 25M"},
        {"every", "5400", "90m", ""},
        {"every", "604800", "7d", ""},
        {"to", R"(["a@b.example","c@d.example"])", "a@b.example, c@d.example", ""},
        {"to", "[]", "-", ""},
        {"how", R"("soft")", "soft", "soft, hard"},
        {"rules", R"([{"folder":"Trash"}])", R"([{"folder":"Trash"}])", ""},
    };
    const auto declared = declaration();
    for (const auto& one : cases) {
        for (const auto& setting : declared.settings) {
            if (setting.name != one.name) continue;
            EXPECT_EQ(show_value(setting, one.json), one.shown);
            EXPECT_EQ(show_bounds(setting), one.bounds) << one.name;
        }
    }
}

v1::PluginView view(const std::string& scope, const std::string& own) {
    v1::PluginView out;
    out.mutable_at()->set_plugin("demo");
    out.mutable_at()->set_scope(scope);
    out.set_declaration_json(plugin::to_json(declaration()));
    out.set_own_json(own);
    out.set_order(50);
    return out;
}

TEST(PluginSettings, SayWhereTheyComeFromInBothLanguages) {
    PluginViews views;
    views.here = view("anna@x.example", R"({"days":3})");
    views.here.set_enabled(true);
    views.here.set_effective_json(R"({"days":3,"every":3600,"how":"hard","keep":false,"to":["a@b.example"],"words":"hello"})");
    auto& imported = *views.here.add_imported();
    imported.set_file("IMS.CTL");
    imported.set_json(R"({"to":["a@b.example"]})");
    imported.set_approved(true);
    views.wider = {view("x.example", R"({"every":3600})"), view("", R"({"how":"hard","every":60})")};
    const auto english = plugin_text(views, Language::english);
    EXPECT_THAT(english, HasSubstr("demo 2: enabled for anna@x.example (by an approved import)"));
    EXPECT_THAT(english, testing::ContainsRegex("days +3 +anna@x.example +number +1 to 60"));
    EXPECT_THAT(english, testing::ContainsRegex("every +1h +x.example +duration"));
    EXPECT_THAT(english, testing::ContainsRegex("how +hard +the site +choice +soft, hard +account +How it is done."));
    EXPECT_THAT(english, testing::ContainsRegex("to +a@b.example +import IMS.CTL +list of address"));
    EXPECT_THAT(english, testing::ContainsRegex("words +hello +default"));
    const auto japanese = plugin_text(views, Language::japanese);
    EXPECT_THAT(japanese, HasSubstr("見本です。"));
    EXPECT_THAT(japanese, HasSubstr("既定値"));
}

TEST(PluginSettings, AReloadThatFailedNamesTheDaemonAndTheLine) {
    v1::PluginList list;
    EXPECT_EQ(reload_error(list), "");
    auto& daemon = *list.add_daemons();
    daemon.set_program("smtpd");
    daemon.set_instance("host 1");
    daemon.mutable_report()->set_error("demo/plugin.lua:4: unexpected symbol");
    EXPECT_EQ(reload_error(list), "smtpd host 1: demo/plugin.lua:4: unexpected symbol");
    EXPECT_THAT(reload_text(list, Language::english), HasSubstr("the old ones go on: demo/plugin.lua:4"));
}

}  // namespace
}  // namespace tayori::admin
