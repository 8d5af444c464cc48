#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/text.h"
#include "common/plugin/declaration.h"

namespace tayori::plugin {
namespace {

Declaration declared(std::string_view settings) {
    auto declaration = parse_declaration(cat(R"({"name":"sample","settings":)", settings, "}"));
    EXPECT_TRUE(declaration) << (declaration ? "" : declaration.error().text);
    return declaration ? *declaration : Declaration();
}

Declaration sample() {
    return declared(R"({
        "on":{"type":"boolean","default":true}, "days":{"type":"integer","default":7,"min":1,"max":60},
        "big":{"type":"size","default":"10M","max":"1G"}, "pause":{"type":"duration","min":60,"default":"1h"},
        "text":{"type":"text","max":10}, "what":{"type":"choice","choices":["junk","refuse"]},
        "who":{"type":"address"}, "from":{"type":"pattern"}, "until":{"type":"date"},
        "to":{"type":"list","max":3,"of":{"type":"address"}},
        "rule":{"type":"record","fields":{"if":{"type":"text"},"then":{"type":"text","default":"keep"},"enabled":{"type":"boolean"}}},
        "rules":{"type":"list","of":{"type":"record","fields":{"to":{"type":"list","of":{"type":"address"}},"size":{"type":"size"},
                 "weight":{"type":"integer","min":1}}}},
        "secret":{"type":"text","scope":"site"}, "limit":{"type":"integer","scope":"domain"}})");
}

std::string checked(std::string_view json, Scope scope = Scope::account, Strictness strictness = Strictness::strict) {
    auto result = check_settings(sample(), scope, json, strictness);
    return result ? *result : result.error().text;
}

struct Case {
    std::string_view json, expected;
};

TEST(PluginSettings, WrongOnesAreNamedWithWhatWouldBeRight) {
    const Case cases[] = {
        {"[1", "the settings of sample are no JSON: write an object, as {}"},
        {"[]", "the settings of sample: write an object, as {}"},
        {R"({"day":1})", "sample has no setting `day`; did you mean `days`?"},
        {R"({"on":"maybe"})", "on = \"maybe\": write true or false"},
        {R"({"on":1})", "on = 1: write true or false"},
        {R"({"days":0})", "days is 0: write 1 to 60"},
        {R"({"days":"7d"})", "days = \"7d\": write a whole number"},
        {R"({"days":18446744073709551615})", "days = 18446744073709551615: write a whole number"},
        {R"({"days":null})", "days = null: write a whole number"},
        {R"({"big":"2 GiB"})", "big is 2 GiB: write 1 GiB or less"},
        {R"({"big":"10 parsecs"})", "big = \"10 parsecs\": write octets, as 1048576, or with a unit, as \"10M\""},
        {R"({"big":"9999999999999 T"})", "big = \"9999999999999 T\": write octets, as 1048576, or with a unit, as \"10M\""},
        {R"({"big":"-5K"})", "big = \"-5K\": write 0 or more"},
        {R"({"big":-1})", "big = -1: write 0 or more"},
        {R"({"pause":"-1h"})", "pause = \"-1h\": write 0 or more"},
        {R"({"pause":"5s"})", "pause is 5s: write 1m or more"},
        {R"({"pause":"soon"})", "pause = \"soon\": write seconds, as 3600, or with a unit, as \"90m\" or \"7d\""},
        {R"({"text":"12345678901"})", "text's length is 11: write 10 or less"},
        {R"({"text":["a"]})", "text = […]: write a text"},
        {R"({"what":"Junk"})", "what = \"Junk\": write junk or refuse"},
        {R"({"who":"taro"})", "who = \"taro\": write an address, as taro@example.jp"},
        {R"({"who":"taro@example.jp, jiro@example.jp"})",
         "who = \"taro@example.jp, jiro@example.jp\": write an address, as taro@example.jp"},
        {R"({"from":"a b"})", "from = \"a b\": write an address or a domain; * stands for any characters, as *@example.jp"},
        {R"({"from":"a@b@c"})", "from = \"a@b@c\": write an address or a domain; * stands for any characters, as *@example.jp"},
        {R"({"until":"tomorrow"})", "until = \"tomorrow\": write a date, as 2026-11-27, or with a time, as 2026-11-27 08:42"},
        {R"({"until":"2026-02-29"})", "until = \"2026-02-29\": write a date, as 2026-11-27, or with a time, as 2026-11-27 08:42"},
        {R"({"until":"2026-11-27 24:00"})",
         "until = \"2026-11-27 24:00\": write a date, as 2026-11-27, or with a time, as 2026-11-27 08:42"},
        {R"({"to":"taro@example.jp"})", "to = \"taro@example.jp\": write a list, as [\"…\", \"…\"]"},
        {R"({"to":["a@x.jp","b@x.jp","c@x.jp","d@x.jp"]})", "to has 4 entries: write at most 3"},
        {R"({"to":["a@x.jp","b"]})", "to[2] = \"b\": write an address, as taro@example.jp"},
        {R"({"to":[""]})", "to[1] is empty: leave it out"},
        {R"({"rule":7})", "rule = 7: write a record, as {\"enabled\": …}"},
        {R"({"rule":{"iff":"x"}})", "rule has no field `iff`; did you mean `if`?"},
        {R"({"rules":[{"to":["a@x.jp"]},{"size":"x"}]})",
         "rules[2].size = \"x\": write octets, as 1048576, or with a unit, as \"10M\""},
        {R"({"secret":"x"})", "`secret` of sample is set for the site only, not for an account"},
        {R"({"limit":1})", "`limit` of sample is set for the site or a domain only, not for an account"},
    };
    for (const auto& c : cases) EXPECT_EQ(checked(c.json), c.expected) << c.json;
    EXPECT_EQ(checked(R"({"secret":"x"})", Scope::domain), "`secret` of sample is set for the site only, not for a domain");
    EXPECT_EQ(checked(cat("{", std::string(kSettingsBytesMax, ' '), "}")),
              "the settings of sample are 262146 bytes; write at most 262144");
    EXPECT_EQ(checked(cat(R"({"text":)", std::string(100'000, '['))), "the settings of sample are no JSON: write an object, as {}");
}

TEST(PluginSettings, RightOnesGetTheirNormalForm) {
    const Case cases[] = {
        {"{}", "{}"},
        {R"({"on":"no"})", R"({"on":false})"},
        {R"({"days":7.0})", R"({"days":7})"},
        {R"({"days":"30"})", R"({"days":30})"},
        {R"({"big":"10 MiB"})", R"({"big":10485760})"},
        {R"({"big":"10m"})", R"({"big":10485760})"},
        {R"({"big":4096})", R"({"big":4096})"},
        {R"({"pause":"90m"})", R"({"pause":5400})"},
        {R"({"pause":"7d"})", R"({"pause":604800})"},
        {R"({"text":"一二三四五六七八九十"})", R"({"text":"一二三四五六七八九十"})"},
        {R"({"what":"refuse"})", R"({"what":"refuse"})"},
        {R"({"who":" Taro@Example.JP "})", R"({"who":"Taro@example.jp"})"},
        {"{\"who\":\"cafe\xCC\x81@example.jp\"}", "{\"who\":\"caf\xC3\xA9@example.jp\"}"},
        {R"({"who":""})", R"({"who":""})"},
        {R"({"from":"*@Example.jp"})", R"({"from":"*@example.jp"})"},
        {R"({"from":"*"})", R"({"from":"*"})"},
        {R"({"until":"2028/02/29"})", R"({"until":"2028-02-29"})"},
        {R"({"until":"2026-11-27T08:42"})", R"({"until":"2026-11-27 08:42"})"},
        {R"({"to":{}})", R"({"to":[]})"},
        {R"({"rule":{"if":"a","then":"b","enabled":true}})", R"({"rule":{"enabled":true,"if":"a","then":"b"}})"},
        {R"({"rules":[{"to":["A@X.jp"],"size":"1k"}]})", R"({"rules":[{"size":1024,"to":["A@x.jp"]}]})"},
    };
    for (const auto& c : cases) EXPECT_EQ(checked(c.json), c.expected) << c.json;
    EXPECT_EQ(checked(R"({"secret":"x"})", Scope::site), R"({"secret":"x"})");
    EXPECT_EQ(checked(R"({"limit":1})", Scope::domain), R"({"limit":1})");
}

// As an import finds them (docs/import.md): more members than the plugin of today has.
TEST(PluginSettings, ImportedOnesMayHaveMoreMembers) {
    const auto autoreply = declared(R"({"from":{"type":"address"},"subject":{"type":"text"},"text":{"type":"text"},"echo":{"type":"boolean"},
        "once_per_sender":{"type":"boolean"},"min_interval_hours":{"type":"integer"},"noreply":{"type":"list","of":{"type":"pattern"}}})");
    const auto* imported = R"({"enabled":false,"from":"","subject":"不在","text":"a\nb","echo":false,"once_per_sender":true,
        "min_interval_hours":24,"noreply":["*@lists.example.jp"]})";
    const auto taken = check_settings(autoreply, Scope::account, imported, Strictness::imported);
    ASSERT_TRUE(taken) << taken.error().text;
    EXPECT_EQ(*taken, R"({"echo":false,"from":"","min_interval_hours":24,"noreply":["*@lists.example.jp"],"once_per_sender":true,)"
                      R"("subject":"不在","text":"a\nb"})");
    EXPECT_EQ(check_settings(autoreply, Scope::account, imported).error().text,
              "sample has no setting `enabled`; write echo, from, min_interval_hours, noreply, once_per_sender, subject or text");

    const auto filter = declared(R"({"rules":{"type":"list","of":{"type":"record","fields":{"enabled":{"type":"boolean","default":true},
        "source":{"type":"list","of":{"type":"text"}},
        "if":{"type":"record","fields":{"field":{"type":"text"},"test":{"type":"text"},"value":{"type":"text"}}},
        "then":{"type":"record","fields":{"action":{"type":"text"},"argument":{"type":"text"}}}}}}})");
    const auto rules = check_settings(filter, Scope::account,
                                      R"({"rules":[{"if":{"field":"from","test":"is","value":"x"},"then":{"action":"junk"}},
        {"name":"n","enabled":false,"size_max":5,"source":["???"]}]})",
                                      Strictness::imported);
    ASSERT_TRUE(rules) << rules.error().text;
    EXPECT_EQ(*rules, R"({"rules":[{"if":{"field":"from","test":"is","value":"x"},"then":{"action":"junk"}},)"
                      R"({"enabled":false,"source":["???"]}]})");
}

