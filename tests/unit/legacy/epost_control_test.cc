#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "common/legacy/epost/control.h"
#include "common/legacy/epost/file_names.h"
#include "common/legacy/epost/ims_ctl.h"
#include "common/legacy/epost/rules.h"
#include "spool.h"

namespace tayori::legacy::epost {
namespace {

using Json = nlohmann::json;

// A mailbox folder's control files, read.
struct Controlled {
    Report report;
    Account account;

    Json settings(std::string_view plugin) const {
        for (const auto& settings : account.settings)
            if (settings.plugin == plugin) return Json::parse(settings.json);
        return nullptr;
    }
};

Controlled read(Spool& spool) {
    Controlled out;
    const auto& tree = spool.tree();
    const auto entries = tree.list("");
    AccountReport report{out.report, "taro@example.jp"};
    read_controls(tree, *entries, out.account, report);
    expect_sentences(out.report);
    return out;
}

TEST(EpostNames, Imap) {
    const struct {
        const char* name;
        std::uint32_t uid;
        int flags;
    } cases[] = {
        {"0000000123-000010.MSG", 123, kSeen},
        {"0000000123-000010.msg", 123, kSeen},
        {"4294967295-111111.MSG", 4294967295, kAnswered | kFlagged | kDeleted | kSeen | kDraft},
        {"0000000001-100000.MSG", 1, 0},
        {"0000000001-010000.MSG", 1, kAnswered},
        {"0000000001-001000.MSG", 1, kFlagged},
        {"0000000001-000100.MSG", 1, kDeleted},
        {"0000000001-000001.MSG", 1, kDraft},
    };
    for (const auto& c : cases) {
        const auto name = parse_imap_name(c.name);
        ASSERT_TRUE(name) << c.name;
        EXPECT_EQ(name->uid, c.uid) << c.name;
        EXPECT_EQ(name->flags, c.flags) << c.name;
    }
    for (const char* bad :
         {"0000000000-000000.MSG", "4294967296-000000.MSG", "000000123-000010.MSG",
          "0000000123-00010.MSG", "0000000123-000020.MSG", "0000000123_000010.MSG",
          "+000000123-000010.MSG", "0000000123-000010.eml", "B0000000001.MSG", ".MSG", ""})
        EXPECT_FALSE(parse_imap_name(bad)) << bad;
}

TEST(EpostNames, Pop3AndControls) {
    EXPECT_EQ(pop3_number("B0001589565.MSG"), 1589565U);
    EXPECT_EQ(pop3_number("b1.msg"), 1U);
    for (const char* bad :
         {"B.MSG", "B1.eml", "C1.MSG", "B1x.MSG", "1.MSG", "B99999999999999999999.MSG"})
        EXPECT_FALSE(pop3_number(bad)) << bad;
    EXPECT_EQ(control_of("IMS.CTL"), Control::ims_ctl);
    EXPECT_EQ(control_of("AUTORPLY.TXT"), Control::reply_text);
    EXPECT_EQ(control_of("SmtpAuth.dat"), Control::password);
    EXPECT_EQ(control_of("send.txt"), Control::none);
}

TEST(ImsCtl, KeysInAnyCaseWithBlanks) {
    Report report;
    AccountReport account{report, "a@b.example"};
    const auto ims = parse_ims_ctl(
        "; comment\r\n[autoreply]\r\n  ReplyFrom = abc@def.co.jp "
        "\r\nECHOMESSAGE=YES\r\nDeleteHeader=1\r\n"
        "RecordReplies=maybe\r\nSubject=\x1b$BIT:_\x1b(B\r\nStrange=value\r\n"
        "[AutoForward]\r\nForwardTo=a@b.example, "
        "c@d.example\r\nforwardto=file:C:\\mail\\inbox\\a,b\\send.txt\r\n"
        "[Delivery]\nDiscard=TRUE\n[Other]\nx=y\nnonsense\n",
        "ims.ctl", account);
    EXPECT_TRUE(ims.has_auto_reply);
    EXPECT_EQ(ims.reply_from, "abc@def.co.jp");
    EXPECT_EQ(ims.subject, "不在");
    EXPECT_TRUE(ims.echo_message);
    EXPECT_TRUE(ims.delete_header);
    EXPECT_FALSE(ims.record_replies);
    EXPECT_TRUE(ims.discard);
    ASSERT_EQ(ims.forward_to.size(), 3U);
    EXPECT_EQ(ims.forward_to[0].text, "a@b.example");
    EXPECT_EQ(ims.forward_to[1].text, "c@d.example");
    EXPECT_EQ(ims.forward_to[2].text, "file:C:\\mail\\inbox\\a,b\\send.txt");
    EXPECT_EQ(ims.forward_to[2].line, 11U);
    ASSERT_EQ(times(report, "ims-unknown"), 4U);
    EXPECT_EQ(find_line(report, "ims-unknown")->values[0], "Strange=value");
    EXPECT_EQ(find_line(report, "ims-unknown")->line, 8U);
    EXPECT_EQ(find_line(report, "ims-value")->line, 6U);
    EXPECT_EQ(find_line(report, "text-charset")->values[0], "iso-2022-jp");
    expect_sentences(report);
}

TEST(ImsCtl, BaseNames) {
    EXPECT_EQ(base_name("C:\\mail\\send.txt"), "send.txt");
    EXPECT_EQ(base_name("/var/spool/epms/send.txt"), "send.txt");
    EXPECT_EQ(base_name("send.txt"), "send.txt");
    EXPECT_EQ(base_name("C:send.txt"), "send.txt");
    EXPECT_EQ(base_name("/x/"), "");
}

TEST(EpostControl, AutoReplyInEveryCharset) {
    const struct {
        const char* bytes;
        const char* charset;
    } cases[] = {
        {"\x1b$BIT:_\x1b(B\r\n", "iso-2022-jp"},
        {"\x95\x73\x8d\xdd\r\n", "cp932"},
        {"\xc9\xd4\xba\xdf\r\n", "euc-jp"},
        {"不在\r\n", "utf-8"},
    };
    for (const auto& c : cases) {
        Spool spool;
        spool.file("ims.ctl", "[AutoReply]\r\nSubject=Away\r\nEchoMessage=1\r\nDeleteHeader=1\r\n");
        spool.file("AUTORPLY.TXT", c.bytes);
        spool.file("noreply.txt", "*@list.example\r\nnot a pattern\r\n");
        const auto got = read(spool);
        const auto json = got.settings("autoreply");
        ASSERT_TRUE(json.is_object());
        EXPECT_EQ(json["enabled"], false);
        EXPECT_EQ(json["subject"], "Away");
        EXPECT_EQ(json["text"], "不在\n");
        EXPECT_EQ(json["echo"], true);
        EXPECT_EQ(json["once_per_sender"], false);
        EXPECT_EQ(json["min_interval_hours"], kReplyIntervalHours);
        EXPECT_EQ(json["noreply"], Json::parse(R"(["*@list.example"])"));
        EXPECT_EQ(times(got.report, "reply-disabled"), 1U);
        EXPECT_EQ(times(got.report, "reply-interval"), 1U);
        EXPECT_EQ(times(got.report, "reply-echo-header"), 1U);
        EXPECT_EQ(find_line(got.report, "not-an-address")->line, 2U);
        EXPECT_EQ(find_line(got.report, "text-charset")->values[0], c.charset);
    }
}

TEST(EpostControl, AutoReplyWithoutText) {
    Spool spool;
    spool.file("ims.ctl", "[AutoReply]\nRecordReplies=Yes\n");
    spool.file("replied.txt", "a@b.example\n");
    const auto got = read(spool);
    EXPECT_TRUE(got.account.settings.empty());
    EXPECT_EQ(times(got.report, "reply-no-text"), 1U);
    EXPECT_EQ(times(got.report, "replied-ignored"), 1U);
}

TEST(EpostControl, ForwardToAddressesAndListsOfThisFolderOnly) {
    Spool spool;
    spool.file("IMS.CTL",
               "[AutoForward]\nForwardTo=a@b.example\nForwardTo=file:C:\\other\\SEND.TXT\n"
               "ForwardTo=file:/etc/passwd\nForwardTo=nobody\n[Delivery]\nDiscard=Yes\n");
    spool.file("send.txt", "c@d.example\n\n# comment\nbroken\ne@f.example\n");
    spool.file("permitfrom.txt", "*@abc.jp\n");
    const auto got = read(spool);
    EXPECT_EQ(got.settings("forward"),
              Json::parse(R"({"to":["a@b.example","c@d.example","e@f.example"],"keep":false,
                              "permit_from":["*@abc.jp"],"rules":[]})"));
    EXPECT_EQ(times(got.report, "ims-upper-case"), 1U);
    EXPECT_EQ(times(got.report, "forward-no-list"), 1U);
    EXPECT_EQ(times(got.report, "not-an-address"), 2U);
    EXPECT_EQ(times(got.report, "forward-disabled"), 1U);
    EXPECT_EQ(times(got.report, "file-unknown"), 0U);
}

TEST(EpostControl, DiscardAloneIsNotTaken) {
    Spool spool;
    spool.file("ims.ctl", "[Delivery]\nDiscard=Yes\n");
    const auto got = read(spool);
    EXPECT_TRUE(got.account.settings.empty());
    EXPECT_EQ(find_line(got.report, "discard-alone")->line, 2U);
}

TEST(EpostControl, TwoFilesThatDifferInCase) {
    Spool spool;
    spool.file("size.ctl", "100");
    spool.file("SIZE.CTL", "200");
    const auto got = read(spool);
    EXPECT_EQ(got.account.quota_bytes, 100U);
    EXPECT_EQ(find_line(got.report, "control-twice")->file, "SIZE.CTL");
}

TEST(EpostControl, Passwords) {
    const struct {
        const char* bytes;
        std::optional<std::string> table;
        std::optional<std::string> password, app;
        const char* code;
    } cases[] = {
        {"pass word\r\nrest", {}, "pass word", {}, "password-from-apop"},
        {"same", "same", "same", {}, ""},
        {"other\n", "same", "same", "other", "password-for-submission"},
        {"\xff\x01\x02", {}, {}, {}, "password-obfuscated"},
        {"\x93\xfa\n", {}, {}, {}, "password-not-text"},
        {"a\tb\n", {}, {}, {}, "password-not-text"},
        {"", {}, {}, {}, ""},
        {"\r\nsecond", {}, {}, {}, ""},
    };
    for (const auto& c : cases) {
        Spool spool;
        spool.file("apop.dat", c.bytes);
        Controlled got;
        got.account.password = c.table;
        const auto& tree = spool.tree();
        AccountReport report{got.report, "taro@example.jp"};
        read_controls(tree, *tree.list(""), got.account, report);
        EXPECT_EQ(got.account.password, c.password) << c.bytes;
        EXPECT_EQ(got.account.app_password, c.app) << c.bytes;
        EXPECT_EQ(got.report.lines().size(), *c.code == '\0' ? 0U : 1U) << c.bytes;
        if (*c.code != '\0') {
            EXPECT_EQ(times(got.report, c.code), 1U) << c.bytes;
        }
        expect_sentences(got.report);
    }
}

TEST(EpostControl, Size) {
    const struct {
        const char* bytes;
        std::optional<std::uint64_t> quota;
        bool reported;
    } cases[] = {{"1048576", 1048576, false}, {"0\r\n", {}, false},
                 {" 7 ", 7, false},           {"", {}, true},
                 {"10MB", {}, true},          {"-1", {}, true}};
    for (const auto& c : cases) {
        Spool spool;
        spool.file("size.ctl", c.bytes);
        const auto got = read(spool);
        EXPECT_EQ(got.account.quota_bytes, c.quota) << c.bytes;
        EXPECT_EQ(times(got.report, "size-not-number") == 1, c.reported) << c.bytes;
    }
}

TEST(EpostControl, Destinations) {
    Spool spool;
    spool.file("sender.dat",
               "*@ok.example,0\r\n*@bad.example : -1\r\n; note\r\n*,5\r\nalone\r\n*,-1\r\n");
    const auto got = read(spool);
    EXPECT_EQ(got.settings("destinations"),
              Json::parse(R"({"rules":[{"pattern":"*@ok.example","allow":true},
                                       {"pattern":"*@bad.example","allow":false},{"pattern":"*","allow":false}]})"));
    EXPECT_EQ(times(got.report, "sender-value"), 2U);
    EXPECT_EQ(find_line(got.report, "sender-value")->line, 4U);
}

TEST(EpostControl, FilterInOurForm) {
    Spool spool;
    spool.file("mail.dat",
               "filter 1\r\n# spam\r\nif header contains \"Subject: 宣伝\" then fileinto "
               "\"迷惑メール\"\r\n"
               "if envelope-from is \"a \\\"b\\\"@c\" then refuse\r\nif size is \">1000\" then tag "
               "\"big\"\r\n"
               "if header matches \"x*\" then forward a@b.example\r\nif header contains \"x\" then "
               "keep\r\n"
               "if header contains \"x\" then explode\r\n");
    const auto got = read(spool);
    const auto rules = got.settings("filter")["rules"];
    ASSERT_EQ(rules.size(), 6U);
    EXPECT_EQ(rules[0],
              Json::parse(R"({"if":{"field":"header","test":"contains","value":"Subject: 宣伝"},
                                        "then":{"action":"fileinto","argument":"迷惑メール"}})"));
    EXPECT_EQ(rules[1]["if"]["value"], "a \"b\"@c");
    EXPECT_EQ(rules[1]["then"], Json::parse(R"({"action":"refuse"})"));
    EXPECT_EQ(rules[2]["then"]["argument"], "big");
    EXPECT_EQ(
        rules[5],
        Json::parse(R"({"enabled":false,"source":["if header contains \"x\" then explode"]})"));
    EXPECT_EQ(find_line(got.report, "filter-line")->line, 8U);
    for (const char* bad :
         {"", "if", "if header contains x then keep", "if body contains \"x\" then keep",
          "if header has \"x\" then keep", "if size contains \"1\" then keep",
          "if size is \"big\" then keep", "if header contains \"x\" then keep now",
          "if header contains \"x\" keep", "if header contains \"x\" then forward nobody",
          "if header contains \"x\" then tag \"\"", "if header contains \"x then keep"})
        EXPECT_FALSE(parse_filter_line(bad)) << bad;
}

