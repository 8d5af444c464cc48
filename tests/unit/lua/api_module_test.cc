// The functions of the module `tayori`.
#include "engine_fixture.h"

#include <ctime>

namespace tayori::lua {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class ApiModuleTest : public EngineTest {
  protected:
    std::string value(std::string_view expression) {
        const auto found = logged(cat("tayori.log(tostring(", expression, "))"));
        return found.size() == 1 ? found[0] : cat(found.size(), " lines");
    }
};

TEST_F(ApiModuleTest, Values) {
    const struct {
        const char *expression, *value;
    } cases[] = {
        {"tayori.now()", "1795737600"},
        {"tayori.format_time('date', 1795737600)", "2026-11-27"},
        {"tayori.format_time('time', 1795768920 )", "08:42"},
        {"tayori.format_time('datetime', 1795737600, 540)", "2026-11-27 09:00"},
        {"tayori.format_time('date', 1795737600, -1)", "2026-11-26"},
        {"tayori.format_time('rfc5322', 1795768920)", "Fri, 27 Nov 2026 08:42:00 +0000"},
        {"tayori.format_time('date', 0)", "1970-01-01"},
        {"tayori.format_time('date', -1)", "1969-12-31"},
        {"tayori.parse_time('2026-11-27')", "1795737600"},
        {"tayori.parse_time('2026-11-27', 540)", "1795705200"},
        {"tayori.parse_time('2026-11-27 08:42')", "1795768920"},
        {"tayori.parse_time('2026-02-30')", "nil"},
        {"tayori.parse_time('2026-11-27 24:00')", "nil"},
        {"tayori.parse_time('2026-11-27T08:42')", "nil"},
        {"tayori.parse_time('')", "nil"},
        {"tayori.address_matches('Hana@A.Test', '*@a.test')", "true"},
        {"tayori.address_matches('hana@a.test', 'hana@*')", "true"},
        {"tayori.address_matches('hana@a.test', 'a.test')", "true"},
        {"tayori.address_matches('hana@x.a.test', 'a.test')", "true"},
        {"tayori.address_matches('hana@xa.test', 'a.test')", "false"},
        {"tayori.address_matches('hana@a.test.b', 'a.test')", "false"},
        {"tayori.address_matches('hana@a.test', '*')", "true"},
        {"tayori.address_matches('hana@a.test', '')", "false"},
        {"tayori.address_matches('', '*@*')", "false"},
        {"tayori.address_matches('花@例え.test', '花@*')", "true"},
        {"tayori.contains('Ｈｅｌｌｏ ﾜｰﾙﾄﾞ', 'hello ワールド')", "true"},
        {"tayori.contains('abc', '')", "true"},
        {"tayori.contains('abc', 'd')", "false"},
        {"tayori.same('ABC', 'ａｂｃ')", "true"},
        {"tayori.same('ab', 'abc')", "false"},
        {"tayori.regex('order 12-34', '(\\\\d+)-(\\\\d+)(x)?')[1]", "12-34"},
        {"tayori.regex('order 12-34', '(\\\\d+)-(\\\\d+)(x)?')[3]", "34"},
        {"#tayori.regex('order 12-34', '(\\\\d+)-(\\\\d+)(x)?')", "4"},
        {"tayori.regex('日本語', '^..(.)$')[2]", "語"},
        {"tayori.regex('a', 'b')", "nil"},
    };
    for (const auto& c : cases) EXPECT_EQ(value(c.expression), c.value) << c.expression;
}

TEST_F(ApiModuleTest, WhatIsWrongIsSaid) {
    const struct {
        const char *expression, *error;
    } cases[] = {
        {"tayori.format_time('dates', 0)", "tayori.format_time: argument 1 (format) can't be \"dates\"; did you mean `date`"},
        {"tayori.format_time('date', '0')", "tayori.format_time: argument 2 (seconds) must be an integer from "},
        {"tayori.format_time('date', 1e300)", "argument 2 (seconds) must be an integer"},
        {"tayori.regex('a', '(')", "tayori.regex: \"(\": missing )"},
        {"tayori.regex('a', '(?=x)')", "the syntax is RE2's: no look-around, no back references"},
        {"tayori.regex('a', ('(a)'):rep(30))", "30 groups; at most 19 are allowed"},
        {"tayori.regex('a', '((a{1,100}){1,100}){1,100}')", "tayori.regex: "},
        {"tayori.contains('a')", "tayori.contains: argument 2 (part) must be text, not nothing"},
        {"tayori.same('a', 'b', 'c')", "tayori.same: takes 2 arguments, not 3"},
        {"tayori.log(5)", "tayori.log: argument 1 (text) must be text, not a number"},
    };
    for (const auto& c : cases) EXPECT_THAT(value(c.expression), HasSubstr(c.error)) << c.expression;
}

TEST_F(ApiModuleTest, ExpressionsTakeTheTimeOfTheText) {
    EXPECT_THAT(logged("tayori.log(tostring(tayori.regex(('a'):rep(30000), '(a*)*(a*)*b')))"), ElementsAre("nil"));
    // More different ones than are kept.
    EXPECT_THAT(logged("for i = 1, 300 do assert(tayori.regex('x' .. i, 'x' .. i)) end tayori.log('done')"), ElementsAre("done"));
}

TEST_F(ApiModuleTest, NoCallOfABindingRunsLong) {
    const char* bodies[] = {
        // Expressions whose automaton has too many states, texts that begin nearly as what is looked for.
        "tayori.regex(('a'):rep(60000), '[ab]*a[ab]{900}c')",
        "tayori.regex(('ab'):rep(500000), '(a|b)*a(a|b){20}c')",
        "tayori.regex(('a'):rep(60000), '(((a?){30}){10})*c')",
        "tayori.regex(('a'):rep(60000), '(a|b)*a(a|b){200}c')",
        "tayori.contains(('a'):rep(1000000), ('a'):rep(500000) .. 'b')",
        "tayori.address_matches(('a'):rep(240) .. '@a.test', ('*a'):rep(200) .. '*b@*')",
        "for i = 1, 1000 do pcall(tayori.regex, 'x', '\\\\pL{' .. i .. '}' ) end",
    };
    for (const auto* body : bodies) {
        use(cat("function p.deliver(mail, account)\n", body, "\nend"));
        const auto began = std::clock();
        deliver();
        EXPECT_LT(std::clock() - began, 2 * CLOCKS_PER_SEC) << body;  // half of it here: a slow machine may take its time
    }
    std::string mail;
    for (int i = 0; i < 8000; ++i) append(mail, "Delivered-To: x", i, "@ours.test\r\n");
    std::string to = "To: x@a.test";
    for (int i = 0; i < 3000; ++i) append(to, ",\r\n x", i, "@a.test");
    auto job = deliver_job(mail);
    const auto whole = cat(to, "\r\n", mail, "\r\n");
    job.mail->bytes = whole;
    job.mail->size = whole.size();
    for (int i = 0; i < 50; ++i) job.account->aliases.push_back(cat("alias", i, "@ours.test"));
    use("function p.deliver(mail, account) mail:is_to(account) account:forward('x@b.test') mail:is_automatic() end");
    job.account->profile = profile_;
    const auto began = std::clock();
    EXPECT_THAT(described(engine().run(job)), ElementsAre("forward to x@b.test"));
    EXPECT_LT(std::clock() - began, CLOCKS_PER_SEC / 2);
}

TEST_F(ApiModuleTest, ALargeTextIsFoldedOnceForManyWords) {
    std::string mail = "Content-Type: text/plain; charset=utf-8\r\n\r\n";
    while (mail.size() < 200 * 1024) mail += "日本語のメール\r\n";
    EXPECT_THAT(logged("local found = 0 for i = 1, 30 do if tayori.contains(mail.text, 'word' .. i) then found = found + 1 end end\n"
                       "tayori.log(found .. tostring(tayori.contains(mail.text, 'メール'))\n"
                       ".. tostring(tayori.contains(mail.text .. '!', '!')))", mail),
                ElementsAre("0truetrue"));
}

}  // namespace
}  // namespace tayori::lua
