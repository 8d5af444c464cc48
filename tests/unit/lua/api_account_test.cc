// What a plugin does with a mail for an account: folders, flags, answers, forwards, notices; and what it is told where it is wrong.
#include "engine_fixture.h"

#include "common/mail/body_text.h"
#include "common/mail/header.h"
#include "common/lua/spent.h"

namespace tayori::lua {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

class ApiAccountTest : public EngineTest {
  protected:
    std::vector<std::string> does(std::string_view body, std::string_view mail = kPlainMail, std::string sender = "hana@a.test") {
        use(cat("function p.deliver(mail, account)\n", body, "\nend"));
        last_ = deliver(mail, std::move(sender));
        return described(last_);
    }
    Decided last_;
};

TEST_F(ApiAccountTest, Fields) {
    use(R"(function p.deliver(mail, account)
        tayori.log(account.address .. " " .. account.domain .. " " .. table.concat(account.aliases, ",") .. " " .. #account.aliases)
        tayori.log(account.recipient .. " '" .. account.detail .. "' '" .. account.folder .. "'")
    end)");
    EXPECT_THAT(lines(deliver()), ElementsAre("taro@ours.test ours.test sales@ours.test 1", "taro@ours.test '' ''"));
}

TEST_F(ApiAccountTest, WhereMailGoes) {
    EXPECT_THAT(does(R"(
        account:fileinto("Work/Projects") account:fileinto("仕事", { create = false, keep = true }) account:fileinto_special("archive")
        account:flag("\\seen", "$Label1") account:flag("\\Flagged") account:discard() account:keep() account:quarantine() account:stop())"),
                ElementsAre("fileinto \"Work/Projects\"", "fileinto \"仕事\", keep, where it is there", "fileinto_special archive",
                            "flag \\Seen", "flag $Label1", "flag \\Flagged", "discard", "keep", "quarantine", "stop"));
    EXPECT_EQ(last_.actions[0].plugin, "p");
    EXPECT_EQ(last_.actions[0].at, "p/plugin.lua:5");
}

TEST_F(ApiAccountTest, WhatIsWrongIsSaid) {
    const struct {
        const char *body, *error;
    } cases[] = {
        {"account:fileinto()", "account:fileinto: argument 1 (folder) must be text, not nothing"},
        {"account:fileinto(5)", "account:fileinto: argument 1 (folder) must be text, not a number"},
        {"account:fileinto('a//b')", "account:fileinto: \"a//b\" is no name of a folder: Mailbox name has an empty level."},
        {"account:fileinto('a\\nb')", "is no name of a folder"},
        {"account:fileinto('\\xff')", "is no name of a folder"},
        {"account:fileinto('a', true)", "account:fileinto: its options must be a table { … }, not a boolean"},
        {"account:fileinto('a', { crate = true })", "account:fileinto: unknown option \"crate\"; did you mean `create`?"},
        {"account:fileinto('a', { create = 1 })", "account:fileinto: option \"create\" must be true or false, not a number"},
        {"account:fileinto('a', { 'create' })",
         "account:fileinto: its options have names, as { create = … }; this one has a number as its name"},
        {"account:fileinto('a', {}, 3)", "account:fileinto: takes 2 arguments, not 3"},
        {"account.fileinto('a')", "account:fileinto: must be called on an account, with a colon, as account:fileinto(…); not on text"},
        {"account.fileinto(mail, 'a')", "account:fileinto: must be called on an account"},
        {"account:fileinto_special('spam')",
         "account:fileinto_special: argument 1 (use) can't be \"spam\"; write junk, trash, archive, sent or drafts"},
        {"account:flag('\\\\Recent')", "account:flag: \"\\Recent\" is no flag; there are \\Seen"},
        {"account:flag('a b')", "account:flag: \"a b\" is no flag"},
        {"account:flag('日本')", "is no flag"},
        {"account:flag()", "account:flag: argument 1 (flag) must be text, not nothing"},
        {"account:flag('$a', 1)", "account:flag: argument 2 (flag) must be text, not a number"},
        {"account:fileintoo('a')", "an account has no \"fileintoo\"; did you mean `fileinto`"},
        {"local x = account.adress", "an account has no \"adress\"; did you mean `address`?"},
        {"account.address = 'x'", "account.address can't be assigned: what a plugin is given is read only"},
        {"account[1] = 'x'", "can't be assigned"},
        {"local x = account[1]", "account[…]: members have names, not a number"},
        {"account:remember('', 'x')", "account:remember: argument 1 (key) is empty"},
        {"account:remember('k')", "account:remember: argument 2 (value) is missing; nil removes what is kept"},
        {"account:remember('k', 5)", "account:remember: argument 2 (value) must be text, not a number"},
        {"account:remember('k', ('x'):rep(4097))", "account:remember: argument 2 (value) has 4097 bytes; at most 4096 are allowed"},
        {"account:remember('k', 'v', 0)", "account:remember: argument 3 (ttl) must be an integer from 1 to 4294967295"},
        {"account:remember('k', 'v', 1.5)", "account:remember: argument 3 (ttl) must be an integer from 1 to 4294967295"},
        {"account:expire { folder = 'a', older_than = 1 }", "account:expire: works in daily; this is deliver"},
        {"account:reply(mail, { txt = 'x' })", "account:reply: unknown option \"txt\"; did you mean `text`?"},
        {"account:reply(mail, {})", "account:reply: option \"text\" is missing: text"},
        {"account:reply(mail)", "account:reply: its options must be a table { … }, not nothing"},
        {"account:reply({ text = 'x' })", "account:reply: argument 1 must be a mail, not a table"},
        {"account:reply(account, { text = 'x' })", "account:reply: argument 1 must be a mail, not an object"},
        {"account:reply(mail, { text = 'x', charset = 'latin1' })",
         "account:reply: option \"charset\" can't be \"latin1\"; write utf-8 or iso-2022-jp"},
        {"account:reply(mail, { text = 'x', once_in_days = 0/0 })",
         "account:reply: option \"once_in_days\" must be a number from 0 to 366"},
        {"account:reply(mail, { text = 'x', once_in_days = 1, once_in_seconds = 1 })", "exclude each other; give one"},
        {"account:reply(mail, { text = '\\xff' })", "account:reply: option \"text\" is not UTF-8"},
        {"account:forward()", "account:forward: argument 1 (to) must be text or a list of texts, not nothing"},
        {"account:forward({})", "account:forward: no address is given"},
        {"account:forward({ 1 })", "account:forward: argument 1 (to) must be text or a list of texts, not a number"},
        {"account:forward('x')", "account:forward: \"x\" is not an address; one looks like anna@example.test"},
        {"account:forward('x@a.test\\r\\nBcc: y@a.test')", "is not an address"},
        {"account:forward('x@a.test', { subjectonly = true })",
         "account:forward: unknown option \"subjectonly\"; did you mean `subject_only`?"},
        {"account:notify { text = 'x' }", "account:notify: option \"subject\" is missing: text"},
        {"account:notify { subject = 's', text = 'x', period = 5 }", "account:notify: option \"period\" needs \"once\""},
        {"return 5", "p/plugin.lua: deliver returned number; a hook returns nothing, or a decision as mail:reject(…) gives one"},
        {"return mail", "deliver returned userdata"},
        {"return mail:reject(450, '5.7.1', 'x')", "mail:reject: argument 1 (code) must be an integer from 500 to 599"},
        {"return mail:reject(550, '4.7.1', 'x')",
         "mail:reject: argument 2 (enhanced) must be as \"5.7.1\", of the code's class; not \"4.7.1\""},
        {"return mail:reject(550, '5.7', 'x')", "argument 2 (enhanced)"},
        {"return mail:reject(550, '5.7.1', '')", "mail:reject: argument 3 (text) is empty; say why, the sender reads it"},
        {"return mail:discard()", "mail:discard: works in headers, message; this is deliver"},
        {"tayori.lgo('x')", "attempt to call"},
        {"local x = mail.from.adress", "an address has no \"adress\"; did you mean `address`?"},
        {"local x = mail.parts[1].nam", "a part has no \"nam\"; did you mean `name`?"},
    };
    for (const auto& c : cases) {
        const auto found = does(c.body);
        ASSERT_EQ(found.size(), 1u) << c.body;
        EXPECT_THAT(found[0], HasSubstr(c.error)) << c.body;
        EXPECT_THAT(found[0], StartsWith("failed: p/plugin.lua:")) << c.body;
    }
}

TEST_F(ApiAccountTest, SettingsAreTypedMergedAndReadOnly) {
    use(R"(function p.deliver(mail, account)
        local s = account.settings
        tayori.log(tostring(s.days) .. " " .. s.text .. " " .. tostring(s.on) .. " " .. #s.list .. " " .. table.concat(s.list, ","))
        local names = {}
        for name in pairs(s) do names[#names + 1] = name end
        table.sort(names)
        tayori.log(table.concat(names, ","))
        for i, rule in ipairs(s.rules) do tayori.log(i .. rule.name) end
        tayori.log(tostring(pcall(function() s.days = 5 end)) .. tostring(pcall(function() s.list[1] = "x" end)))
        local _ = s.dayz
    end)",
        "settings = { days = { type = 'integer', default = 7 }, text = { type = 'text', default = 'あ' }, on = { type = 'boolean' }, "
        "list = { type = 'list', of = { type = 'text' } }, "
        "rules = { type = 'list', of = { type = 'record', fields = { name = { type = 'text' } } } } }");
    set("p", R"({"days": 3, "list": ["a", "b"], "rules": [{"name": "x"}, {"name": "y"}]})");
    const auto expected = ElementsAre("3 あ false 2 a,b", "days,list,on,rules,text", "1x", "2y", "falsefalse",
                                      HasSubstr("settings has no \"dayz\"; did you mean `days`?"));
    EXPECT_THAT(lines(deliver()), expected);
    EXPECT_THAT(lines(deliver()), expected) << "the same from what is kept";
    set("p", R"({"days": 9})");
    EXPECT_THAT(lines(deliver())[0], StartsWith("9 あ"));
}

TEST_F(ApiAccountTest, ManyProfilesAreKeptWithinBounds) {
    use("function p.deliver(mail, account) tayori.log(account.settings.text) end", "settings = { text = { type = 'text' } }");
    for (int i = 0; i < 1000; ++i) {
        set("p", cat("{\"text\": \"", i, std::string(2000, 'x'), "\"}"));
        EXPECT_THAT(lines(deliver()), ElementsAre(StartsWith(cat(i, "x"))));
    }
}

TEST_F(ApiAccountTest, StateThatThePluginKeeps) {
    use(R"(function p.deliver(mail, account)
        tayori.log(account.state.last .. " " .. tostring(account.state.none))
        account:remember("last", "now", 60) account:remember("old", nil)
        account.state.last = "x"
    end)", "state = true");
    auto job = deliver_job(kPlainMail);
    job.account->state["p"] = {{"last", "then"}};
    job.account->state["other"] = {{"none", "secret"}};
    const auto decided = engine().run(job);
    EXPECT_THAT(lines(decided), ElementsAre("then nil", HasSubstr("read only")));
    EXPECT_THAT(decided.actions, IsEmpty()) << "what a failed call wanted is dropped";

    EXPECT_THAT(does("account:remember('last', 'now', 60) account:remember('old', nil)"), 
                ElementsAre("remember \"last\" (3 bytes) for minute", "forget \"old\""));
    EXPECT_THAT(does("local x = account.state.last"), 
                ElementsAre(HasSubstr("account.state: the plugin has to declare that it reads what it keeps")));
}

// ---- Answers.

TEST_F(ApiAccountTest, AReply) {
    EXPECT_THAT(does("account:reply(mail, { text = '不在です。', per_day = 20 })"),
                ElementsAre("mail to hana@a.test (at most 1 in 7 days for reply/hana@a.test, at most 20 in day for reply/day)"));
    const auto& content = first<Compose>(last_)->content;
    EXPECT_THAT(content, StartsWith("From: <taro@ours.test>\r\nTo: =?UTF-8?B?6Iqx5a2Q?= <hana@a.test>\r\n"
                                    "Subject: Auto: =?UTF-8?B?5Lya6K2w?=\r\nDate: Fri, 27 Nov 2026 00:00:00 +0000\r\nMessage-ID: <"));
    EXPECT_THAT(content, 
                HasSubstr("@ours.test>\r\nIn-Reply-To: <m1@a.test>\r\nReferences: <m1@a.test>\r\nAuto-Submitted: auto-replied\r\n"));
}

TEST_F(ApiAccountTest, ReplyOptions) {
    EXPECT_THAT(does("account:reply(mail, { text = 'x', once_in_days = 0.5 })"), ElementsAre(HasSubstr("in 12 hours")));
    EXPECT_THAT(does("account:reply(mail, { text = 'x', once_in_seconds = 3600 })"), ElementsAre(HasSubstr("in hour")));
    EXPECT_THAT(does("account:reply(mail, { text = 'x', once_in_days = 0 })"), ElementsAre(HasSubstr("in minute")))
        << "never without an end";
    does("account:reply(mail, { text = '不在', subject = '留守', charset = 'iso-2022-jp', from = '営業 <Sales@ours.test>',\n"
         "    echo = true, html = '<p>x' })");
    const auto& content = first<Compose>(last_)->content;
    EXPECT_THAT(content, StartsWith("From: =?ISO-2022-JP?B?"));
    EXPECT_THAT(content, HasSubstr("<Sales@ours.test>"));
    EXPECT_THAT(content, HasSubstr("multipart/mixed"));
    EXPECT_THAT(content, HasSubstr("multipart/alternative"));
    EXPECT_THAT(content, HasSubstr("message/rfc822"));

    does("account:reply(mail, { text = 'x', from = 'boss@bank.test' })");
    EXPECT_THAT(first<Compose>(last_)->content, StartsWith("From: <taro@ours.test>\r\n")) << "nobody writes in another's name";
    does("account:reply(mail, { text = 'x', from = 'nonsense <' })");
    EXPECT_THAT(first<Compose>(last_)->content, StartsWith("From: <taro@ours.test>\r\n"));
}

TEST_F(ApiAccountTest, WhoGetsNoReply) {
    const auto body = "account:reply(mail, { text = 'x' })";
    EXPECT_THAT(does(body, kPlainMail, ""), IsEmpty());
    EXPECT_THAT(last_.trace, testing::Contains("  no reply: the null reverse path"));
    EXPECT_THAT(does(body, "Precedence: bulk\r\n\r\n"), IsEmpty());
    EXPECT_THAT(does(body, kPlainMail, "taro@ours.test"), IsEmpty());
    EXPECT_THAT(does(body, kPlainMail, "SALES+x@ours.test"), IsEmpty());
    EXPECT_THAT(last_.trace, testing::Contains("  no reply: the sender is the account itself"));
    EXPECT_THAT(does(body, kPlainMail, "hana@a.test\r\nX"), IsEmpty());
    EXPECT_THAT(does(body, kPlainMail, "Hana@A.test"), ElementsAre(HasSubstr("for reply/hana@a.test")));
    // A mistake shows whether or not there is somebody to answer.
    EXPECT_THAT(does("account:reply(mail, { txt = 'x' })", kPlainMail, ""), ElementsAre(HasSubstr("unknown option")));
}

// What spoold has refused to count is not written again; who asks for something else, or later, gets it.
TEST_F(ApiAccountTest, AReplyThatIsKnownNotToBeSentIsNotWritten) {
    const auto spent = std::make_shared<SpentConditions>();
    spent->add(account().account_id, "p", {"reply/hana@a.test", 1, 7 * 86'400}, 7 * 86'400, kNow);
    const struct {
        const char* options;
        std::string_view sender;
        std::int64_t later_s;
        bool written;
    } cases[] = {{"text = 'x'", "hana@a.test", 0, false},
                 {"text = 'x', per_day = 5", "Hana@A.test", kSpentKnownSeconds - 1, false},
                 {"text = 'x'", "hana@a.test", kSpentKnownSeconds, true},
                 {"text = 'x'", "jiro@a.test", 0, true},
                 {"text = 'x', once_in_days = 1", "hana@a.test", 0, true}};
    for (const auto& one : cases) {
        use(cat("function p.deliver(mail, account) account:reply(mail, { ", one.options, " }) end"));
        auto job = deliver_job(kPlainMail, std::string(one.sender));
        job.now_s += one.later_s;
        job.spent = spent;
        const auto decided = engine().run(job);
        ASSERT_EQ(decided.actions.size(), 1u) << one.options;
        EXPECT_EQ(!first<Compose>(decided)->content.empty(), one.written) << one.options << " " << one.sender;
    }
}

TEST_F(ApiAccountTest, NothingOfTheMailMakesAFieldOfTheReply) {
    does("account:reply(mail, { text = mail.subject, subject = mail.subject })",
         "Subject: =?UTF-8?B?YQ0KQmNjOiB4QGIudGVzdA0KDQpib2R5?=\r\nFrom: =?UTF-8?B?DQpCY2M6IHk=?= <hana@a.test>\r\n"
         "Message-ID: <a\r\n Bcc: z>\r\n\r\n");
    const auto& content = first<Compose>(last_)->content;
    EXPECT_FALSE(mail::find_field(content.substr(0, content.find("\r\n\r\n") + 2), "Bcc"));
}

// ---- Forwards.

TEST_F(ApiAccountTest, Forwards) {
    EXPECT_THAT(does("tayori.log(tostring(account:forward({ 'a@b.test', 'c@b.test' }, { per_day = 5 })))"),
                ElementsAre("forward to a@b.test, c@b.test (at most 5 in day for forward/day)"));
    EXPECT_THAT(lines(last_), ElementsAre("true"));
    EXPECT_EQ(first<Forward>(last_)->content, "");
    // Never to itself, and never in a circle.
    EXPECT_THAT(does("account:forward({ 'Taro+x@ours.test', 'c@b.test', 'sales@ours.test' })"), ElementsAre("forward to c@b.test"));
    EXPECT_THAT(does("tayori.log(tostring(account:forward('taro@ours.test')))"), IsEmpty());
    EXPECT_THAT(lines(last_), ElementsAre("false"));
    const std::string_view twice = "Delivered-To: x@ours.test\r\nDelivered-To: TARO@ours.test\r\n\r\n";
    EXPECT_THAT(does("tayori.log(tostring(account:forward('c@b.test')))", twice), IsEmpty());
    EXPECT_THAT(lines(last_), ElementsAre("false"));
    EXPECT_THAT(does("account:forward('c@b.test')", "Delivered-To: x@ours.test\r\n\r\n"), ElementsAre("forward to c@b.test"));
}

TEST_F(ApiAccountTest, ForwardsWithLessInThem) {
    does("account:forward('a@b.test', { subject_only = true })");
    EXPECT_THAT(first<Forward>(last_)->content, HasSubstr("Auto-Submitted: auto-generated\r\n"));
    const std::string_view mail = "Subject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\ntext\r\n"
                                  "--b\r\nContent-Type: image/png; name=a.png\r\n\r\n"
                                  "PNGPNGPNG\r\n--b--\r\n";
    does("account:forward('a@b.test', { drop_attachments = true })", mail);
    EXPECT_THAT(first<Forward>(last_)->content, StartsWith("Subject: x\r\n"));
    EXPECT_THAT(first<Forward>(last_)->content, testing::AllOf(Not(HasSubstr("PNGPNG")), HasSubstr("text")));
    does("account:forward('a@b.test', { size_max = 50 })", mail);
    EXPECT_THAT(first<Forward>(last_)->content, testing::AllOf(HasSubstr("Subject: x\r\n"), Not(HasSubstr("multipart"))));
    does("account:forward('a@b.test', { size_max = 5000 })", mail);
    EXPECT_EQ(first<Forward>(last_)->content, "");
}

// The text that stands instead of what was taken out.
std::string written_in(const std::string& content) {
    static constexpr std::string_view kHead = "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n";
    const auto at = content.find(kHead);
    if (at == std::string::npos) return {};
    const auto from = at + kHead.size() + 2;
    return mail::decode_part_text(kHead, std::string_view(content).substr(from, content.find("\r\n--", from) - from));
}

TEST_F(ApiAccountTest, LargeMailIsForwardedWithoutItsFiles) {
    std::string mail = "Subject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\ntext\r\n"
                       "--b\r\nContent-Type: image/png; name=a.png\r\n\r\n";
    while (mail.size() < 20 * 1024 * 1024) mail += std::string(76, 'P') + "\r\n";
    mail += "--b--\r\n";
    does("account:forward('a@b.test', { drop_attachments = true, size_max = 5000 })", mail);
    ASSERT_NE(first<Forward>(last_), nullptr);
    EXPECT_THAT(first<Forward>(last_)->content, testing::AllOf(HasSubstr("text"), Not(HasSubstr("PPPP")), HasSubstr("--b--")));
    EXPECT_THAT(written_in(first<Forward>(last_)->content), HasSubstr("a.png"));
    // What is too much text for one call goes without it.
    does("account:forward('a@b.test', { drop_attachments = true })", cat("Subject: x\r\n\r\n", std::string(2'000'000, 'x')));
    ASSERT_NE(first<Forward>(last_), nullptr);
    EXPECT_THAT(first<Forward>(last_)->content, HasSubstr("Subject: x"));
    EXPECT_THAT(written_in(first<Forward>(last_)->content), HasSubstr("The body was not forwarded"));
}

TEST_F(ApiAccountTest, Notices) {
    EXPECT_THAT(does("account:notify { subject = '容量', text = '80 %', once = 'warned', period = 3600 }"),
                ElementsAre("mail to taro@ours.test (at most 1 in hour for notify/warned)"));
    EXPECT_THAT(first<Compose>(last_)->content,
                StartsWith("From: Postmaster <postmaster@ours.test>\r\nTo: <taro@ours.test>\r\nSubject: =?UTF-8?B?5a656YeP?=\r\n"));
    EXPECT_THAT(does("account:notify { subject = 's', text = 't', to = 'boss@ours.test', once = ('k'):rep(255) }"),
                ElementsAre(StartsWith("mail to boss@ours.test (at most 1 in day for notify/sha256:")));
}

}  // namespace
}  // namespace tayori::lua
