#include <gmock/gmock.h>

#include <set>

#include "common/legacy/capture/hash.h"
#include "common/legacy/live/mailbox.h"
#include "common/legacy/live/table.h"
#include "common/legacy/source.h"
#include "live_server.h"

namespace tayori::legacy {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::uint64_t kBytesMax = 100'000;

class LiveMailboxTest : public testing::Test {
  protected:
    std::unique_ptr<LiveMailbox> open(bool with_imap, bool with_pop3) {
        LiveOptions options;
        options.imap = with_imap;
        options.pop3 = with_pop3;
        options.message_bytes_max = kBytesMax;
        options.patience = {2, [this](std::chrono::milliseconds) { ++pauses; }};
        return std::make_unique<LiveMailbox>(
            options,
            [this](LiveProtocol protocol) -> Result<std::unique_ptr<Link>> {
                if (refusals > 0) {
                    --refusals;
                    return fail(Kind::closed, "The server can't be reached.");
                }
                if (protocol == LiveProtocol::imap) return imap.connect();
                return pop3.connect();
            },
            "taro", "taro@x.test");
    }
    std::vector<std::string> codes() const {
        std::vector<std::string> out;
        for (const auto& line : report.lines()) out.push_back(line.code);
        return out;
    }
    // UIDs, UIDLs and POP3's order of a folder.
    static std::vector<std::string> rows(const Folder& folder) {
        std::vector<std::string> out;
        for (const auto& mail : folder.mails) out.push_back(cat(mail.uid, ' ', mail.uidl, ' ', mail.pop3_order));
        return out;
    }

