// Dumps of hMailServer's database, MH's sequences.
#include "common/legacy/hmailserver/hmailserver.h"

#include <gtest/gtest.h>

#include "common/base/text.h"
#include "common/legacy/hmailserver/database.h"
#include "common/legacy/mh/mh.h"
#include "common/legacy/mh/sequences.h"
#include "memory_tree.h"

namespace tayori::legacy {
namespace {

using namespace hmailserver;

// "table a=1 b=x", NULL as "-".
std::vector<std::string> rows_of(const std::string& text, std::size_t block) {
    std::vector<std::string> out;
    SqlReader reader([&](const SqlRow& row) {
        std::string line = row.table;
        for (std::size_t i = 0; i < row.values.size(); ++i)
            append(line, ' ', i < row.columns.size() ? row.columns[i] : "?", '=', row.values[i].value_or("-"));
        out.push_back(line);
    });
    for (std::size_t at = 0; at < text.size(); at += block) reader.feed(std::string_view(text).substr(at, block));
    reader.finish();
    return out;
}

std::string utf16(std::string_view ascii) {
    std::string out = "\xff\xfe";
    for (const char c : ascii) {
        out += c;
        out += '\0';
    }
    return out;
}

TEST(SqlReader, BothDialects) {
    const struct {
        const char* name;
        std::string text;
        std::vector<std::string> rows;
    } cases[] = {
        {"columns of CREATE TABLE",
         "CREATE TABLE `t` (\n `a` int(11) DEFAULT '0',\n b varchar(5),\n PRIMARY KEY (`a`,`b`)\n);\nINSERT INTO `t` VALUES (1,'x'),(-2,NULL);\n",
         {"t a=1 b=x", "t a=-2 b=-"}},
        {"columns of INSERT", "INSERT INTO t (b, a) VALUES ('x',1);", {"t b=x a=1"}},
        {"MySQL's escapes", "INSERT INTO `t` (`a`) VALUES ('it\\'s \\\\ \\n''');", {"t a=it's \\ \n'"}},
        {"SQL Server keeps backslashes", "INSERT [dbo].[T] ([A], [b]) VALUES (N'C:\\', CAST(N'2014-05-13T00:00:00.000' AS DateTime))\r\nGO\r\n",
         {"t a=C:\\ b=2014-05-13T00:00:00.000"}},
        {"binary dates", "INSERT [t] ([a]) VALUES (CAST(0x0000A32A00C5C100 AS DateTime))\nINSERT [t] ([a]) VALUES (2)\n", {"t a=0x0000A32A00C5C100", "t a=2"}},
        {"comments", "-- INSERT INTO t (a) VALUES (1);\n/* INSERT INTO t (a) VALUES (2); */\n/*!40000 ALTER TABLE t */;\nINSERT INTO t (a) VALUES (3); -- end", {"t a=3"}},
        {"what looks like SQL in a text", "INSERT INTO t (a,b) VALUES ('); INSERT INTO u (a) VALUES (1',2);", {"t a=); INSERT INTO u (a) VALUES (1 b=2"}},
        {"no columns", "INSERT INTO t VALUES (1)", {"t ?=1"}},
        {"UTF-16", utf16("INSERT [t] ([a]) VALUES (N'x')"), {"t a=x"}},
        {"cut off", "INSERT INTO t (a) VALUES (1),(2", {"t a=1"}},
        {"not SQL", "hello '", {}},
        {"empty", "", {}},
    };
    for (const auto& c : cases)
        for (const std::size_t block : {1u, 3u, 1000u}) EXPECT_EQ(rows_of(c.text, block), c.rows) << c.name << " in blocks of " << block;
}

TEST(Database, Times) {
    EXPECT_EQ(parse_sql_time("2014-05-13 16:53:20"), 1'400'000'000);
    EXPECT_EQ(parse_sql_time("2014-05-13T16:53:20.000"), 1'400'000'000);
    EXPECT_EQ(parse_sql_time("0x0000A32A01165200"), 1'400'000'000);
    EXPECT_EQ(parse_sql_time("0000-00-00 00:00:00"), std::nullopt);
    EXPECT_EQ(parse_sql_time("yesterday"), std::nullopt);
    EXPECT_EQ(parse_sql_time("0xzz"), std::nullopt);
}

const char* const kAccounts =
    "INSERT INTO `hm_accounts` (accountid,accountaddress,accountpassword,accountpwencryption,accountactive,accountmaxsize,accountforwardenabled,"
    "accountforwardaddress) VALUES (1,'Taro@example.jp','secret',0,1,10,1,'other@example.org'),(2,'hanako@example.jp','enc',1,0,0,0,'');\n"
    "INSERT INTO `hm_imapfolders` (folderid,folderaccountid,folderparentid,foldername,folderissubscribed,foldercreationtime,foldercurrentuid) "
    "VALUES (10,1,-1,'INBOX',1,'2014-05-13 16:53:20',9),(11,1,12,'Sub',0,'2014-05-13 16:53:20',5),(12,1,-1,'&Tgtm+DBN-',1,'2014-05-13 16:53:20',0);\n"
    "INSERT INTO `hm_aliases` (aliasid,aliasname,aliasvalue,aliasactive) VALUES (1,'info@example.jp','taro@example.jp',1),(2,'no address','x',1);\n";

TEST(Hmailserver, PlanAndLoad) {
    MemoryTree tree;
    tree.add("dump.sql", std::string(kAccounts) +
                             "INSERT INTO `hm_messages` (messageid,messageaccountid,messagefolderid,messagefilename,messagetype,messagesize,messageflags,"
                             "messagecreatetime,messageuid) VALUES "
                             "(1,1,10,'{AA000000-0000-0000-0000-000000000001}.eml',2,5,1,'2014-05-13 09:00:00',7),"
                             "(2,1,10,'C:\\\\Data\\\\{ab000000-0000-0000-0000-000000000002}.EML',2,5,30,'2014-05-13 09:00:01',3),"
                             "(3,1,11,'{AC000000-0000-0000-0000-000000000003}.eml',2,5,0,'2014-05-13 09:00:02',5),"
                             "(4,1,10,'{AD000000-0000-0000-0000-000000000004}.eml',1,5,0,'2014-05-13 09:00:03',8),"
                             "(5,1,99,'{AE000000-0000-0000-0000-000000000005}.eml',2,5,0,'2014-05-13 09:00:03',1);\n");
    constexpr std::int64_t kMidnight = 1'399'939'200;  // 2014-05-13T00:00:00Z is 09:00 in Tokyo
    const std::string user = "data/Example.jp/taro/";
    tree.add(user + "AA/{AA000000-0000-0000-0000-000000000001}.eml", "A: 1\r\n\r\n", kMidnight)
        .add(user + "AB/{AB000000-0000-0000-0000-000000000002}.eml", "A: 2\r\n\r\n", kMidnight + 1)
        .add(user + "AC/{AC000000-0000-0000-0000-000000000003}.eml", "A: 3\r\n\r\n", kMidnight + 9'999'999)
        .add(user + "AE/{AE000000-0000-0000-0000-000000000005}.eml", "A: 5\r\n\r\n", kMidnight)
        .add("data/Example.jp/unknown/x", "x");
    Report report;
    auto source = make_hmailserver(tree, {});
    const auto plan = source->plan(report);
    ASSERT_TRUE(plan) << plan.error().text;
    ASSERT_EQ(plan->accounts.size(), 2u);
    EXPECT_EQ(plan->accounts[0].address, "hanako@example.jp");
    EXPECT_FALSE(plan->accounts[0].imap);
    EXPECT_EQ(plan->accounts[1].address, "taro@example.jp");
    EXPECT_EQ(plan->accounts[1].password, "secret");
    EXPECT_EQ(plan->accounts[1].quota_bytes, 10u * 1024 * 1024);
    EXPECT_EQ(plan->accounts[1].mails, 4u);
    ASSERT_EQ(plan->accounts[1].settings.size(), 1u);
    EXPECT_EQ(plan->accounts[1].settings[0].plugin, "forward");
    ASSERT_EQ(plan->aliases.size(), 1u);
    EXPECT_EQ(plan->aliases[0].address, "info@example.jp");
    for (const auto* code : {"hmail-queued", "hmail-inactive", "hmail-password-encrypted", "hmail-directory-unknown", "alias-invalid"})
        EXPECT_EQ(times(report, code), 1u) << code;

    const auto mailbox = source->load(plan->accounts[1], report);
    ASSERT_TRUE(mailbox);
    ASSERT_EQ(mailbox->folders.size(), 3u);
    const auto& inbox = mailbox->folders[0];
    EXPECT_EQ(inbox.uid_validity, 1'400'000'000u);
    EXPECT_EQ(inbox.uid_next, 10u);
    ASSERT_EQ(inbox.mails.size(), 2u);
    EXPECT_EQ(inbox.mails[0].uid, 3u);
    EXPECT_EQ(inbox.mails[0].uidl, "3");
    EXPECT_EQ(inbox.mails[0].pop3_order, 1u);
    EXPECT_EQ(inbox.mails[0].flags, kFlagged | kAnswered | kDraft);  // and Deleted, in the report
    EXPECT_EQ(inbox.mails[1].flags, kSeen);
    EXPECT_EQ(inbox.mails[1].internal_date, (mail::MailDate{kMidnight, 540}));
    EXPECT_EQ(mailbox->folders[1].name, "下書き/Sub");
    EXPECT_FALSE(mailbox->folders[1].subscribed);
    EXPECT_EQ(mailbox->folders[1].mails.at(0).internal_date->unix_s, kMidnight + 2);  // the zone of the others
    EXPECT_EQ(mailbox->folders[2].name, "下書き");
    EXPECT_EQ(times(report, "hmail-folder-gone"), 1u);
    EXPECT_EQ(times(report, "flag-deleted"), 1u);
}

TEST(Hmailserver, WithoutADump) {
    MemoryTree tree;
    tree.add("Data/example.jp/taro/AA/{AA}.eml", "x");
    Report report;
    const auto plan = make_hmailserver(tree, {})->plan(report);
    ASSERT_FALSE(plan);
    EXPECT_EQ(plan.error().kind, Kind::invalid);
    tree.add("dump.sql", "INSERT INTO `hm_accounts` VALUES (1,'a@b.c');");
    EXPECT_FALSE(make_hmailserver(tree, {})->plan(report));
    EXPECT_EQ(times(report, "hmail-no-columns"), 1u);
}

TEST(Sequences, Ranges) {
    const auto sequences = mh::parse_sequences("unseen: 3-5 8\nwork: 7 6 1-2 2-3\nbad: x\nno colon\n: 1\n\nback: 5-3\n");
    for (const std::uint64_t n : {3, 4, 5, 8}) EXPECT_TRUE(sequences.has("unseen", n)) << n;
    for (const std::uint64_t n : {2, 6, 7, 9}) EXPECT_FALSE(sequences.has("unseen", n)) << n;
    EXPECT_TRUE(sequences.has("work", 2));
    EXPECT_FALSE(sequences.has("other", 2));
    EXPECT_EQ(sequences.bad_lines, (std::vector<std::uint64_t>{3, 4, 5, 7}));
}

TEST(Mh, FoldersAndFlags) {
    MemoryTree tree;
    tree.add("inbox/2", "A: 2\n\n").add("inbox/10", "A: 10\n\n").add("inbox/9", "").add("inbox/,3", "A: 3\n\n").add("inbox/draft", "x")
        .add("inbox/.mh_sequences", "unseen: 10\nreplied: 2\nproject: 2 10\ncur: 2\n").add("\xe8\x89\xaf/1", "A: 1\n\n").add_link("link");
    SourceOptions options;
    options.account = "taro@example.jp";
    auto source = make_mh(tree, options);
    Report report;
    const auto plan = source->plan(report);
    ASSERT_TRUE(plan);
    EXPECT_EQ(plan->accounts.at(0).mails, 3u);
    const auto mailbox = source->load(plan->accounts[0], report);
    ASSERT_TRUE(mailbox);
    ASSERT_EQ(mailbox->folders.size(), 2u);
    const auto& inbox = mailbox->folders[0];
    ASSERT_EQ(inbox.mails.size(), 2u);
    EXPECT_EQ(inbox.mails[0].file, "inbox/2");
    EXPECT_EQ(inbox.mails[0].flags, kSeen | kAnswered);
    EXPECT_EQ(inbox.mails[0].keywords, std::vector<std::string>{"project"});
    EXPECT_EQ(inbox.mails[1].flags, 0);
    EXPECT_EQ(inbox.mails[1].pop3_order, 2u);
    EXPECT_EQ(mailbox->folders[1].name, "良");
    for (const auto* code : {"mail-empty", "mh-removed", "not-a-mail", "special-file"}) EXPECT_EQ(times(report, code), 1u) << code;
}

}  // namespace
}  // namespace tayori::legacy