TEST(EpostControl, AFilterThatNobodyCanReadIsNeverRun) {
    Spool spool;
    spool.file("mail.dat", "1,Subject,\x8d\x4c\x8d\x90,D\r\n\x01\x02\r\n");
    const auto got = read(spool);
    EXPECT_EQ(got.settings("filter"),
              Json::parse(R"({"rules":[{"enabled":false,"source":["1,Subject,広告,D"]},
                                                               {"enabled":false,"source":["hex:0102"]}]})"));
    EXPECT_EQ(times(got.report, "mail-dat-line"), 2U);
}

TEST(EpostControl, TheRestGoesIntoTheReport) {
    Spool spool;
    spool.file("usetime.dat", "0900-1800\n");
    spool.file("effect.dat", "192.0.2.0/24 false\nthree words here\n");
    spool.file("virus.dat", "x\n");
    spool.file("thumbs.db", "x");
    spool.link("/etc/passwd", "send.txt");
    const auto got = read(spool);
    EXPECT_EQ(find_line(got.report, "use-time-line")->values[0], "0900-1800");
    EXPECT_EQ(times(got.report, "effect-line"), 1U);
    EXPECT_EQ(find_line(got.report, "effect-unreadable")->line, 2U);
    EXPECT_EQ(times(got.report, "virus-line"), 1U);
    EXPECT_EQ(find_line(got.report, "file-unknown")->file, "thumbs.db");
    EXPECT_EQ(times(got.report, "special-file"), 1U);
}

}  // namespace
}  // namespace tayori::legacy::epost