    OldImap imap;
    OldPop3 pop3;
    Report report;
    unsigned pauses = 0;
    unsigned refusals = 0;
};

TEST_F(LiveMailboxTest, FoldersFlagsAndDates) {
    imap.list =
        "* LIST (\\HasChildren) \".\" INBOX\r\n* LIST () \".\" INBOX.&ZeVnLIqe-\r\n* LIST (\\Noselect) \".\" "
        "INBOX.Work\r\n"
        "* LIST () \".\" INBOX.Work.2017\r\n* LIST (\\Sent) \".\" INBOX.Gesendet\r\n* LIST () \".\" user.hanako\r\n"
        "* LIST (\\All) \".\" INBOX.Everything\r\n";
    imap.lsub = "* LSUB () \".\" INBOX.Gesendet\r\n";
    imap.name_space = "* NAMESPACE ((\"INBOX.\" \".\")) ((\"user.\" \".\")) NIL\r\n";
    imap.folders["INBOX"] = {{3, "\\Seen \\Recent $Work", old_letter("a")},
                             {9, "\\Flagged \\Deleted", old_letter("b")}};
    imap.folders["INBOX.&ZeVnLIqe-"] = {{1, "", old_letter("c")}};
    auto mailbox = open(true, false)->load(report);
    ASSERT_TRUE(mailbox) << mailbox.error().text << mailbox.error().detail;
    std::vector<std::string> names;
    for (const auto& folder : mailbox->folders) names.push_back(folder.name);
    EXPECT_THAT(names, ElementsAre("INBOX", "日本語", "Work/2017", "Gesendet"));
    const auto& inbox = mailbox->folders[0];
    EXPECT_EQ(inbox.uid_validity, 7U);
    EXPECT_EQ(inbox.uid_next, 10U);
    EXPECT_TRUE(inbox.keeps_uids);
    EXPECT_EQ(inbox.mails[0].flags, kSeen);
    EXPECT_THAT(inbox.mails[0].keywords, ElementsAre("$Work"));
    EXPECT_EQ(inbox.mails[1].flags, kFlagged);
    EXPECT_EQ(inbox.mails[0].internal_date->zone_minutes, 540);
    EXPECT_EQ(mailbox->folders[3].special_use, "\\Sent");
    EXPECT_TRUE(mailbox->folders[3].subscribed);
    EXPECT_FALSE(mailbox->folders[2].subscribed);
    EXPECT_THAT(codes(), testing::IsSupersetOf({"flag-deleted", "live-folder-foreign", "live-folder-virtual"}));
}

TEST_F(LiveMailboxTest, OddLists) {
    imap.list =
        "* LIST () \"/\" inbox\r\n* LIST () \"/\" INBOX\r\n* LIST () \"/\" Work/\r\n* LIST () \"/\" \"Work/a\"\r\n* "
        "LIST () \"/\" " +
        std::string(2000, 'x') + "\r\n";
    auto live = open(true, false);
    auto mailbox = live->load(report);
    ASSERT_TRUE(mailbox) << mailbox.error().text;
    std::vector<std::string> names;
    for (const auto& folder : mailbox->folders) names.push_back(folder.name);
    EXPECT_THAT(names, ElementsAre("INBOX", "Work", "Work/a"));
    EXPECT_THAT(codes(), ElementsAre("live-folder-unreadable"));  // the long name
    EXPECT_FALSE(live->is_complete());
    imap.list = "";
    ASSERT_EQ(open(true, false)->load(report)->folders.size(), 1U);  // INBOX is always there
}

TEST_F(LiveMailboxTest, AnEmptyMailIsNoMail) {
    imap.folders["INBOX"] = {{1, "", ""}};
    auto live = open(true, false);
    const auto mailbox = live->load(report);
    EXPECT_EQ(read_message(*live, mailbox->folders[0].mails[0], kBytesMax).error().kind, Kind::corrupt);
}

TEST_F(LiveMailboxTest, NothingIsChangedAtTheSource) {
    imap.folders["INBOX"] = {{1, "", old_letter("a")}};
    pop3.mails = {{"u1", old_letter("a")}};
    {
        auto live = open(true, true);
        ASSERT_TRUE(live->load(report));
        ASSERT_TRUE(live->read("INBOX;UID=1", 0, kBytesMax));
    }
    for (const auto& line : imap.said)
        for (const auto* word : {"SELECT", "STORE", "EXPUNGE", "APPEND", "DELETE", "BODY[", "SUBSCRIBE"})
            EXPECT_TRUE(line.find(word) == std::string::npos) << line;
    for (const auto& line : pop3.said) EXPECT_FALSE(line.starts_with("DELE")) << line;
    EXPECT_EQ(pop3.said.back(), "QUIT");
    EXPECT_THAT(imap.said.back(), HasSubstr("LOGOUT"));
}

// What RETR has read, servers mark as seen, some of them at QUIT.
TEST_F(LiveMailboxTest, Pop3ReadsByTopAndAfterRetrThereIsNoQuit) {
    pop3.mails = {{"u1", old_letter("a")}, {"u2", old_letter("b")}};
    for (const bool top : {true, false}) {
        pop3.top = top;
        pop3.said.clear();
        {
            auto live = open(false, true);
            ASSERT_TRUE(live->load(report));
            EXPECT_EQ(live->read("POP3;UIDL=u1", 0, kBytesMax).value_or(""), old_letter("a"));
            EXPECT_EQ(live->read("POP3;UIDL=u2", 0, kBytesMax).value_or(""), old_letter("b"));
        }
        EXPECT_EQ(pop3.said.back(), top ? "QUIT" : "RETR 2");
        EXPECT_EQ(std::count(pop3.said.begin(), pop3.said.end(), "RETR 1"), top ? 0 : 1);
        EXPECT_EQ(std::count(pop3.said.begin(), pop3.said.end(), "RETR 2"), top ? 0 : 1);
    }
}

TEST_F(LiveMailboxTest, BodiesAreAskedForAheadInOneRoundTrip) {
    for (std::uint32_t uid = 1; uid <= 40; ++uid) imap.folders["INBOX"].push_back({uid, "", old_letter(cat(uid))});
    auto live = open(true, false);
    ASSERT_TRUE(live->load(report));
    ASSERT_TRUE(live->read("INBOX;UID=1", 0, kBytesMax));
    EXPECT_THAT(imap.said.back(), HasSubstr("UID FETCH 40 "));
    for (std::uint32_t uid : {2U, 3U, 40U, 7U, 8U}) {  // in another order it is the same mail
        const auto bytes = live->read(cat("INBOX;UID=", uid), 0, kBytesMax);
        ASSERT_TRUE(bytes) << uid << bytes.error().text;
        EXPECT_EQ(*bytes, old_letter(cat(uid)));
    }
}

TEST_F(LiveMailboxTest, SeveralCommandsMayBeAnsweredAsOne) {
    imap.merges = true;
    for (std::uint32_t uid = 1; uid <= 20; ++uid) imap.folders["INBOX"].push_back({uid, "", old_letter(cat(uid))});
    auto live = open(true, false);
    ASSERT_TRUE(live->load(report));
    for (std::uint32_t uid = 1; uid <= 20; ++uid) {
        const auto bytes = live->read(cat("INBOX;UID=", uid), 0, kBytesMax);
        ASSERT_TRUE(bytes) << uid << bytes.error().text;
        EXPECT_EQ(*bytes, old_letter(cat(uid)));
    }
}

TEST_F(LiveMailboxTest, ALostConnectionIsMadeAnew) {
    for (std::uint32_t uid = 1; uid <= 9; ++uid) imap.folders["INBOX"].push_back({uid, "", old_letter(cat(uid))});
    auto live = open(true, false);
    ASSERT_TRUE(live->load(report));
    imap.dies_at = 5;
    imap.deaths = 1;
    refusals = 0;
    for (std::uint32_t uid = 1; uid <= 9; ++uid) {
        if (uid == 4) refusals = 2;
        const auto bytes = live->read(cat("INBOX;UID=", uid), 0, kBytesMax);
        ASSERT_TRUE(bytes) << uid << bytes.error().text;
        EXPECT_EQ(*bytes, old_letter(cat(uid)));
    }
    EXPECT_EQ(imap.connections, 2U);
    EXPECT_EQ(pauses, 2U);
}

TEST_F(LiveMailboxTest, AMailThatEndsEverySessionIsRefusedAlone) {
    for (std::uint32_t uid = 1; uid <= 3; ++uid) imap.folders["INBOX"].push_back({uid, "", old_letter(cat(uid))});
    auto live = open(true, false);
    ASSERT_TRUE(live->load(report));
    imap.dies_at = 2;
    imap.deaths = 1000;
    EXPECT_TRUE(live->read("INBOX;UID=1", 0, kBytesMax));
    const auto bad = live->read("INBOX;UID=2", 0, kBytesMax);
    ASSERT_FALSE(bad);
    EXPECT_EQ(bad.error().kind, Kind::denied);
    EXPECT_TRUE(live->read("INBOX;UID=3", 0, kBytesMax));
}

TEST_F(LiveMailboxTest, ASourceThatIsGoneIsSaidToBeGone) {
    imap.folders["INBOX"] = {{1, "", old_letter("a")}};
    auto live = open(true, false);
    ASSERT_TRUE(live->load(report));
    imap.dies_at = 1;
    imap.deaths = 1;
    refusals = 1000;
    EXPECT_EQ(live->read("INBOX;UID=1", 0, kBytesMax).error().kind, Kind::closed);
}

TEST_F(LiveMailboxTest, WhatIsGoneOrRenumberedMeanwhile) {
    imap.folders["INBOX"] = {{1, "", old_letter("a")}, {2, "", old_letter("b")}};
    imap.folders["Other"] = {{1, "", old_letter("c")}};
    imap.list += "* LIST () \"/\" Other\r\n";
    auto live = open(true, false);
    ASSERT_TRUE(live->load(report));
    imap.folders["INBOX"].pop_back();
    EXPECT_EQ(live->read("INBOX;UID=2", 0, kBytesMax).error().kind, Kind::not_found);
    imap.uid_validity = 8;
    EXPECT_EQ(live->read("Other;UID=1", 0, kBytesMax).error().kind, Kind::not_found);
}

TEST_F(LiveMailboxTest, AFolderThatIsListedInPartIsSaid) {
    imap.folders["INBOX"] = {{1, "", old_letter("a")}, {1, "", old_letter("again")}};
    auto live = open(true, false);
    ASSERT_TRUE(live->load(report));
    EXPECT_FALSE(live->is_complete());
    EXPECT_THAT(codes(), ElementsAre("live-folder-incomplete"));
}

TEST_F(LiveMailboxTest, Pop3AloneKeepsUidlsAndOrder) {
    pop3.mails = {{"B0002.MSG", old_letter("b", ".dot\r\n..two")}, {"B0001.MSG", old_letter("a")}};
    for (const bool pipelining : {false, true}) {
        pop3.pipelining = pipelining;
        auto live = open(false, true);
        auto mailbox = live->load(report);
        ASSERT_TRUE(mailbox) << mailbox.error().text;
        ASSERT_EQ(mailbox->folders.size(), 1U);
        EXPECT_THAT(rows(mailbox->folders[0]), ElementsAre("0 B0002.MSG 1", "0 B0001.MSG 2"));
        EXPECT_FALSE(mailbox->folders[0].mails[0].flags_known);
        const auto message = read_message(*live, mailbox->folders[0].mails[0], kBytesMax);
        ASSERT_TRUE(message) << message.error().text;
        EXPECT_EQ(*message, old_letter("b", ".dot\r\n..two"));
    }
}

TEST_F(LiveMailboxTest, AUidlThatComesTwiceIsTwoMails) {
    pop3.mails = {{"same", old_letter("a")}, {"same", old_letter("b")}};
    auto live = open(false, true);
    auto mailbox = live->load(report);
    ASSERT_TRUE(mailbox);
    const auto& mails = mailbox->folders[0].mails;
    EXPECT_THAT(rows(mailbox->folders[0]), ElementsAre("0 same 1", "0 same.2 2"));
    EXPECT_NE(mails[0].identity, mails[1].identity);
    EXPECT_EQ(*read_message(*live, mails[1], kBytesMax), old_letter("b"));
}

TEST_F(LiveMailboxTest, UidlsFindTheirMailsInInbox) {
    imap.folders["INBOX"] = {{4, "", old_letter("a")}, {5, "", old_letter("hidden")}, {6, "", old_letter("b")}};
    pop3.mails = {{"second", old_letter("b")}, {"first", old_letter("a")}, {"only here", old_letter("c")}};
    auto live = open(true, true);
    auto mailbox = live->load(report);
    ASSERT_TRUE(mailbox) << mailbox.error().text;
    EXPECT_THAT(rows(mailbox->folders[0]), ElementsAre("4 first 2", "5  0", "6 second 1", testing::HasSubstr("7 ")));
    EXPECT_EQ(*read_message(*live, mailbox->folders[0].mails[3], kBytesMax), old_letter("c"));
    for (const auto& line : pop3.said) EXPECT_NE(line, "RETR 1");  // their headers were enough
}

TEST_F(LiveMailboxTest, WhereHeadersAreTheSameTheBytesTell) {
    pop3.top = false;
    for (const bool top : {false, true}) {
        pop3.top = top;
        imap.folders["INBOX"] = {{1, "", old_letter("same", "1")}, {2, "", old_letter("same", "2")}};
        pop3.mails = {{"two", old_letter("same", "2")}, {"one", old_letter("same", "1")}};
        auto mailbox = open(true, true)->load(report);
        ASSERT_TRUE(mailbox) << mailbox.error().text;
        EXPECT_THAT(rows(mailbox->folders[0]), ElementsAre("1 one 2", "2 two 1")) << top;
    }
}

TEST_F(LiveMailboxTest, ACaptureHasTheHashes) {
    imap.folders["INBOX"] = {{1, "\\Seen", old_letter("a")}};
    pop3.mails = {{"u1", old_letter("a")}};
    auto live = open(true, true);
    auto capture = live->list_all(true, report);
    ASSERT_TRUE(capture);
    ASSERT_TRUE(live->hash(*capture, report));
    EXPECT_EQ(capture->mails[0].text.sha256, capture_hash(old_letter("a")));
    EXPECT_EQ(capture->drop[0].text.sha256, capture_hash(old_letter("a")));
    EXPECT_EQ(capture->drop[0].text.message_id, capture->mails[0].text.message_id);
    EXPECT_EQ(parse_capture(write_capture(*capture)).value(), *capture);
    EXPECT_THAT(codes(), IsEmpty());
}

TEST_F(LiveMailboxTest, ALargerMailIsRefusedAndNeverAskedFor) {
    imap.folders["INBOX"] = {{1, "", std::string(kBytesMax + 1, 'x')}, {2, "", old_letter("b")}};
    auto live = open(true, false);
    auto mailbox = live->load(report);
    ASSERT_TRUE(mailbox);
    EXPECT_EQ(read_message(*live, mailbox->folders[0].mails[0], kBytesMax).error().kind, Kind::too_big);
    EXPECT_TRUE(read_message(*live, mailbox->folders[0].mails[1], kBytesMax));
    for (const auto& line : imap.said) EXPECT_THAT(line, testing::Not(HasSubstr("UID FETCH 1 ")));
    EXPECT_EQ(imap.connections, 1U);
}

TEST(MigrationTable, ReadsUtf8AndCp932) {
    for (const std::string name : {"山田", "\x8e\x52\x93\x63"}) {
        const auto rows = parse_migration_table(
            cat("address,user,password,name,quota\r\ntaro@x.test,taro,\"a,b\",", name, ",2G\r\n"), "");
        ASSERT_TRUE(rows) << rows.error().text;
        ASSERT_EQ(rows->size(), 1U);
        EXPECT_EQ((*rows)[0].login.user, "taro");
        EXPECT_EQ((*rows)[0].login.secret, "a,b");
        EXPECT_EQ((*rows)[0].account.display_name, "山田");
        EXPECT_EQ((*rows)[0].account.quota_bytes, 2ULL << 30);
        EXPECT_EQ((*rows)[0].account.password, "a,b");
    }
    const auto token = parse_migration_table("user,token,address\ntaro,abc,taro\n", "x.test");
    ASSERT_TRUE(token);
    EXPECT_TRUE((*token)[0].token);
    EXPECT_FALSE((*token)[0].account.password);
    EXPECT_EQ((*token)[0].account.address, "taro@x.test");
}

TEST(MigrationTable, SaysWhatIsWrongAndWhere) {
    constexpr struct {
        std::string_view table;
        std::string_view said;
    } kTables[] = {
        {"", "empty"},
        {"user,address\n", "password or token"},
        {"user,password,address,colour\n", "\"colour\""},
        {"user,user,password,address\n", "twice"},
        {"user,password,address\n", "no line but its header"},
        {"user,password,address\n,x,a@x.test\n", "line 2: the user is missing"},
        {"user,password,address\na,,a@x.test\n", "line 2: the password"},
        {"user,password,address\na,x,a@\n", "line 2"},
        {"user,password,address\na,x,a@x.test\nb,x,A@X.test\n", "line 3: a@x.test comes twice"},
        {"user,password,address\na,x,a@x.test\na,x,b@x.test\n", "line 3: the user a comes twice"},
        {"user,password,address,quota\na,x,a@x.test,much\n", "\"much\" is no size"},
    };
    for (const auto& [table, said] : kTables) {
        const auto rows = parse_migration_table(table, "");
        ASSERT_FALSE(rows) << table;
        EXPECT_THAT(rows.error().text, HasSubstr(said));
    }
}

TEST(LiveServer, HostsAndPorts) {
    constexpr struct {
        LiveProtocol protocol;
        std::string_view text, tls, host;
        std::uint16_t port;
        LiveTls how;
    } kServers[] = {
        {LiveProtocol::imap, "Old.example", "", "old.example", 993, LiveTls::implicit},
        {LiveProtocol::pop3, "old.example", "", "old.example", 995, LiveTls::implicit},
        {LiveProtocol::imap, "old.example:143", "", "old.example", 143, LiveTls::starttls},
        {LiveProtocol::pop3, "old.example", "none", "old.example", 110, LiveTls::none},
        {LiveProtocol::imap, "[2001:db8::1]:1143", "implicit", "2001:db8::1", 1143, LiveTls::implicit},
    };
    for (const auto& [protocol, text, tls, host, port, how] : kServers) {
        const auto server = parse_server(protocol, text, tls);
        ASSERT_TRUE(server) << text;
        EXPECT_EQ(server->host, host);
        EXPECT_EQ(server->port, port);
        EXPECT_EQ(server->tls, how);
    }
    for (const auto* text : {"", ":143", "a:", "a:0", "a:99999", "a b", "imap://a", "[::1"})
        EXPECT_FALSE(parse_server(LiveProtocol::imap, text, "")) << text;
}

}  // namespace
}  // namespace tayori::legacy