TEST(PluginSettings, LaterLayersWinMemberByMember) {
    EXPECT_EQ(merge_settings({}), "{}");
    EXPECT_EQ(merge_settings({R"({"a":1,"b":[1,2]})", "nonsense", "[]", R"({"b":[3]})", R"({"c":{"x":1}})"}),
              R"({"a":1,"b":[3],"c":{"x":1}})");
}

TEST(PluginSettings, WhatIsNotSetHasItsDefault) {
    std::vector<std::string> dropped;
    EXPECT_EQ(with_defaults(sample(), R"({"days":9,"rule":{"if":"x"},"rules":[{"size":5}]})", &dropped),
              R"({"big":10485760,"days":9,"from":"","limit":0,"on":true,"pause":3600,"rule":{"enabled":false,"if":"x","then":"keep"},)"
              R"("rules":[{"size":5,"to":[],"weight":1}],"secret":"","text":"","to":[],"until":"","what":"junk","who":""})");
    EXPECT_THAT(dropped, testing::IsEmpty());
}

TEST(PluginSettings, WhatDoesNotFitAnyMoreIsItsDefault) {
    const auto small = declared(R"({"days":{"type":"integer","default":7,"max":30},"to":{"type":"list","of":{"type":"address"}},
        "rule":{"type":"record","fields":{"n":{"type":"integer","default":3}}}})");
    std::vector<std::string> dropped;
    EXPECT_EQ(with_defaults(small, R"({"days":60,"gone":1,"to":["a@x.jp",5],"rule":{"n":"x","m":1}})", &dropped),
              R"({"days":7,"rule":{"n":3},"to":["a@x.jp"]})");
    EXPECT_THAT(dropped, testing::UnorderedElementsAre("days", "gone", "to[2]", "rule.n"));
    EXPECT_EQ(with_defaults(small, "nonsense"), R"({"days":7,"rule":{"n":3},"to":[]})");
}

}  // namespace
}  // namespace tayori::plugin
