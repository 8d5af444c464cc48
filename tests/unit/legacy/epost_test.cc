#include <gtest/gtest.h>

#include <map>

#include "common/legacy/source.h"
#include "spool.h"

namespace tayori::legacy {
namespace {

struct Loaded {
    Report report;
    Mailbox mailbox;

    const Folder* folder(std::string_view name) const {
        for (const auto& folder : mailbox.folders)
            if (folder.name == name) return &folder;
        return nullptr;
    }
    // "uid flags order uidl", one mail a line.
    std::string mails(std::string_view name) const {
        std::string out;
        const auto* found = folder(name);
        if (found == nullptr) return "no such folder";
        for (const auto& mail : found->mails)
            append(out, mail.uid, ' ', mail.flags, ' ', mail.pop3_order, ' ',
                   mail.uidl.empty() ? "-" : mail.uidl, '\n');
        return out;
    }
};

std::unique_ptr<Source> epost(const Tree& tree, SourceOptions options = {}) {
    auto source = open_source("epost", tree, std::move(options));
    EXPECT_TRUE(source);
    return std::move(*source);
}

Plan plan_of(Spool& spool, Report& report, SourceOptions options = {}) {
    const auto source = epost(spool.tree(), std::move(options));
    auto plan = source->plan(report);
    EXPECT_TRUE(plan) << plan.error().text;
    expect_sentences(report);
    return plan ? std::move(*plan) : Plan{};
}

std::string addresses(const Plan& plan) {
    std::string out;
    for (const auto& account : plan.accounts)
        append(out, out.empty() ? "" : " ", account.address, '=', account.directory, ':',
               account.mails);
    return out;
}

// The mailbox taro of example.jp.
Loaded load(Spool& spool, SourceOptions options = {}) {
    Loaded out;
    const auto source = epost(spool.tree(), std::move(options));
    Account account;
    account.address = "taro@example.jp";
    account.directory = "inbox/example.jp/taro";
    auto mailbox = source->load(account, out.report);
    EXPECT_TRUE(mailbox) << mailbox.error().text;
    if (mailbox) out.mailbox = std::move(*mailbox);
    expect_sentences(out.report);
    return out;
}
const std::string kTaro = "inbox/example.jp/taro/";

TEST(EpostLayout, WithDomains) {
    Spool spool;
    spool.file("inbox/example.jp/taro/B0000000001.MSG", sample("B0000000001", "<1@x>"));
    spool.file("inbox/example.jp/taro/inbox/0000000001-000000.MSG", sample("B0000000001", "<1@x>"));
    spool.file("inbox/example.jp/taro/&Tgtm+DBN-/0000000001-000000.MSG",
               sample("B0000000002", "<2@x>"));
    spool.file("inbox/example.jp/Hanako/apop.dat", "secret\r\n");
    spool.folder("inbox/example.jp/empty");
    spool.file("inbox/b.example/moved/inbox/0000000007-000010.MSG", sample("B0000000003", "<3@x>"));
    spool.folder("inbox/unused.example");
    spool.file("db/example.jp.idx", std::string("\0\1\2", 3));
    spool.file("inbox/b.example.IDX", "x");
    spool.file("log/smtp.log", "x");
    Report report;
    const auto plan = plan_of(spool, report);
    EXPECT_EQ(
        addresses(plan),
        "empty@example.jp=inbox/example.jp/empty:0 hanako@example.jp=inbox/example.jp/Hanako:0 "
        "moved@b.example=inbox/b.example/moved:1 taro@example.jp=inbox/example.jp/taro:3");
    EXPECT_EQ(find_line(report, "epost-idx")->file, "db/example.jp.idx");
    EXPECT_EQ(times(report, "epost-idx"), 2U);
    EXPECT_EQ(find_line(report, "not-looked-at")->file, "log");
    EXPECT_EQ(times(report, "account-no-password"), 3U);
    EXPECT_EQ(plan.accounts[1].password, "secret");
    EXPECT_EQ(all_text(report).find("secret"), std::string::npos);
}

TEST(EpostLayout, WithoutDomains) {
    Spool spool;
    spool.file("INBOX/taro/b0000000001.msg",
               sample("B0000000001", "<1@x>"));  // as EMWAC on a case-keeping copy
    spool.file("INBOX/taro.yamada/size.ctl", "0");
    spool.file("INBOX/jiro/inbox/uid", "1");
    Report report;
    SourceOptions options;
    options.domain = "Example.JP";
    EXPECT_EQ(addresses(plan_of(spool, report, options)),
              "jiro@example.jp=INBOX/jiro:0 taro.yamada@example.jp=INBOX/taro.yamada:0 "
              "taro@example.jp=INBOX/taro:1");
    // Nothing tells the domain.
    Report second;
    const auto plan = plan_of(spool, second);
    EXPECT_EQ(times(second, "account-address"), 3U);
    EXPECT_EQ(second.count(Severity::refused), 3U);
    for (const auto& account : plan.accounts) EXPECT_EQ(account.address, "");
}

TEST(EpostLayout, TheInboxFolderItselfAndAUserCalledInbox) {
    Spool spool;
    spool.file("example.jp/inbox/B0000000001.MSG", sample("B0000000001", "<1@x>"));
    spool.file("example.jp/taro/B0000000002.MSG", sample("B0000000002", "<2@x>"));
    Report report;
    EXPECT_EQ(addresses(plan_of(spool, report)),
              "inbox@example.jp=example.jp/inbox:1 taro@example.jp=example.jp/taro:1");
}

TEST(EpostLayout, OneMailbox) {
    Spool spool;
    spool.file("B0000000001.MSG", sample("B0000000001", "<1@x>"));
    spool.file("inbox/0000000005-000010.MSG", sample("B0000000001", "<1@x>"));
    Report report;
    EXPECT_EQ(epost(spool.tree())->plan(report).error().kind, Kind::invalid);
    SourceOptions options;
    options.account = "Taro@example.jp";
    const auto source = epost(spool.tree(), options);
    const auto plan = source->plan(report);
    ASSERT_TRUE(plan);
    EXPECT_EQ(addresses(*plan), "taro@example.jp=.:2");
    const auto mailbox = source->load(plan->accounts[0], report);
    ASSERT_TRUE(mailbox);
    ASSERT_EQ(mailbox->folders[0].mails.size(), 1U);
    EXPECT_EQ(mailbox->folders[0].mails[0].file, "inbox/0000000005-000010.MSG");
    EXPECT_EQ(mailbox->folders[0].mails[0].uidl, "B0000000001.MSG");
}

TEST(EpostLayout, NothingLikeIt) {
    Spool spool;
    spool.file("readme.txt", "x");
    Report report;
    EXPECT_EQ(epost(spool.tree())->plan(report).error().kind, Kind::invalid);
    EXPECT_EQ(open_source("exchange", spool.tree(), {}).error().kind, Kind::unsupported);
}

TEST(EpostLayout, LinksAreReportedAndNotFollowed) {
    Spool spool;
    spool.file("inbox/example.jp/taro/B0000000001.MSG", sample("B0000000001", "<1@x>"));
    spool.link("/etc", "inbox/example.jp/jiro");
    spool.link("/etc/passwd", "inbox/example.jp/taro/B0000000002.MSG");
    spool.link("taro", "inbox/example.jp/taro/inbox");
    Report report;
    EXPECT_EQ(addresses(plan_of(spool, report)), "taro@example.jp=inbox/example.jp/taro:1");
    EXPECT_EQ(times(report, "special-file"), 3U);
    EXPECT_EQ(report.count(Severity::refused), 3U);
    EXPECT_EQ(load(spool).mails("INBOX"), "0 0 1 B0000000001.MSG\n");
}

TEST(EpostLayout, TwoDirectoriesForOneAddress) {
    Spool spool;
    spool.file("inbox/example.jp/Taro/B0000000001.MSG", "x: y\r\n\r\n");
    spool.file("inbox/example.jp/taro/B0000000001.MSG", "x: y\r\n\r\n");
    Report report;
    const auto plan = plan_of(spool, report);
    EXPECT_EQ(times(report, "account-twice"), 1U);
    EXPECT_EQ(addresses(plan), "=inbox/example.jp/taro:1 taro@example.jp=inbox/example.jp/Taro:1");
}

TEST(EpostLayout, WhatWasPutAsideIsNoAccount) {
    Spool spool;
    spool.file("inbox/example.jp/taro/B0000000001.MSG", "x: y\r\n\r\n");
    spool.file("inbox/example.jp/~taro/B0000000001.MSG", "x: y\r\n\r\n");
    spool.file("inbox/example.jp/jiro~/B0000000001.MSG", "x: y\r\n\r\n");
    Report report;
    EXPECT_EQ(addresses(plan_of(spool, report)),
              "=inbox/example.jp/jiro~:1 =inbox/example.jp/~taro:1 "
              "taro@example.jp=inbox/example.jp/taro:1");
    EXPECT_EQ(report.count(Severity::refused), 2U);
    EXPECT_EQ(times(report, "account-address"), 2U);
}

TEST(EpostPop3, OrderIsTheNumberAndUidlTheName) {
    Spool spool;
    spool.file(kTaro + "B0000000010.MSG", sample("B0000000010", "<10@x>"));
    spool.file(kTaro + "b0000000009.msg", sample("B0000000009", "<9@x>"));
    spool.file(kTaro + "B100000000000.MSG", sample("B100000000000", "<11@x>"));
    spool.file(kTaro + "copy of it.msg", sample("B0000000001", "<1@x>"));
    const auto got = load(spool);
    ASSERT_NE(got.folder("INBOX"), nullptr);
    const auto& mails = got.folder("INBOX")->mails;
    ASSERT_EQ(mails.size(), 4U);
    EXPECT_EQ(mails[0].uidl, "b0000000009.msg");
    EXPECT_EQ(mails[1].uidl, "B0000000010.MSG");
    EXPECT_EQ(mails[2].uidl, "B100000000000.MSG");
    EXPECT_EQ(mails[3].uidl.size(), 32U);  // a name with blanks is no UIDL
    EXPECT_EQ(mails[3].pop3_order, 4U);
    EXPECT_FALSE(got.folder("INBOX")->keeps_uids);
    EXPECT_EQ(times(got.report, "pop3-name"), 1U);
    EXPECT_EQ(times(got.report, "uidl-hashed"), 1U);
}

TEST(EpostCopies, AreOneMail) {
    Spool spool;
    // POP3 shows 1-4. IMAP has 1 and 2 in INBOX, 3 was filed, 4 came since the last login; 9 was
    // moved when POP3 was off.
    for (int n = 1; n <= 4; ++n)
        spool.file(cat(kTaro, "B000000000", n, ".MSG"),
                   sample(cat("B000000000", n), cat("<", n, "@x>")));
    spool.file(kTaro + "inbox/0000000102-000010.MSG", sample("B0000000002", "<2@x>"));
    spool.file(kTaro + "inbox/0000000101-101010.MSG", sample("B0000000001", "<1@x>"));
    spool.file(kTaro + "inbox/0000000090-000000.MSG", sample("B0000000009", "<9@x>"));
    spool.file(kTaro + "Archive/0000000001-001000.MSG", sample("B0000000003", "<3@x>"));
    spool.file(kTaro + "inbox/uid", "103\r\n");
    const auto got = load(spool);
    EXPECT_EQ(got.mails("INBOX"),
              "90 0 0 B0000000009.MSG\n"
              "101 10 1 B0000000001.MSG\n"
              "102 8 2 B0000000002.MSG\n"
              "103 0 4 B0000000004.MSG\n");
    EXPECT_EQ(got.mails("Archive"), "1 2 3 B0000000003.MSG\n");
    EXPECT_TRUE(got.folder("INBOX")->keeps_uids);
    EXPECT_EQ(got.folder("INBOX")->uid_next, 104U);
    EXPECT_EQ(find_line(got.report, "copies-joined")->values, (std::vector<std::string>{"3", "1"}));
    EXPECT_EQ(find_line(got.report, "pop3-hidden")->values, (std::vector<std::string>{"1"}));
}

TEST(EpostCopies, ACounterThatBeganAnewMakesNoCopies) {
    Spool spool;
    spool.file(kTaro + "B0000000001.MSG", sample("B0000000001", "<new@x>"));
    spool.file(kTaro + "inbox/0000000005-000000.MSG", sample("B0000000001", "<old@x>"));
    const auto got = load(spool);
    EXPECT_EQ(got.mails("INBOX"), "5 0 0 -\n6 0 1 B0000000001.MSG\n");
}

TEST(EpostCopies, SeveralCopiesBelongToTheInbox) {
    Spool spool;
    spool.file(kTaro + "B0000000001.MSG", sample("B0000000001", "<1@x>"));
    spool.file(kTaro + "Archive/0000000001-000000.MSG", sample("B0000000001", "<1@x>"));
    spool.file(kTaro + "inbox/0000000005-000000.MSG", sample("B0000000001", "<1@x>"));
    const auto got = load(spool);
    EXPECT_EQ(got.mails("INBOX"), "5 0 1 B0000000001.MSG\n");
    EXPECT_EQ(got.mails("Archive"), "1 0 0 -\n");
    EXPECT_EQ(times(got.report, "copies-several"), 1U);
    EXPECT_NE(got.folder("INBOX")->mails[0].identity, got.folder("Archive")->mails[0].identity);
}

TEST(EpostCopies, WithoutReceivedAreFoundByTheirHeader) {
    SampleMail mail;
    mail.received.clear();
    Spool spool;
    spool.file(kTaro + "B0000000001.MSG", mail.text());
    spool.file(kTaro + "inbox/0000000005-000000.MSG", mail.text());
    EXPECT_EQ(load(spool).mails("INBOX"), "5 0 1 B0000000001.MSG\n");
}

TEST(EpostIdentity, StaysWhenFilesAreRenamedAndMoved) {
    Spool spool;
    spool.file(kTaro + "B0000000001.MSG", sample("B0000000001", "<1@x>"));
    const auto first = load(spool).folder("INBOX")->mails[0].identity;
    spool.rename(kTaro + "B0000000001.MSG", kTaro + "inbox/0000000001-000000.MSG");
    EXPECT_EQ(load(spool).folder("INBOX")->mails[0].identity, first);
    spool.rename(kTaro + "inbox/0000000001-000000.MSG", kTaro + "Old/0000000001-000010.MSG");
    EXPECT_EQ(load(spool).folder("Old")->mails[0].identity, first);
    spool.file(kTaro + "B0000000001.MSG", sample("B0000000001", "<other@x>"));
    EXPECT_NE(load(spool).folder("INBOX")->mails[0].identity, first);
}

TEST(EpostFolders, NamesLevelsAndSpecialUse) {
    Spool spool;
    const auto mail = sample("B0000000001", "<1@x>");
    spool.file(kTaro + "inbox/0000000001-000000.MSG", mail);
    spool.folder(kTaro + "inbox/&Tgtm+DBN-");
    spool.folder(kTaro + "inbox/a/b");
    spool.folder(kTaro + "&kAFP4W4IMH8wyDDsMKQ-");
    spool.folder(kTaro + "\x82\xb2\x82\xdd\x94\xa0");  // ごみ箱 in cp932
    spool.folder(kTaro + "下書き");
    const auto got = load(spool);
    std::map<std::string, std::string> names;
    for (const auto& folder : got.mailbox.folders) names[folder.name] = folder.special_use;
    EXPECT_EQ(names, (std::map<std::string, std::string>{{"INBOX", ""},
                                                         {"INBOX/下書き", ""},
                                                         {"INBOX/a", ""},
                                                         {"INBOX/a/b", ""},
                                                         {"送信済みトレイ", "\\Sent"},
                                                         {"ごみ箱", "\\Trash"},
                                                         {"下書き", "\\Drafts"}}));
    EXPECT_EQ(got.mailbox.folders.front().name, "INBOX");
    EXPECT_EQ(got.folder("INBOX/下書き")->raw_name, "inbox/&Tgtm+DBN-");
}

TEST(EpostFolders, JapaneseInboxIsMerged) {
    Spool spool;
    spool.file(kTaro + "inbox/0000000005-000010.MSG", sample("B0000000001", "<1@x>"));
    spool.file(kTaro + "&U9dP4TDIMOwwpA-/0000000003-001000.MSG", sample("B0000000002", "<2@x>"));
    spool.file(kTaro + "&U9dP4TDIMOwwpA-/0000000001-000010.MSG", sample("B0000000003", "<3@x>"));
    spool.file(kTaro + "&U9dP4TDIMOwwpA-/sub/0000000001-000000.MSG",
               sample("B0000000004", "<4@x>"));
    spool.file(kTaro + "B0000000002.MSG", sample("B0000000002", "<2@x>"));
    const auto got = load(spool);
    EXPECT_EQ(got.mails("INBOX"),
              "5 8 0 B0000000001.MSG\n6 8 0 B0000000003.MSG\n7 2 1 B0000000002.MSG\n");
    EXPECT_EQ(got.mails("INBOX/sub"), "1 0 0 B0000000004.MSG\n");
    EXPECT_EQ(got.mailbox.folders.size(), 2U);
    EXPECT_EQ(find_line(got.report, "inbox-merged")->values[0], "2");
}

TEST(EpostFolders, UidFile) {
    const struct {
        const char* content;
        std::uint32_t next;
        const char* code;
    } cases[] = {
        {"11", 11, ""},
        {" 500 \r\n", 500, ""},
        {"10", 11, "uid-file-old"},
        {"1", 11, "uid-file-old"},
        {"", 11, "uid-file-unreadable"},
        {"abc", 11, "uid-file-unreadable"},
        {"-5", 11, "uid-file-unreadable"},
        {"99999999999", 11, "uid-file-unreadable"},
        {"4294967296", 11, "uid-file-unreadable"},
        {"0", 11, "uid-file-unreadable"},
    };
    for (const auto& c : cases) {
        Spool spool;
        spool.file(kTaro + "inbox/0000000010-000000.MSG", sample("B0000000001", "<1@x>"));
        spool.file(kTaro + "inbox/UID", c.content);
        const auto got = load(spool);
        EXPECT_EQ(got.folder("INBOX")->uid_next, c.next) << c.content;
        EXPECT_EQ(times(got.report, "uid-file-old") + times(got.report, "uid-file-unreadable"),
                  *c.code == '\0' ? 0U : 1U);
        if (*c.code != '\0') {
            EXPECT_EQ(times(got.report, c.code), 1U) << c.content;
        }
    }
}

TEST(EpostFolders, UidsAtTheEndAreRenumbered) {
    Spool spool;
    spool.file(kTaro + "inbox/0000000001-000000.MSG", sample("B0000000001", "<1@x>"));
    spool.file(kTaro + "inbox/4294967295-000000.MSG", sample("B0000000002", "<2@x>"));
    spool.file(kTaro + "Old/3000000000-000000.MSG", sample("B0000000003", "<3@x>"));
    auto got = load(spool);
    EXPECT_FALSE(got.folder("INBOX")->keeps_uids);
    EXPECT_FALSE(got.folder("Old")->keeps_uids);
    EXPECT_EQ(times(got.report, "uid-too-high"), 2U);
    SourceOptions options;
    options.keep_high_uids = true;
    got = load(spool, options);
    EXPECT_FALSE(got.folder("INBOX")->keeps_uids);
    EXPECT_TRUE(got.folder("Old")->keeps_uids);
    EXPECT_EQ(got.mails("Old"), "3000000000 0 0 B0000000003.MSG\n");
}

TEST(EpostFolders, FlagsAndOddNames) {
    Spool spool;
    spool.file(kTaro + "inbox/0000000001-111111.MSG", sample("B0000000001", "<1@x>"));
    spool.file(kTaro + "inbox/0000000002-000001.msg", sample("B0000000002", "<2@x>"));
    spool.file(kTaro + "inbox/0000000003-000002.MSG", sample("B0000000003", "<3@x>"));
    spool.file(kTaro + "inbox/B0000000004.MSG", sample("B0000000004", "<4@x>"));
    spool.file(kTaro + "inbox/notes.txt", "x");
    const auto got = load(spool);
    EXPECT_EQ(got.mails("INBOX"),
              "1 27 0 B0000000001.MSG\n2 16 0 B0000000002.MSG\n3 0 0 B0000000003.MSG\n4 0 0 "
              "B0000000004.MSG\n");
    EXPECT_EQ(find_line(got.report, "flag-deleted")->file, kTaro + "inbox/0000000001-111111.MSG");
    EXPECT_EQ(times(got.report, "imap-name"), 2U);
    EXPECT_EQ(find_line(got.report, "file-unknown")->file, kTaro + "inbox/notes.txt");
}

TEST(EpostMails, DamagedOnesAreRefusedOrTakenWithALine) {
    Spool spool;
    spool.file(kTaro + "B0000000001.MSG", "");
    spool.file(kTaro + "B0000000002.MSG", std::string(4096, '\0'));
    spool.file(kTaro + "B0000000003.MSG", "\xff\x12\x34");
    spool.file(kTaro + "B0000000004.MSG", "Received: from a by b;\r\n\tTue, 14 No");
    spool.file(kTaro + "B0000000005.MSG", "no header at all\r\n");
    spool.file(kTaro + "B0000000006.MSG", sample("B0000000006", "<6@x>"));
    const auto got = load(spool);
    EXPECT_EQ(got.mails("INBOX"),
              "0 0 1 B0000000004.MSG\n0 0 2 B0000000005.MSG\n0 0 3 B0000000006.MSG\n");
    EXPECT_EQ(times(got.report, "mail-empty"), 2U);
    EXPECT_EQ(times(got.report, "mail-obfuscated"), 1U);
    EXPECT_EQ(times(got.report, "mail-half-written"), 1U);
    EXPECT_EQ(times(got.report, "mail-no-header"), 1U);
    EXPECT_EQ(got.report.count(Severity::refused), 3U);
}

TEST(EpostMails, StuffedSpoolAndDates) {
    Spool spool;
    SampleMail mail;
    mail.body = "a\r\n..b\r\n.\r\n";
    spool.file(kTaro + "B0000000001.MSG", mail.text(), kSpoolTime + 60);
    spool.file(kTaro + "B0000000002.MSG", sample("B0000000002", "<2@x>"),
               kSpoolTime + 90 * 24 * 3600);
    const auto got = load(spool);
    const auto& mails = got.folder("INBOX")->mails;
    ASSERT_EQ(mails.size(), 2U);
    EXPECT_EQ(mails[0].wrapping, Wrapping::dot_stuffed);
    EXPECT_EQ(mails[0].internal_date->unix_s, kSpoolTime + 60);
    EXPECT_EQ(mails[1].wrapping, Wrapping::plain);
    EXPECT_EQ(mails[1].internal_date->unix_s, kSpoolTime);
    EXPECT_EQ(mails[1].date_source, DateSource::received);
    EXPECT_EQ(find_line(got.report, "dot-stuffed")->values[0], "1");
    EXPECT_EQ(find_line(got.report, "dates")->values,
              (std::vector<std::string>{"2", "1", "1", "0", "0"}));
    EXPECT_TRUE(read_message(spool.tree(), mails[0], 10'000)->ends_with("\r\n\r\na\r\n.b\r\n"));
}

TEST(EpostMails, BytesAreNeverRecoded) {
    SampleMail mail;
    mail.body = "\x93\xfa\x96\x7b\x8c\xea\r\n";
    auto text = mail.text();
    text.insert(text.find("Subject: ") + 9, "\x93\xfa\x96\x7b ");  // raw Shift_JIS in a header
    Spool spool;
    spool.file(kTaro + "B0000000001.MSG", text);
    const auto got = load(spool);
    EXPECT_EQ(read_message(spool.tree(), got.folder("INBOX")->mails[0], 10'000).value(), text);
}

}  // namespace
}  // namespace tayori::legacy
