// Maildirs as servers leave them, whole and damaged.
#include "common/legacy/maildir/maildir.h"

#include <gtest/gtest.h>

#include "common/legacy/maildir/uidlist.h"
#include "memory_tree.h"

namespace tayori::legacy {
namespace {

using namespace maildir;

TEST(UidList, HeadersOfEveryKind) {
    const struct {
        const char* text;
        bool good;
        std::uint32_t validity, next;
    } cases[] = {
        {"3 V1275660208 N25022 G3085f01b\n", true, 1275660208, 25022},
        {"3 N5 V7\r\n", true, 7, 5},
        {"1 1173189136 20221\n", true, 1173189136, 20221},
        {"", false, 0, 0},
        {"\n", false, 0, 0},
        {"2 1 1\n", false, 0, 0},
        {"3 V0 N1\n", false, 0, 0},
        {"3 V1\n", false, 0, 0},
        {"3 V99999999999 N1\n", false, 0, 0},
        {"1 5\n", false, 0, 0},
        {"three V1 N1\n", false, 0, 0},
    };
    for (const auto& c : cases) {
        const auto list = parse_uidlist(c.text);
        ASSERT_EQ(list.has_value(), c.good) << c.text;
        if (!list) continue;
        EXPECT_EQ(list->uid_validity, c.validity) << c.text;
        EXPECT_EQ(list->uid_next, c.next) << c.text;
    }
}

TEST(UidList, RecordsAndDamagedLines) {
    const auto list = parse_uidlist(
        "3 V1 N99\n"
        "1 :a:2,S\n"
        "2 Pold-uidl O7 W2481 S2400 G00 :b,S=12\n"
        "3 P :c\n"
        "4 H1 Zfuture :d:2,\n"
        "x :e\n"
        "5 w1 :f\n"
        "6 Onan :g\n"
        "7 W1\n"
        "8 :../h\n"
        "9 :cut off");
    ASSERT_TRUE(list);
    ASSERT_EQ(list->records.size(), 4u);
    EXPECT_EQ(list->records[0], (UidRecord{1, "a", std::nullopt, 0, false}));
    EXPECT_EQ(list->records[1], (UidRecord{2, "b,S=12", "old-uidl", 7, false}));
    EXPECT_EQ(list->records[2], (UidRecord{3, "c", "", 0, false}));
    EXPECT_EQ(list->records[3], (UidRecord{4, "d", std::nullopt, 0, true}));
    EXPECT_EQ(list->bad_lines, (std::vector<std::uint64_t>{6, 7, 8, 9, 10, 11}));
}

TEST(UidList, OtherFiles) {
    const auto sizes = parse_sizelist("/2 3 77\na,S=1:2,S 10 1:77\nb 5 2:0\nbroken\n");
    ASSERT_TRUE(sizes);
    ASSERT_EQ(sizes->records.size(), 2u);
    EXPECT_EQ(sizes->records[0].uidl, "UID1-77");
    EXPECT_EQ(sizes->records[1].uidl, "b");
    EXPECT_EQ(sizes->bad_lines, (std::vector<std::uint64_t>{4}));
    EXPECT_FALSE(parse_sizelist("/1 3\n"));

    std::vector<std::uint64_t> bad;
    const auto keywords = parse_keywords("0 $Label1\n25 Z\n26 beyond\n1 bad name\nx y\n0 twice\n", bad);
    EXPECT_EQ(keywords, (std::map<char, std::string>{{'a', "$Label1"}, {'z', "Z"}}));
    EXPECT_EQ(bad, (std::vector<std::uint64_t>{4, 5, 6}));

    EXPECT_EQ(parse_subscriptions("INBOX\nINBOX.Sent\n\nA.B\n", '.'), (std::vector<std::string>{"INBOX", "Sent", "A.B"}));
    EXPECT_EQ(parse_subscriptions("V\t2\n\nA\tB\n", '/'), (std::vector<std::string>{"A/B"}));

    EXPECT_EQ(parse_maildirsize("1000000S,500C\n10 1\n"), 1'000'000u);
    EXPECT_EQ(parse_maildirsize("500C,7S\n"), 7u);
    EXPECT_EQ(parse_maildirsize("0S\n"), std::nullopt);
    EXPECT_EQ(parse_maildirsize("garbage"), std::nullopt);

    EXPECT_EQ(parse_mail_file_name("1.M2.host,S=12,W=13:2,RS").base, "1.M2.host,S=12,W=13");
    EXPECT_EQ(parse_mail_file_name("1.M2.host,S=12,W=13:2,RS").letters, "RS");
    EXPECT_EQ(parse_mail_file_name("1.M2.host,S=12,W=13:2,RS").bytes, 12u);
    EXPECT_EQ(parse_mail_file_name("1.M2.host;2,S").base, "1.M2.host");
    EXPECT_EQ(parse_mail_file_name("1.M2.host:1,x").base, "1.M2.host");
}

class MaildirTest : public ::testing::Test {
  protected:
    Mailbox load(SourceOptions options = {}) {
        if (options.account.empty() && options.domain.empty()) options.account = "taro@example.jp";
        auto source = make_maildir(tree, std::move(options));
        const auto plan = source->plan(report);
        EXPECT_TRUE(plan) << (plan ? "" : plan.error().text);
        if (!plan) return {};
        plan_ = *plan;
        auto mailbox = source->load(plan->accounts.at(0), report);
        EXPECT_TRUE(mailbox);
        return mailbox ? *mailbox : Mailbox{};
    }
    MemoryTree tree;
    Report report;
    Plan plan_;
};

TEST_F(MaildirTest, DovecotKeepsUidsUidlsAndOrder) {
    tree.add("dovecot-uidlist", "3 V4660 N40\n5 :one\n7 Pold O1 :two\n9 P :three\n")
        .add("dovecot-keywords", "0 $Label1\n")
        .add("cur/one:2,Sa", "Subject: 1\n\nx\n", 100)
        .add("cur/two:2,RFDT", "Subject: 2\n\nx\n", 200)
        .add("cur/three:2,Pq", "Subject: 3\n\nx\n", 300)
        .add("new/four", "Subject: 4\n\nx\n", 400);
    const auto mailbox = load();
    ASSERT_EQ(mailbox.folders.size(), 1u);
    const auto& inbox = mailbox.folders[0];
    EXPECT_TRUE(inbox.keeps_uids);
    EXPECT_EQ(inbox.uid_validity, 4660u);
    EXPECT_EQ(inbox.uid_next, 41u);
    ASSERT_EQ(inbox.mails.size(), 4u);
    EXPECT_EQ(inbox.mails[0].uid, 5u);
    EXPECT_EQ(inbox.mails[0].uidl, "0000000500001234");
    EXPECT_EQ(inbox.mails[0].pop3_order, 2u);
    EXPECT_EQ(inbox.mails[0].flags, kSeen);
    EXPECT_EQ(inbox.mails[0].keywords, std::vector<std::string>{"$Label1"});
    EXPECT_EQ(inbox.mails[1].uidl, "old");
    EXPECT_EQ(inbox.mails[1].pop3_order, 1u);
    EXPECT_EQ(inbox.mails[1].flags, kAnswered | kFlagged | kDraft);  // Deleted is a line of the report
    EXPECT_EQ(inbox.mails[2].uidl, "three");
    EXPECT_EQ(inbox.mails[2].keywords, std::vector<std::string>{"$Forwarded"});
    EXPECT_EQ(inbox.mails[3].uid, 40u);  // what Dovecot would have given it
    EXPECT_EQ(inbox.mails[3].uidl, "0000002800001234");
    EXPECT_EQ(inbox.mails[3].internal_date->unix_s, 400);
    EXPECT_EQ(times(report, "flag-deleted", "cur/two:2,RFDT"), 1u);
    EXPECT_EQ(times(report, "keyword-without-name"), 1u);
}

TEST_F(MaildirTest, UidsThatCantBeKept) {
    const struct {
        const char* list;
        const char* code;
        bool keeps;
    } cases[] = {
        {"3 V1 N9\n5 :a\n4 :b\n", "uids-not-ascending", false},
        {"3 V1 N9\n5 :a\n5 :b\n", "uid-twice", false},
        {"3 V1 N9\n5 :a\n2147483648 :b\n", "uid-too-high", false},
        {"3 V1 N4294967295\n5 :a\n6 :b\n", "uid-too-high", false},
        {"4 V1 N9\n5 :a\n", "list-version-unknown", false},
        {"garbage\n", "list-header-damaged", false},
        {"3 V1 N9\n5 :a\n6 :b\n7 :gone\n", "list-files-gone", true},
        {"3 V1 N9\n5 :a\n6 :a\n7 :b\n", "list-name-twice", true},
        {"3 V1 N9\n5 :a\nbad :b\n", "list-line-damaged", true},
    };
    for (const auto& c : cases) {
        tree = {};
        report = Report();
        tree.add("dovecot-uidlist", c.list).add("cur/a:2,", "x: 1\n\n1").add("cur/b:2,", "x: 2\n\n2");
        const auto mailbox = load();
        EXPECT_EQ(mailbox.folders.at(0).keeps_uids, c.keeps) << c.list;
        EXPECT_EQ(mailbox.folders.at(0).mails.size(), 2u) << c.list;
        EXPECT_GE(times(report, c.code), 1u) << c.list << c.code;
    }
}

TEST_F(MaildirTest, RenumberedFoldersKeepTheirUidls) {
    tree.add("dovecot-uidlist", "3 V1 N9\n5 :a\n4 :b\n").add("cur/a:2,", "x: 1\n\n1").add("cur/b:2,", "x: 2\n\n2");
    const auto mailbox = load();
    EXPECT_EQ(mailbox.folders.at(0).mails.at(0).uidl, "0000000500000001");
    EXPECT_EQ(mailbox.folders.at(0).mails.at(1).uidl, "0000000400000001");
}

TEST_F(MaildirTest, ALostListGivesNoUidls) {
    tree.add("dovecot-uidlist", "garbage\n").add("cur/a:2,", "x: 1\n\n1");
    const auto mailbox = load();
    EXPECT_EQ(mailbox.folders.at(0).mails.at(0).uidl, "");
    EXPECT_EQ(mailbox.folders.at(0).mails.at(0).pop3_order, 1u);
}

TEST_F(MaildirTest, QmailGoesByTimeAndName) {
    tree.add("new/2.b", "x: 2\n\n", 200).add("cur/1.a:2,S", "x: 1\n\n", 100).add("new/1.c", "x: 3\n\n", 100);
    const auto mailbox = load();
    const auto& mails = mailbox.folders.at(0).mails;
    ASSERT_EQ(mails.size(), 3u);
    EXPECT_FALSE(mailbox.folders[0].keeps_uids);
    EXPECT_EQ(mails[0].uidl, "1.a");
    EXPECT_EQ(mails[1].uidl, "1.c");
    EXPECT_EQ(mails[2].uidl, "2.b");
    EXPECT_EQ(mails[2].pop3_order, 3u);
}

TEST_F(MaildirTest, TimesThatWereLostByCopying) {
    const struct {
        std::int64_t name_step, mtime_step;
        std::size_t reported;
    } cases[] = {{86'400, 1, 1}, {86'400, 86'400, 0}, {1, 1, 0}};
    for (const auto& c : cases) {
        tree = {};
        report = Report();
        for (std::int64_t i = 0; i < 12; ++i)
            tree.add("cur/" + std::to_string(1'400'000'000 + i * c.name_step) + ".M1.host:2,S", "x: y\n\n", 1'500'000'000 + i * c.mtime_step);
        EXPECT_EQ(load().folders.at(0).mails.size(), 12u);
        EXPECT_EQ(times(report, "times-lost"), c.reported) << c.name_step << ' ' << c.mtime_step;
    }
}

TEST_F(MaildirTest, TheNewerListOfUidlsCounts) {
    for (const bool courier_newer : {false, true}) {
        tree = {};
        tree.add("dovecot-uidlist", "3 V1 N9\n5 :a\n", 1000)
            .add("courierpop3dsizelist", "/2 2 77\na 5 1:77\n", courier_newer ? 2000 : 500)
            .add("cur/a:2,", "x: 1\n\n1");
        EXPECT_EQ(load().folders.at(0).mails.at(0).uidl, courier_newer ? "UID1-77" : "0000000500000001");
    }
}

TEST_F(MaildirTest, FoldersInEveryCharset) {
    tree.add_directory("cur").add("subscriptions", "&Tgtm+DBN-\nA.B\nnowhere\n");
    for (const std::string name : {".&Tgtm+DBN-", ".\xe4\xb8\x8b\xe6\x9b\xb8\xe3\x81\x8d", ".\x89\xba\x8f\x91\x82\xab", ".A.B", ".R&D", ".2024\\2e01", ".Sent"})
        tree.add_directory(name + "/cur");
    tree.add_directory(".nothing/x").add_link(".out").add_directory("fs/Sub/cur");
    const auto mailbox = load();
    std::vector<std::string> names;
    for (const auto& folder : mailbox.folders) names.push_back(folder.name);
    std::sort(names.begin(), names.end());
    EXPECT_EQ(names, (std::vector<std::string>{"2024.01", "A/B", "INBOX", "R&D", "Sent", "fs/Sub", "下書き", "下書き_2", "下書き_3"}));
    EXPECT_EQ(mailbox.folders[0].name, "INBOX");
    for (const auto& folder : mailbox.folders) {
        if (folder.name == "Sent") {
            EXPECT_EQ(folder.special_use, "\\Sent");
        }
        EXPECT_EQ(folder.subscribed, folder.raw_name == ".&Tgtm+DBN-" || folder.name == "A/B") << folder.name;
    }
    EXPECT_EQ(times(report, "special-file", ".out"), 1u);
    EXPECT_EQ(times(report, "not-a-folder", ".nothing"), 1u);
    EXPECT_EQ(times(report, "subscription-without-folder"), 1u);
    EXPECT_EQ(times(report, "name-taken"), 2u);
}

TEST_F(MaildirTest, WhatIsNoMail) {
    tree.add("cur/a:2,", "x: 1\n\n1").add("new/a", "x: again\n\n1").add("cur/empty:2,", "").add_link("cur/link").add("cur/.hidden", "x")
        .add("tmp/half", "x").add("cur/b,S=99:2,", "x: short\n\n").add("cur/c,S=99:2,", "\x1f\x8b\x08 packed").add_directory("cur/dir/x");
    const auto mailbox = load();
    ASSERT_EQ(mailbox.folders.at(0).mails.size(), 3u);
    EXPECT_EQ(times(report, "mail-empty", "cur/empty:2,"), 1u);
    EXPECT_EQ(times(report, "special-file", "cur/link"), 1u);
    EXPECT_EQ(times(report, "not-a-mail", "cur/.hidden"), 1u);
    EXPECT_EQ(times(report, "not-a-mail", "cur/dir"), 1u);
    EXPECT_EQ(times(report, "maildir-tmp", "tmp"), 1u);
    EXPECT_EQ(times(report, "mail-size-differs", "cur/b,S=99:2,"), 1u);
    EXPECT_EQ(times(report, "mail-compressed", "cur/c,S=99:2,"), 1u);
    std::set<std::string> identities, uidls;
    for (const auto& mail : mailbox.folders[0].mails) {
        identities.insert(mail.identity);
        uidls.insert(mail.uidl);
    }
    EXPECT_EQ(identities.size(), 3u);
    EXPECT_EQ(uidls.size(), 3u);
}

TEST_F(MaildirTest, AccountsOfATree) {
    tree.add_directory("example.jp/taro/Maildir/cur").add("example.jp/taro/Maildir/maildirsize", "5000S\n").add("example.jp/taro/Maildir/cur/a:2,", "x: y\n\n")
        .add_directory("example.jp/Hanako/new").add_directory("jiro/Maildir/cur").add_directory("saburo@other.jp/cur").add_directory("empty/x")
        .add_link("example.jp/link");
    SourceOptions options;
    options.domain = "example.org";
    auto source = make_maildir(tree, options);
    const auto plan = source->plan(report);
    ASSERT_TRUE(plan);
    std::vector<std::string> addresses;
    for (const auto& account : plan->accounts) addresses.push_back(account.address);
    EXPECT_EQ(addresses, (std::vector<std::string>{"hanako@example.jp", "jiro@example.org", "saburo@other.jp", "taro@example.jp"}));
    EXPECT_EQ(plan->accounts[3].quota_bytes, 5000u);
    EXPECT_EQ(plan->accounts[3].mails, 1u);
    EXPECT_EQ(times(report, "special-file", "example.jp/link"), 1u);
    EXPECT_EQ(times(report, "no-maildir", "empty"), 1u);

    auto without_domain = make_maildir(tree, {});
    Report second;
    ASSERT_TRUE(without_domain->plan(second));
    EXPECT_EQ(times(second, "account-without-domain", "jiro"), 1u);

    MemoryTree nothing;
    nothing.add("readme.txt", "x");
    const auto none = make_maildir(nothing, {})->plan(second);
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().kind, Kind::invalid);
}

TEST_F(MaildirTest, LongAndDoubleUidls) {
    const std::string longer(90, 'x');
    tree.add("dovecot-uidlist", "3 V1 N9\n1 P" + longer + " :a\n2 Psame :b\n3 Psame :c\n").add("cur/a", "x: 1\n\n").add("cur/b", "x: 2\n\n").add("cur/c", "x: 3\n\n");
    const auto mailbox = load();
    const auto& mails = mailbox.folders.at(0).mails;
    EXPECT_LE(mails.at(0).uidl.size(), 70u);
    EXPECT_EQ(mails.at(1).uidl, "same");
    EXPECT_EQ(mails.at(2).uidl, "same.2");
    EXPECT_EQ(times(report, "uidl-hashed"), 1u);
    EXPECT_EQ(times(report, "uidl-twice"), 1u);
}

}  // namespace
}  // namespace tayori::legacy
