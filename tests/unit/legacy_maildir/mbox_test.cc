// mbox files of every kind, and what goes wrong with them.
#include "common/legacy/mbox/mbox.h"

#include <gtest/gtest.h>

#include "common/base/text.h"
#include "common/legacy/mbox/from_line.h"
#include "common/legacy/mbox/scanner.h"
#include "common/legacy/mbox/unwrap.h"
#include "memory_tree.h"

namespace tayori::legacy {
namespace {

using namespace mbox;

const std::string kFrom = "From a@example.org Thu Jul 17 09:44:25 1997\n";

TEST(FromLine, Dates) {
    constexpr std::int64_t kThen = 869132665;  // 1997-07-17T09:44:25Z
    const struct {
        const char* line;
        std::optional<std::int64_t> unix_s;
    } cases[] = {
        {"From a@example.org Thu Jul 17 09:44:25 1997", kThen},
        {"From a@example.org  Thu Jul 17 09:44:25 1997 +0900", kThen - 32400},
        {"From a@example.org Thu Jul 17 09:44:25 JST 1997", kThen - 32400},
        {"From a@example.org Thu Jul 17 09:44:25 +0900 1997", kThen - 32400},
        {"From \"a b\"@example.org Thu Jul 17 09:44:25 1997", kThen},
        {"From - Thu Jul 17 09:44:25 1997", kThen},
        {"From ???@??? Thu Jul 17 09:44:25 1997", kThen},
        {"From Thu Jul 17 09:44:25 1997", kThen},
        {"From a Thu Jul 17 09:44 1997", kThen - 25},
        {"From a Thu Jul 17 09:44:25 1997 remote from b", kThen},
        {"From a", std::nullopt},
        {"From a Thu Jul 17", std::nullopt},
        {"From now on Thu Jul is late", std::nullopt},
        {"From a Thu Jul 45 09:44:25 1997", std::nullopt},
        {"From: a Thu Jul 17 09:44:25 1997", std::nullopt},
        {"from a Thu Jul 17 09:44:25 1997", std::nullopt},
        {"", std::nullopt},
    };
    for (const auto& c : cases) {
        const auto date = parse_from_line(c.line);
        ASSERT_EQ(date.has_value(), c.unix_s.has_value()) << c.line;
        if (date) {
            EXPECT_EQ(date->unix_s, *c.unix_s) << c.line;
        }
    }
    EXPECT_EQ(quotes_of_from(">>From x"), 2u);
    EXPECT_EQ(quotes_of_from("From x"), 0u);
    EXPECT_EQ(quotes_of_from("> From x"), 0u);
    EXPECT_EQ(quotes_of_from(">Fromage"), 0u);
}

struct ScanResult {
    std::vector<ScannedMail> mails;
    bool is_mbox = false, double_quotes = false, bare_from = false;
};
ScanResult scan(const std::string& file, std::size_t block) {
    ScanResult out;
    ScanSettings settings;
    settings.file_bytes = file.size();
    settings.peek = [&](std::uint64_t offset, std::size_t bytes) { return offset < file.size() ? file.substr(offset, bytes) : ""; };
    Scanner scanner(settings, [&](ScannedMail&& mail) { out.mails.push_back(std::move(mail)); });
    for (std::size_t at = 0; at < file.size(); at += block) scanner.feed(std::string_view(file).substr(at, block));
    scanner.finish();
    out.is_mbox = scanner.is_mbox();
    out.double_quotes = scanner.saw_double_quotes();
    out.bare_from = scanner.saw_bare_from();
    return out;
}

TEST(Scanner, WhereMailsBegin) {
    const struct {
        const char* name;
        std::string file;
        std::vector<std::string> mails;  // the bytes of each
    } cases[] = {
        {"two", kFrom + "A: 1\n\nx\n\n" + kFrom + "B: 2\n\ny\n\n", {kFrom + "A: 1\n\nx\n", kFrom + "B: 2\n\ny\n"}},
        {"no final line end", kFrom + "A: 1\n\nx", {kFrom + "A: 1\n\nx"}},
        {"blank lines in front", "\n\n" + kFrom + "A: 1\n\nx\n", {kFrom + "A: 1\n\nx\n"}},
        {"a text of blank lines", kFrom + "A: 1\n\n\n\n\n", {kFrom + "A: 1\n\n\n\n"}},
        {"no text", kFrom + "A: 1\n\n" + kFrom + "B: 2\n\n", {kFrom + "A: 1\n\n", kFrom + "B: 2\n\n"}},
        {"no header", kFrom + "\nx\n\n" + kFrom + "\ny\n\n", {kFrom + "\nx\n", kFrom + "\ny\n"}},
        {"without the blank line, a field follows", kFrom + "A: 1\n\ncut" + "\n" + kFrom + "B: 2\n\ny\n", {kFrom + "A: 1\n\ncut\n", kFrom + "B: 2\n\ny\n"}},
        {"without the blank line, text follows", kFrom + "A: 1\n\nx\n" + kFrom + "no field\n\n", {kFrom + "A: 1\n\nx\n" + kFrom + "no field\n"}},
        {"From in a sentence", kFrom + "A: 1\n\n\nFrom here on\n\n", {kFrom + "A: 1\n\n\nFrom here on\n"}},
        {"CRLF", "From a Thu Jul 17 09:44:25 1997\r\nA: 1\r\n\r\nx\r\n\r\nFrom a Thu Jul 17 09:44:25 1997\r\nB: 2\r\n\r\n",
         {"From a Thu Jul 17 09:44:25 1997\r\nA: 1\r\n\r\nx\r\n", "From a Thu Jul 17 09:44:25 1997\r\nB: 2\r\n\r\n"}},
        {"Content-Length over a From_ line", kFrom + "Content-Length: 54\n\nx\n\n" + kFrom + "quoted\n\n" + kFrom + "B: 2\n\ny\n",
         {kFrom + "Content-Length: 54\n\nx\n\n" + kFrom + "quoted\n", kFrom + "B: 2\n\ny\n"}},
        {"Content-Length that leads nowhere", kFrom + "Content-Length: 40\n\nx\n\n" + kFrom + "B: 2\n\ny\n",
         {kFrom + "Content-Length: 40\n\nx\n", kFrom + "B: 2\n\ny\n"}},
        {"Content-Length beyond the end", kFrom + "Content-Length: 99999999999999999999\n\nx\n\n" + kFrom + "B: 2\n\n",
         {kFrom + "Content-Length: 99999999999999999999\n\nx\n", kFrom + "B: 2\n\n"}},
    };
    for (const auto& c : cases) {
        for (const std::size_t block : {1u, 2u, 7u, 1000u}) {
            const auto got = scan(c.file, block);
            EXPECT_TRUE(got.is_mbox) << c.name;
            std::vector<std::string> mails;
            for (const auto& mail : got.mails) mails.push_back(c.file.substr(mail.offset, mail.bytes));
            EXPECT_EQ(mails, c.mails) << c.name << " in blocks of " << block;
        }
    }
    EXPECT_FALSE(scan("This is no mbox.\n" + kFrom, 1000).is_mbox);
    EXPECT_FALSE(scan("\n\n", 1000).is_mbox);
}

TEST(Scanner, LongLinesTakeBoundedMemory) {
    const auto file = kFrom + "A: 1\n\n" + std::string(3'000'000, 'x') + "\n\n" + kFrom + "B: " + std::string(200'000, 'y') + "\n\nz\n";
    const auto got = scan(file, 65536);
    ASSERT_EQ(got.mails.size(), 2u);
    EXPECT_EQ(got.mails[1].offset + got.mails[1].bytes, file.size());
}

TEST(Scanner, IdentityStaysWhereFlagsChange) {
    const auto a = scan(kFrom + "A: 1\nStatus: O\n\nx\n\n", 100).mails.at(0).identity;
    const auto b = scan(kFrom + "B: 0\n\n\n" + kFrom + "A: 1\nStatus: RO\nX-UID: 5\n\nx\n\n", 100).mails.at(1).identity;
    const auto c = scan(kFrom + "A: 1\n\nxy\n\n", 100).mails.at(0).identity;
    EXPECT_EQ(a, b);
    EXPECT_NE(a, c);
}

TEST(Unwrap, LinesAndFields) {
    const struct {
        const char* name;
        Wrapping wrapping;
        bool strip;
        std::string bytes, message;
    } cases[] = {
        {"plain", Wrapping::mbox_o, true, kFrom + "A: 1\n\nx\n", "A: 1\r\n\r\nx\r\n"},
        {"crlf stays", Wrapping::mbox_o, true, kFrom + "A: 1\r\n\r\nx\n", "A: 1\r\n\r\nx\r\n"},
        {"bookkeeping", Wrapping::mbox_o, true, kFrom + "X-UID: 1\nA: 1\nStatus: RO\nX-Keywords: a\n b\nx-status: A\n\nStatus: text\n",
         "A: 1\r\n\r\nStatus: text\r\n"},
        {"bookkeeping kept", Wrapping::mbox_o, false, kFrom + "Status: RO\n\nx\n", "Status: RO\r\n\r\nx\r\n"},
        {"o", Wrapping::mbox_o, true, kFrom + "A: 1\n\n>From x\n>>From y\n", "A: 1\r\n\r\n>From x\r\n>>From y\r\n"},
        {"rd", Wrapping::mbox_rd, true, kFrom + "A: 1\n\n>From x\n>>From y\n> From z\n", "A: 1\r\n\r\nFrom x\r\n>From y\r\n> From z\r\n"},
        {"ours", Wrapping::mbox_rd, true, kFrom + "X-Tayori-Mbox: rd 1\nX-UID: 1\nStatus: sender's\n\nx\n", "Status: sender's\r\n\r\nx\r\n"},
        {"no header", Wrapping::mbox_o, true, kFrom + "\nx\n", "\r\nx\r\n"},
        {"text at once", Wrapping::mbox_o, true, kFrom + "no field\nStatus: x\n", "no field\r\nStatus: x\r\n"},
    };
    for (const auto& c : cases) {
        Mail mail;
        mail.wrapping = c.wrapping;
        mail.strip_bookkeeping = c.strip;
        EXPECT_EQ(unwrap_mbox(c.bytes, mail), c.message) << c.name;
    }
}

class MboxTest : public ::testing::Test {
  protected:
    Mailbox load(SourceOptions options = {}) {
        options.account = "taro@example.jp";
        auto source = make_mbox(tree, std::move(options));
        const auto plan = source->plan(report);
        EXPECT_TRUE(plan) << (plan ? "" : plan.error().text);
        if (!plan) return {};
        auto mailbox = source->load(plan->accounts.at(0), report);
        EXPECT_TRUE(mailbox);
        return mailbox ? *mailbox : Mailbox{};
    }
    std::string message(const Mail& mail) { return read_message(tree, mail, 1'000'000).value_or("unreadable"); }
    MemoryTree tree;
    Report report;
};

TEST_F(MboxTest, DovecotsBookkeeping) {
    tree.add("Inbox", kFrom + "X-IMAPbase: 4660 0000000009 $Label1 other\nX-UID: 5\nStatus: RO\nX-Status: AF\nX-Keywords: $Label1 bad(word   \nA: 1\n\nx\n\n" +
                          kFrom + "X-UID: 8\nStatus: O\nX-UIDL: seen-before\nA: 2\n\ny\n\n" + kFrom + "X-UID: 2000000000\nA: 3\n\nz\n\n");
    const auto inbox = load().folders.at(0);
    EXPECT_EQ(inbox.name, "INBOX");
    EXPECT_TRUE(inbox.keeps_uids);
    EXPECT_EQ(inbox.uid_validity, 4660u);
    EXPECT_EQ(inbox.uid_next, 11u);
    ASSERT_EQ(inbox.mails.size(), 3u);
    EXPECT_EQ(inbox.mails[0].uid, 5u);
    EXPECT_EQ(inbox.mails[0].flags, kSeen | kAnswered | kFlagged);
    EXPECT_EQ(inbox.mails[0].keywords, std::vector<std::string>{"$Label1"});
    EXPECT_EQ(inbox.mails[0].uidl, "0000000500001234");
    EXPECT_EQ(inbox.mails[0].internal_date->unix_s, 869132665);
    EXPECT_EQ(message(inbox.mails[0]), "A: 1\r\n\r\nx\r\n");
    EXPECT_EQ(inbox.mails[1].uidl, "seen-before");
    EXPECT_EQ(inbox.mails[2].uid, 10u);  // the sender's own X-UID is not believed
    EXPECT_EQ(inbox.mails[2].pop3_order, 3u);
    EXPECT_EQ(times(report, "mbox-uid-refused"), 1u);
    EXPECT_EQ(times(report, "keywords-refused"), 1u);
}

TEST_F(MboxTest, UwsInternalMailIsNoMail) {
    tree.add("mbox", kFrom + "Subject: DON'T DELETE THIS MESSAGE -- FOLDER INTERNAL DATA\nX-IMAP: 4660 0000000009\nStatus: RO\n\ninternal\n\n" + kFrom +
                         "X-UID: 5\nA: 1\n\nx\n\n");
    const auto inbox = load().folders.at(0);
    ASSERT_EQ(inbox.mails.size(), 1u);
    EXPECT_EQ(inbox.mails[0].uid, 5u);
    EXPECT_EQ(inbox.mails[0].uidl, "0000123400000005");
}

TEST_F(MboxTest, ThunderbirdsProfile) {
    const auto mail = [](const char* status) { return kFrom + "X-Mozilla-Status: " + status + "\nX-Mozilla-Keys: $label1   \nA: 1\n\nx\n\n"; };
    tree.add("Inbox", mail("0001") + mail("0009") + mail("1006")).add("Inbox.msf", "index").add("Work.sbd/2024", mail("0000")).add("Work", "")
        .add("prefs.js", "no mail").add_link("link");
    const auto mailbox = load();
    ASSERT_EQ(mailbox.folders.size(), 3u);
    EXPECT_EQ(mailbox.folders[0].mails.size(), 2u);
    EXPECT_EQ(mailbox.folders[0].mails[0].flags, kSeen);
    EXPECT_EQ(mailbox.folders[0].mails[1].flags, kAnswered | kFlagged);
    EXPECT_EQ(mailbox.folders[0].mails[1].keywords, (std::vector<std::string>{"$Forwarded", "$label1"}));
    EXPECT_EQ(mailbox.folders[1].name, "Work");
    EXPECT_EQ(mailbox.folders[2].name, "Work/2024");
    EXPECT_EQ(times(report, "mbox-deleted", "Inbox"), 1u);
    EXPECT_GE(times(report, "not-an-mbox", "prefs.js"), 1u);
    EXPECT_GE(times(report, "special-file", "link"), 1u);
}

TEST_F(MboxTest, QuotingIsToldByTheFile) {
    const struct {
        const char* name;
        std::string text, option;
        Wrapping wrapping;
    } cases[] = {
        {"double quotes mean rd", ">>From x\n", "", Wrapping::mbox_rd},
        {"a bare From is no rd", ">>From x\n\nFrom y\n", "", Wrapping::mbox_o},
        {"single quotes tell nothing", ">From x\n", "", Wrapping::mbox_o},
        {"said to be rd", ">From x\n", "rd", Wrapping::mbox_rd},
        {"said to be o", ">>From x\n", "o", Wrapping::mbox_o},
    };
    for (const auto& c : cases) {
        tree.add("Inbox", kFrom + "A: 1\n\n" + c.text + "\n");
        SourceOptions options;
        options.mbox = c.option;
        EXPECT_EQ(load(options).folders.at(0).mails.at(0).wrapping, c.wrapping) << c.name;
    }
}

TEST_F(MboxTest, AFileThatChangesIsRefused) {
    tree.add("Inbox", kFrom + "A: 1\n\nx\n\n").add("Other", kFrom + "A: 1\n\nx\n\n");
    tree.grows = "Inbox";
    const auto mailbox = load();
    ASSERT_EQ(mailbox.folders.size(), 1u);
    EXPECT_EQ(times(report, "mbox-changed", "Inbox"), 1u);

    const auto mail = mailbox.folders[0].mails.at(0);
    tree.files["Other"].bytes.insert(0, "junk\n");
    const auto changed = read_message(tree, mail, 1'000'000);
    ASSERT_FALSE(changed);
    EXPECT_EQ(changed.error().kind, Kind::corrupt);
}

TEST_F(MboxTest, AMailThatWasBeingWrittenIsTold) {
    const auto whole = kFrom + "A: 1\n\nx\n\n";
    tree.add("Inbox", whole + kFrom + "A: 2\n\nhalf of a li").add("Header", whole + kFrom + "A: 3\nSubje").add("Whole", whole);
    const auto mailbox = load();
    ASSERT_EQ(mailbox.folders.size(), 3u);
    for (const auto& folder : mailbox.folders) EXPECT_EQ(folder.mails.size(), folder.name == "Whole" ? 1u : 2u);
    EXPECT_EQ(times(report, "mbox-last-cut", "Inbox"), 1u);
    EXPECT_EQ(times(report, "mbox-last-cut", "Header"), 1u);
    EXPECT_EQ(times(report, "mbox-last-cut", "Whole"), 0u);
}

TEST_F(MboxTest, AccountsOfASpool) {
    tree.add("saburo.yamada/Inbox", "").add("example.jp/taro", kFrom + "A: 1\n\nx\n").add("example.jp/hanako/mbox", kFrom + "A: 1\n\nx\n").add("jiro", "").add("root.lock", "")
        .add("example.jp/readme.txt", "x");
    SourceOptions options;
    options.domain = "example.org";
    auto source = make_mbox(tree, options);
    const auto plan = source->plan(report);
    ASSERT_TRUE(plan);
    ASSERT_EQ(plan->accounts.size(), 4u);
    EXPECT_EQ(plan->accounts[0].address, "hanako@example.jp");
    EXPECT_EQ(plan->accounts[1].address, "jiro@example.org");
    EXPECT_EQ(plan->accounts[2].address, "saburo.yamada@example.org");
    EXPECT_EQ(plan->accounts[3].address, "taro@example.jp");
    EXPECT_EQ(plan->accounts[3].directory, "example.jp/taro");
    EXPECT_EQ(plan->accounts[3].mails, 1u);
    EXPECT_EQ(plan->accounts[1].mails, 0u);
    EXPECT_EQ(times(report, "not-an-mbox", "example.jp/readme.txt"), 1u);
    for (const auto& account : plan->accounts) {
        const auto mailbox = source->load(account, report);
        ASSERT_TRUE(mailbox);
        EXPECT_EQ(mailbox->folders.at(0).name, "INBOX");
    }
}

}  // namespace
}  // namespace tayori::legacy
