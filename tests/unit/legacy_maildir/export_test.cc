// What is written, the readers read back equal.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <map>

#include "common/base/text.h"
#include "common/legacy/export.h"
#include "common/legacy/source.h"

namespace tayori::legacy {
namespace {

constexpr std::uint64_t kMessageBytesMax = 1'000'000;

struct Written {
    Mail mail;
    std::string message;
};
struct WrittenFolder {
    Folder folder;
    std::vector<Written> mails;
};

Written letter(std::uint32_t uid, std::string message, std::uint8_t flags, std::vector<std::string> keywords, std::string uidl, std::uint64_t order) {
    Written out;
    out.message = std::move(message);
    out.mail.uid = uid;
    out.mail.flags = flags;
    out.mail.keywords = std::move(keywords);
    out.mail.uidl = std::move(uidl);
    out.mail.pop3_order = order;
    out.mail.internal_date = mail::MailDate{1'400'000'000 + uid, 0};
    return out;
}

// Everything that makes trouble: quoting, fields that look like bookkeeping, Japanese, hidden mails, gaps in the numbers.
std::vector<WrittenFolder> site(std::uint8_t deleted) {
    std::vector<WrittenFolder> out;
    const auto add = [&](std::string name, std::uint32_t validity, std::uint32_t next, bool subscribed, std::vector<Written> mails) {
        Folder folder;
        folder.name = std::move(name);
        folder.uid_validity = validity;
        folder.uid_next = next;
        folder.subscribed = subscribed;
        out.push_back({folder, std::move(mails)});
    };
    add("INBOX", 1'300'000'001, 5'000, true,
        {letter(3, "Subject: a\r\n\r\nFrom here\r\n>From there\r\n>>From nowhere\r\n\r\nFrom x Thu Jan  1 00:00:00 1970\r\nSubject: quoted\r\n\r\n", kSeen, {}, "B0001.MSG", 2),
         letter(4, "Status: sent by somebody\r\nX-UID: 99\r\nContent-Length: 1\r\n X-Folded: yes\r\nSubject: b\r\n\r\n\r\n\r\n", kAnswered | deleted, {"$Label1"}, "", 0),
         letter(70, "Subject: \x8e\xa9\x96\xe2\r\n\r\nraw Shift_JIS\r\n", kFlagged | kDraft, {"$Forwarded", "$MDNSent"}, "00000046deadbeef", 1)});
    add("仕事", 1'300'000'002, 1, false, {});
    add("仕事/見積 2024.01", 1'300'000'003, 12, true,
        {letter(9, "Subject: filed\r\n\r\nstill in the maildrop\r\n", 0, {}, "filed.uidl", 3), letter(11, "\r\nno header\r\n", 0, {}, "", 0)});
    add("R&D/a&-b", 1'300'000'004, 2, true, {letter(1, "Subject: x\r\n\r\n\r\n", kSeen, {}, "", 0)});
    add("Sent", 1'300'000'005, 77, true, {});
    return out;
}

class ExportTest : public ::testing::Test {
  protected:
    void SetUp() override {
        path_ = ::testing::TempDir() + "export-XXXXXX";
        ASSERT_NE(::mkdtemp(path_.data()), nullptr);
    }
    void TearDown() override { std::filesystem::remove_all(path_); }

    void write(const std::string& kind, const std::vector<WrittenFolder>& folders) {
        auto writer = make_writer(kind, path_ + "/out", report_);
        ASSERT_TRUE(writer);
        for (const auto& folder : folders) {
            ASSERT_TRUE((*writer)->begin_folder(folder.folder));
            for (const auto& mail : folder.mails) ASSERT_TRUE((*writer)->add(mail.mail, mail.message));
            ASSERT_TRUE((*writer)->end_folder());
        }
        ASSERT_TRUE((*writer)->finish());
    }
    std::string path_;
    Report report_;
};

enum class Filed { kept, lost };  // what becomes of POP3's order outside INBOX

void compare(const std::string& kind, const std::string& path, const std::vector<WrittenFolder>& folders, Filed filed, bool keeps_keywords) {
    const auto tree = open_tree(path);
    ASSERT_TRUE(tree);
    SourceOptions options;
    options.account = "taro@example.jp";
    auto source = open_source(kind, **tree, options);
    ASSERT_TRUE(source);
    Report report;
    const auto plan = (*source)->plan(report);
    ASSERT_TRUE(plan) << plan.error().text;
    const auto mailbox = (*source)->load(plan->accounts.at(0), report);
    ASSERT_TRUE(mailbox);
    std::map<std::string, const Folder*> by_name;
    for (const auto& folder : mailbox->folders) by_name[folder.name] = &folder;
    for (const auto& wanted : folders) {
        ASSERT_TRUE(by_name.contains(wanted.folder.name)) << kind << ": " << wanted.folder.name;
        const auto& got = *by_name[wanted.folder.name];
        EXPECT_EQ(got.uid_validity, wanted.folder.uid_validity) << got.name;
        EXPECT_EQ(got.uid_next, wanted.folder.uid_next) << got.name;
        EXPECT_EQ(got.subscribed, wanted.folder.subscribed) << got.name;
        EXPECT_TRUE(got.keeps_uids) << got.name;
        ASSERT_EQ(got.mails.size(), wanted.mails.size()) << got.name;
        for (std::size_t i = 0; i < got.mails.size(); ++i) {
            const auto& a = got.mails[i];
            const auto& b = wanted.mails[i].mail;
            EXPECT_EQ(a.uid, b.uid);
            EXPECT_EQ(a.flags, b.flags) << a.uid;
            if (keeps_keywords) {
                EXPECT_EQ(a.keywords, b.keywords) << a.uid;
            }
            ASSERT_TRUE(a.internal_date);
            EXPECT_EQ(a.internal_date->unix_s, b.internal_date->unix_s);
            if (!b.uidl.empty() && (filed == Filed::kept || got.name == "INBOX")) {
                EXPECT_EQ(a.uidl, b.uidl);
            }
            if (filed == Filed::kept || got.name == "INBOX") {
                EXPECT_EQ(a.pop3_order, b.pop3_order) << got.name << ' ' << a.uid;
            }
            const auto message = read_message(**tree, a, kMessageBytesMax);
            ASSERT_TRUE(message);
            EXPECT_EQ(*message, wanted.mails[i].message) << kind;
        }
    }
}

TEST_F(ExportTest, MaildirReadsBackEqual) {
    const auto folders = site(kDeleted);
    write("maildir", folders);
    compare("maildir", path_ + "/out", folders, Filed::kept, true);
}

TEST_F(ExportTest, MboxReadsBackEqual) {
    const auto folders = site(kDeleted);
    write("mbox", folders);
    compare("mbox", path_ + "/out", folders, Filed::kept, true);
}

TEST_F(ExportTest, PmailReadsBackEqual) {
    const auto folders = site(0);  // its reader, for foreign spools, only reports what was deleted
    write("pmail", folders);
    compare("pmail", path_ + "/out", folders, Filed::kept, false);
    EXPECT_FALSE(report_.lines().empty());  // keywords have no place there
}

TEST_F(ExportTest, RefusesWhatItCantDo) {
    std::filesystem::create_directory(path_ + "/full");
    std::filesystem::create_directory(path_ + "/full/x");
    const auto full = make_writer("maildir", path_ + "/full", report_);
    ASSERT_FALSE(full);
    EXPECT_EQ(full.error().kind, Kind::exists);
    const auto unknown = make_writer("pst", path_ + "/out", report_);
    ASSERT_FALSE(unknown);
    EXPECT_EQ(unknown.error().kind, Kind::unsupported);

    auto writer = make_writer("maildir", path_ + "/out", report_);
    ASSERT_TRUE(writer);
    Folder inbox;
    inbox.name = "INBOX";
    ASSERT_TRUE((*writer)->begin_folder(inbox));
    ASSERT_TRUE((*writer)->add(letter(5, "x: y\r\n\r\n", 0, {}, "", 0).mail, "x: y\r\n\r\n"));
    const auto backwards = (*writer)->add(letter(5, "x: y\r\n\r\n", 0, {}, "", 0).mail, "x: y\r\n\r\n");
    ASSERT_FALSE(backwards);
    EXPECT_EQ(backwards.error().kind, Kind::invalid);
}

TEST_F(ExportTest, LongNamesAreCutAndReported) {
    std::vector<WrittenFolder> folders(2);
    folders[0].folder.name = "INBOX";
    for (int i = 0; i < 6; ++i) append(folders[1].folder.name, i == 0 ? "" : "/", "とても長いフォルダーの名前がここにあります");
    write("maildir", folders);
    ASSERT_EQ(report_.lines().size(), 1u);
    EXPECT_EQ(report_.lines()[0].code, "export-name-cut");
}

}  // namespace
}  // namespace tayori::legacy
