#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "common/legacy/pmail/forms.h"
#include "common/legacy/pmail/rules.h"
#include "common/legacy/source.h"
#include "spool.h"

namespace tayori::legacy::pmail {
namespace {

constexpr std::string_view kMail =
    "Received: from a by b; Tue, 14 Nov 2023 22:13:20 +0000\r\nSubject: x\r\n\r\nbody\r\n";

struct Loaded {
    Report report;
    Result<Mailbox> mailbox = fail(Kind::internal, "not loaded");

    const Folder* folder(std::string_view name) const {
        for (const auto& folder : mailbox->folders)
            if (folder.name == name) return &folder;
        return nullptr;
    }
    // "file uid flags order uidl", one mail a line.
    std::string mails(std::string_view name) const {
        std::string out;
        const auto* found = folder(name);
        if (found == nullptr) return "no such folder";
        for (const auto& mail : found->mails)
            append(out, mail.file.substr(mail.file.rfind('/') + 1), ' ', mail.uid, ' ', mail.flags,
                   ' ', mail.pop3_order, ' ', mail.uidl.empty() ? "-" : mail.uidl, '\n');
        return out;
    }
};

Loaded load(Spool& spool, SourceOptions options = {}) {
    Loaded out;
    const auto source = open_source("pmail", spool.tree(), std::move(options));
    EXPECT_TRUE(source);
    Account account;
    account.address = "taro@example.jp";
    account.directory = "spool/taro";
    out.mailbox = (*source)->load(account, out.report);
    expect_sentences(out.report);
    return out;
}

void three_mails(Spool& spool) {
    for (const char* name : {"1.eml", "2.imd", "3.EML"})
        spool.file(cat("spool/taro/", name), cat("X-N: ", name, "\r\n", kMail));
}

TEST(PmailPlan, AccountsCountersAndControlFiles) {
    Spool spool;
    three_mails(spool);
    spool.file("spool/taro/forward.txt", "a@b.example,NONE\n");
    spool.file("spool/taro/read.txt", "x");
    spool.file("spool/taro/strange.bin", "x");
    spool.file("spool/taro/sub/9.eml", kMail);
    spool.file("spool/Hanako@b.example/uidl.txt", "");
    spool.file("spool/c.example/jiro/1.eml", kMail);
    spool.file("Data/imap4.cnt", ";pmail-cnt 1\r\n1234\r\n");
    spool.file("Data/imap4folder.cnt", " 77 \n");
    spool.file("Data/serverfilter.txt", "FILTER1=\"n\",\"t\",\"5\"\n");
    spool.file("Data/pmail.ini", "x");
    spool.link("/etc", "spool/link");
    Report report;
    SourceOptions options;
    options.domain = "example.jp";
    const auto plan = (*open_source("pmail", spool.tree(), options))->plan(report);
    ASSERT_TRUE(plan) << plan.error().text;
    expect_sentences(report);
    std::string accounts;
    for (const auto& a : plan->accounts)
        append(accounts, a.address, '=', a.directory, ':', a.mails, ' ');
    EXPECT_EQ(accounts,
              "hanako@b.example=spool/Hanako@b.example:0 jiro@c.example=spool/c.example/jiro:1 "
              "taro@example.jp=spool/taro:4 ");
    EXPECT_EQ(plan->counters,
              (std::map<std::string, std::uint64_t>{{"imap4.cnt", 1234}, {"imap4folder.cnt", 77}}));
    EXPECT_EQ(plan->accounts[2].settings.size(), 1U);
    EXPECT_EQ(find_line(report, "file-unknown")->file, "spool/taro/strange.bin");
    EXPECT_EQ(find_line(report, "not-looked-at")->file, "Data/pmail.ini");
    for (const char* code : {"read-txt", "server-filter", "special-file", "forward-disabled"})
        EXPECT_EQ(times(report, code), 1U) << code;
}

TEST(PmailPlan, NothingLikeIt) {
    Spool spool;
    spool.file("readme", "x");
    Report report;
    EXPECT_EQ((*open_source("pmail", spool.tree(), {}))->plan(report).error().kind, Kind::invalid);
    spool.file("1.eml", kMail);
    EXPECT_EQ((*open_source("pmail", spool.tree(), {}))->plan(report).error().kind, Kind::invalid);
    SourceOptions options;
    options.account = "taro@example.jp";
    const auto plan = (*open_source("pmail", spool.tree(), options))->plan(report);
    ASSERT_TRUE(plan);
    EXPECT_EQ(plan->accounts[0].directory, ".");
    EXPECT_EQ((*open_source("pmail", spool.tree(), options))
                  ->load(plan->accounts[0], report)
                  ->folders[0]
                  .mails.size(),
              1U);
}

TEST(PmailUidl, Pop3Form) {
    Spool spool;
    three_mails(spool);
    spool.file("spool/taro/UIDL.TXT",
               ";pmail-uidl 1 "
               "pop3\r\n3.EML,uid-3\r\n1.eml,\"uid,1\"\r\ngone.eml,x\r\n3.EML,again\r\nbroken\r\n");
    const auto got = load(spool);
    ASSERT_TRUE(got.mailbox);
    EXPECT_EQ(got.mails("INBOX"), "1.eml 0 0 2 uid,1\n2.imd 0 0 3 -\n3.EML 0 0 1 uid-3\n");
    EXPECT_EQ(times(got.report, "uidl-no-mail"), 1U);
    EXPECT_EQ(times(got.report, "uidl-line"), 2U);
    EXPECT_EQ(find_line(got.report, "uidl-unlisted")->values[0], "1");
}

TEST(PmailUidl, Imap4FormWithFolders) {
    Spool spool;
    three_mails(spool);
    spool.file("spool/taro/f1/4.imd", kMail);
    spool.file("spool/taro/f2/5.imd", kMail);
    spool.file(
        "spool/taro/uidl.txt",
        ";pmail-uidl 2 "
        "imap4\n1.eml,u1,11,RAS,2020-01-02T03:04:05+09:00,2\n2.imd,u2,10,FXM,,1\n3.EML,u3,12,D,,\n"
        "f1/4.imd,,5,S,2021-01-01T00:00:00Z,\n1.eml,u1,x,,,\n");
    spool.file("spool/taro/folder.txt",
               ";pmail-folder 2 imap4\n.,INBOX,,1234,99,1,\nf1,&Tgtm+DBN-,,777,6,0,\\Drafts\n"
               "f2,\x8e\x71,f1,778,50,1,\nf3,bad\xef\xbf\xbd,,1,1,1,\nf1,twice,,1,1,1,\n");
    const auto got = load(spool);
    ASSERT_TRUE(got.mailbox);
    EXPECT_EQ(got.mails("INBOX"), "2.imd 10 18 1 u2\n1.eml 11 9 2 u1\n3.EML 12 0 0 u3\n");
    const auto* inbox = got.folder("INBOX");
    EXPECT_EQ(inbox->uid_validity, 1234U);
    EXPECT_EQ(inbox->uid_next, 99U);
    EXPECT_TRUE(inbox->keeps_uids);
    EXPECT_EQ(inbox->mails[0].keywords, (std::vector<std::string>{"$MDNSENT"}));
    EXPECT_EQ(inbox->mails[1].internal_date, (mail::MailDate{1577901845, 540}));
    EXPECT_EQ(inbox->mails[1].date_source, DateSource::stored);
    const auto* drafts = got.folder("下書き");
    ASSERT_NE(drafts, nullptr);
    EXPECT_FALSE(drafts->subscribed);
    EXPECT_EQ(drafts->special_use, "\\Drafts");
    EXPECT_EQ(got.mails("下書き"), "4.imd 5 8 0 -\n");
    EXPECT_EQ(got.mails("下書き/子"), "5.imd 0 0 0 -\n");
    EXPECT_EQ(times(got.report, "flag-deleted"), 1U);
    EXPECT_EQ(times(got.report, "uidl-line"), 1U);
    EXPECT_EQ(times(got.report, "folder-line"), 2U);
}

TEST(PmailUidl, UnknownFormsRefuseTheMailbox) {
    for (const char* bytes : {"1.eml,u1\n", ";pmail-uidl 3 imap5\n1.eml,u1\n",
                              ";pmail-uidl 1 pop3\n\"open\n", "\x01\x02"}) {
        Spool spool;
        three_mails(spool);
        spool.file("spool/taro/uidl.txt", bytes);
        const auto refused = load(spool);
        ASSERT_FALSE(refused.mailbox) << bytes;
        EXPECT_EQ(refused.mailbox.error().kind, Kind::unsupported);
        EXPECT_EQ(refused.report.count(Severity::refused), 1U);
        SourceOptions options;
        options.new_uidls = true;
        const auto taken = load(spool, options);
        ASSERT_TRUE(taken.mailbox);
        EXPECT_EQ(taken.mails("INBOX"), "1.eml 0 0 1 -\n2.imd 0 0 2 -\n3.EML 0 0 3 -\n");
        EXPECT_EQ(times(taken.report, "uidl-new"), 1U);
    }
}

TEST(PmailUidl, GuessedOnlyWhereThereIsNoChoice) {
    const struct {
        const char* bytes;
        const char* mails;  // null: refused
    } cases[] = {
        {"3.EML,aa\r\n1.eml,bb\r\n2.imd,cc\r\n",
         "1.eml 0 0 2 bb\n2.imd 0 0 3 cc\n3.EML 0 0 1 aa\n"},
        {"aa\t1.eml\t \nbb\t2.imd\t \n", "1.eml 0 0 1 aa\n2.imd 0 0 2 bb\n3.EML 0 0 3 -\n"},
        {"same,1.eml,aa\nsame,2.imd,bb\n", "1.eml 0 0 1 aa\n2.imd 0 0 2 bb\n3.EML 0 0 3 -\n"},
        {"1.eml,aa,xx\n2.imd,bb,yy\n", nullptr},  // two columns could be it
        {"1.eml,aa\n2.imd,aa\n", nullptr},        // not unique
        {"1.eml,aa\ngone.eml,bb\n", nullptr},     // not a mail
        {"1.eml,aa\n2.imd\n", nullptr},           // uneven
        {"1.eml,\n", nullptr},
        {"", nullptr},
        {";pmail-uidl 9 x\n1.eml,aa\n", nullptr},  // a version that we don't know is no guess
    };
    for (const auto& c : cases) {
        Spool spool;
        three_mails(spool);
        spool.file("spool/taro/uidl.txt", c.bytes);
        SourceOptions options;
        options.accept_guessed = true;
        const auto got = load(spool, options);
        ASSERT_EQ(got.mailbox.has_value(), c.mails != nullptr) << c.bytes;
        if (c.mails == nullptr) continue;
        EXPECT_EQ(got.mails("INBOX"), c.mails) << c.bytes;
        EXPECT_EQ(times(got.report, "uidl-guessed"), 1U);
    }
}

TEST(PmailFolders, WithoutOrWithACircularTable) {
    Spool spool;
    spool.file("spool/taro/a/b/1.eml", kMail);
    spool.file("spool/taro/folder.txt", "binary?");
    const auto plain = load(spool);
    ASSERT_TRUE(plain.mailbox);
    EXPECT_NE(plain.folder("a/b"), nullptr);
    EXPECT_EQ(times(plain.report, "folder-form"), 1U);
    spool.file("spool/taro/folder.txt", ";pmail-folder 1\na,one,a/b\na/b,two,a\n");
    const auto circle = load(spool);
    ASSERT_TRUE(circle.mailbox);
    EXPECT_EQ(circle.mailbox->folders.size(), 3U);
    EXPECT_EQ(times(circle.report, "folder-circle"), 1U);
}

// Windows tells no difference between names in other cases, so neither did the old server.
TEST(PmailFolders, NamesInAnotherCase) {
    Spool spool;
    spool.file("spool/taro/000001.EML", kMail);
    spool.file("spool/taro/Box1/2.eml", kMail);
    spool.file("spool/taro/a.eml", kMail);
    spool.file("spool/taro/A.EML", kMail);
    spool.file("spool/taro/uidl.txt", ";pmail-uidl 2 imap4\n000001.eml,u1,11,S,,1\nbox1/2.EML,,5,,,\nA.eml,u3,12,,,2\n");
    spool.file("spool/taro/folder.txt",
               ";pmail-folder 2 imap4\nBOX1,one,,777,6,0,\nbox1/gone,two,box1,778,6,0,\nbox1,again,,779,6,0,\n");
    const auto got = load(spool);
    ASSERT_TRUE(got.mailbox);
    EXPECT_EQ(got.mailbox->folders.size(), 2U);
    EXPECT_EQ(got.mails("one"), "2.eml 5 0 0 -\n");
    EXPECT_NE(got.mails("INBOX").find("000001.EML 11 8 1 u1\n"), std::string::npos);
    EXPECT_EQ(times(got.report, "uidl-no-mail"), 1U) << "one of two that differ in nothing else";
    EXPECT_EQ(find_line(got.report, "folder-no-directory")->values[0], "box1/gone");
    EXPECT_EQ(times(got.report, "folder-line"), 1U);
}

TEST(PmailCounters, Forms) {
    const struct {
        const char* bytes;
        std::optional<std::uint64_t> value;
    } cases[] = {{"1", 1},
                 {" 4294967294\r\n", 4294967294},
                 {";pmail-cnt 1\n42\n", 42},
                 {"0", {}},
                 {"4294967295", {}},
                 {"", {}},
                 {";pmail-cnt 2\n42\n", {}},
                 {"12 13", {}},
                 {"abc", {}},
                 {";pmail-cnt 1", {}}};
    for (const auto& c : cases) {
        const auto value = parse_counter_file(c.bytes);
        EXPECT_EQ(value.has_value(), c.value.has_value()) << c.bytes;
        if (value && c.value) {
            EXPECT_EQ(*value, *c.value);
        }
    }
}

TEST(PmailRules, Forwarding) {
    Report report;
    AccountReport account{report, "a@b.example"};
    const auto rules = parse_forward_file(
        "a@b.example,c@d.example,NONE\r\na@b.example,Delete,,disable\r\na@b.example,FILTERNONE,@"
        "list.example,boss\n"
        "a@b.example,FILTERDELETE,x\na@b.example,SUBJECTONLY\na@b.example,FILTERSUBJECTONLY,"
        "\x8e\x52\x93\x63\n\n"
        "NONE\nnobody,NONE\na@b.example,FILTERNONE\na@b.example,WHAT\na@b.example,NONE,,disable,"
        "more\n",
        "forward.txt", account);
    ASSERT_EQ(rules.size(), 6U);
    EXPECT_EQ(rules[0].to, (std::vector<std::string>{"a@b.example", "c@d.example"}));
    EXPECT_TRUE(rules[0].keep && rules[0].enabled && rules[0].if_sender_contains.empty());
    EXPECT_FALSE(rules[1].keep || rules[1].enabled);
    EXPECT_EQ(rules[2].if_sender_contains, (std::vector<std::string>{"@list.example", "boss"}));
    EXPECT_FALSE(rules[3].keep);
    EXPECT_TRUE(rules[4].subject_only && rules[4].keep);
    EXPECT_EQ(rules[5].if_sender_contains[0], "山田");
    EXPECT_EQ(times(report, "forward-line"), 5U);
    EXPECT_EQ(find_line(report, "forward-line")->line, 8U);
    expect_sentences(report);
}

TEST(PmailRules, FiltersAreKeptAndNeverRun) {
    Report report;
    AccountReport account{report, "a@b.example"};
    const auto rules = parse_filter_file(
        "FILTER1=\"spam, "
        "ads\",\"DELETE\",\"1000\"\r\nFILTERSTART1\r\nSubject:"
        "\x8d\x4c\x8d\x90\r\nFILTEREND2\r\nFILTEREND1\r\n"
        "stray\r\nFILTER2=\"only two\",\"x\"\r\nfilter3 = \"b\",\"c\",\"\"\r\n",
        "filter.txt", account);
    ASSERT_EQ(rules.size(), 2U);
    EXPECT_EQ(nlohmann::json::parse(filter_json(rules)), nlohmann::json::parse(R"({"rules":[
                  {"name":"spam, ads","enabled":false,"size_max":1000,"source":["type=DELETE","Subject:広告","FILTEREND2"]},
                  {"name":"b","enabled":false,"source":["type=c"]}]})"));
    EXPECT_EQ(times(report, "pmail-filter"), 2U);
    EXPECT_EQ(times(report, "pmail-filter-line"), 2U);
    expect_sentences(report);
}

}  // namespace
}  // namespace tayori::legacy::pmail
