#include "common/legacy/settle.h"

#include <gtest/gtest.h>

#include "spool.h"

namespace tayori::legacy {
namespace {

Mail mail_with(std::uint32_t uid, const std::string& file = "f", const std::string& uidl = "",
               std::uint64_t order = 0) {
    Mail mail;
    mail.uid = uid;
    mail.file = file;
    mail.identity = file;
    mail.uidl = uidl;
    mail.pop3_order = order;
    return mail;
}

std::vector<std::uint32_t> uids(const Folder& folder) {
    std::vector<std::uint32_t> out;
    for (const auto& mail : folder.mails) out.push_back(mail.uid);
    return out;
}

TEST(SettleUids, Table) {
    using Uids = std::vector<std::uint32_t>;
    const struct {
        Uids before;
        std::uint32_t uid_next;
        bool keep_high;
        Uids after;
        std::uint32_t next_after;
        bool keeps;
        const char* code;
    } cases[] = {
        {{}, 0, false, {}, 0, false, ""},
        {{}, 7, false, {}, 7, true, ""},
        {{0, 0}, 0, false, {0, 0}, 0, false, ""},
        {{0, 0}, 7, false, {0, 0}, 0, false, ""},
        {{5, 3, 9}, 0, false, {3, 5, 9}, 10, true, ""},
        {{5, 3, 9}, 20, false, {3, 5, 9}, 20, true, ""},
        {{5, 0, 3, 0}, 0, false, {3, 5, 6, 7}, 8, true, ""},
        {{5, 0}, 20, false, {5, 20}, 21, true, ""},
        {{5, 5}, 0, false, {0, 0}, 0, false, "uid-twice"},
        {{1, kUidMax}, 0, false, {1, kUidMax}, kUidMax + 1, true, ""},
        {{1, kUidMax + 1}, 0, false, {0, 0}, 0, false, "uid-too-high"},
        {{1, kUidMax + 1}, 0, true, {1, kUidMax + 1}, kUidMax + 2, true, ""},
        {{1, 0}, kUidMax, false, {1, kUidMax}, kUidMax + 1, true, ""},
        {{1, 0, 0}, kUidMax, false, {0, 0, 0}, 0, false, "uid-too-high"},
        {{UINT32_MAX}, 0, true, {0}, 0, false, "uid-too-high"},
    };
    for (std::size_t i = 0; i < std::size(cases); ++i) {
        const auto& c = cases[i];
        Report report;
        AccountReport account{report, "a@b.example"};
        Folder folder;
        folder.uid_next = c.uid_next;
        folder.uid_validity = 42;
        for (const auto uid : c.before) folder.mails.push_back(mail_with(uid));
        settle_uids(folder, c.keep_high, account);
        EXPECT_EQ(uids(folder), c.after) << i;
        EXPECT_EQ(folder.uid_next, c.next_after) << i;
        EXPECT_EQ(folder.keeps_uids, c.keeps) << i;
        EXPECT_EQ(folder.uid_validity, c.keeps ? 42U : 0U) << i;
        EXPECT_EQ(report.lines().empty(), *c.code == '\0') << i;
        if (*c.code != '\0') {
            EXPECT_EQ(times(report, c.code), 1U) << i;
        }
        expect_sentences(report);
    }
}

TEST(SettleUidls, UniqueAndValidForPop3) {
    Report report;
    AccountReport account{report, "a@b.example"};
    Mailbox mailbox;
    mailbox.folders.resize(2);
    const std::string seventy(70, 'u');
    auto& inbox = mailbox.folders[0].mails;
    inbox.push_back(mail_with(1, "a", "same", 2));
    inbox.push_back(mail_with(2, "b", "same", 1));
    inbox.push_back(mail_with(3, "c", seventy + "x", 3));
    inbox.push_back(mail_with(4, "d", "with space", 4));
    inbox.push_back(mail_with(5, "e", seventy, 5));
    inbox.push_back(mail_with(6, "f", seventy, 6));
    inbox.push_back(mail_with(7, "g", "", 7));
    mailbox.folders[1].mails.push_back(mail_with(1, "h", "same"));
    settle_uidls(mailbox, account);
    EXPECT_EQ(inbox[1].uidl, "same");  // POP3 shows it first
    EXPECT_EQ(inbox[0].uidl, "same.2");
    EXPECT_EQ(mailbox.folders[1].mails[0].uidl, "same.3");
    EXPECT_EQ(inbox[2].uidl.size(), 32U);
    EXPECT_EQ(inbox[3].uidl.size(), 32U);
    EXPECT_EQ(inbox[4].uidl, seventy);
    EXPECT_EQ(inbox[5].uidl, std::string(68, 'u') + ".2");
    EXPECT_EQ(inbox[6].uidl, "");
    EXPECT_EQ(times(report, "uidl-twice"), 3U);
    EXPECT_EQ(times(report, "uidl-hashed"), 2U);
    expect_sentences(report);
    // What was settled once stays.
    const auto before = inbox[2].uidl;
    Report again;
    AccountReport second{again, "a@b.example"};
    settle_uidls(mailbox, second);
    EXPECT_EQ(inbox[2].uidl, before);
    EXPECT_TRUE(again.lines().empty());
}

TEST(SettleOrder, CountsWithoutGapsAndKeepsHiddenOnesHidden) {
    Mailbox mailbox;
    mailbox.folders.resize(2);
    mailbox.folders[0].mails = {mail_with(1, "a", "", 40), mail_with(2, "b"),
                                mail_with(3, "c", "", 7)};
    mailbox.folders[1].mails = {mail_with(1, "d", "", 9)};
    settle_pop3_order(mailbox);
    EXPECT_EQ(mailbox.folders[0].mails[2].pop3_order, 1U);
    EXPECT_EQ(mailbox.folders[1].mails[0].pop3_order, 2U);
    EXPECT_EQ(mailbox.folders[0].mails[0].pop3_order, 3U);
    EXPECT_EQ(mailbox.folders[0].mails[1].pop3_order, 0U);
}

TEST(SettleSpecialUses, OneFolderForEach) {
    Mailbox mailbox;
    for (const char* name : {"INBOX", "Old/Sent", "Sent", "送信済み", "ゴミ箱"}) {
        mailbox.folders.emplace_back();
        mailbox.folders.back().name = name;
    }
    settle_special_uses(mailbox);
    EXPECT_EQ(mailbox.folders[1].special_use, "");
    EXPECT_EQ(mailbox.folders[2].special_use, "\\Sent");
    EXPECT_EQ(mailbox.folders[3].special_use, "");
    EXPECT_EQ(mailbox.folders[4].special_use, "\\Trash");
}

TEST(SettleIdentities, AreUnique) {
    Mailbox mailbox;
    mailbox.folders.resize(2);
    mailbox.folders[0].mails = {mail_with(1, "a"), mail_with(2, "a")};
    mailbox.folders[1].mails = {mail_with(1, "a"), mail_with(2, "b")};
    settle_identities(mailbox);
    EXPECT_EQ(mailbox.folders[0].mails[0].identity, "a");
    EXPECT_EQ(mailbox.folders[0].mails[1].identity, "a#2");
    EXPECT_EQ(mailbox.folders[1].mails[0].identity, "a#3");
    EXPECT_EQ(mailbox.folders[1].mails[1].identity, "b");
}

}  // namespace
}  // namespace tayori::legacy
