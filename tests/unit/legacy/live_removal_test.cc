#include <gmock/gmock.h>

#include "common/legacy/live/removal.h"
#include "live_server.h"

namespace tayori::legacy {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::Not;
using testing::StartsWith;

// A server on which mails are deleted; what it is told is in `said`, without tags.
struct RemovalServer {
    bool uidplus = true;
    std::uint32_t uid_validity = 7;
    std::string others;  // what a search for others' deleted mails finds
    std::vector<std::string> said;

    LinkMaker maker() {
        return [this](LiveProtocol protocol) -> Result<std::unique_ptr<Link>> {
            return std::make_unique<ScriptedLink>([this, protocol](const std::string& line) {
                return protocol == LiveProtocol::imap ? imap(line) : pop3(line);
            });
        };
    }
    std::optional<std::string> imap(const std::string& line) {
        const auto tag = line.substr(0, line.find(' '));
        const auto command = line.substr(tag.size() + 1);
        said.push_back(command);
        const auto ok = cat(tag, " OK done\r\n");
        if (command == "CAPABILITY") return cat("* CAPABILITY IMAP4rev1", uidplus ? " UIDPLUS" : "", "\r\n", ok);
        if (command == "SELECT \"locked\"") return cat(tag, " NO no\r\n");
        if (command.starts_with("SELECT")) return cat("* 9 EXISTS\r\n* OK [UIDVALIDITY ", uid_validity, "] ok\r\n", ok);
        if (command.starts_with("UID SEARCH")) return cat("* SEARCH", others, "\r\n", ok);
        return ok;
    }
    std::optional<std::string> pop3(const std::string& line) {
        said.push_back(line);
        if (line == "CAPA") return "-ERR\r\n";
        if (line == "LIST") return "+OK\r\n1 100\r\n2 100\r\n3 100\r\n.\r\n";
        if (line == "UIDL") return "+OK\r\n1 a\r\n2 b\r\n3 c\r\n.\r\n";
        return line == "QUIT" && quit_fails ? "-ERR not all removed\r\n" : "+OK\r\n";
    }
    bool quit_fails = false;
};

TEST(LiveRemoval, ByUidWhereTheServerCan) {
    RemovalServer server;
    const auto removed = remove_by_imap(server.maker(), {{"INBOX", 7, {3, 4, 5, 9}}});
    ASSERT_TRUE(removed) << removed.error().text;
    EXPECT_EQ(*removed, 4U);
    EXPECT_THAT(server.said, ElementsAre("CAPABILITY", "SELECT \"INBOX\"", "UID STORE 3:5,9 +FLAGS.SILENT (\\Deleted)",
                                         "UID EXPUNGE 3:5,9", "LOGOUT"));
}

TEST(LiveRemoval, OthersDeletedMailsAreSpared) {
    RemovalServer server;
    server.uidplus = false;
    EXPECT_EQ(remove_by_imap(server.maker(), {{"INBOX", 7, {3}}}), 1U);
    EXPECT_THAT(server.said, Contains("EXPUNGE"));
    server.said.clear();
    server.others = " 4";
    EXPECT_EQ(remove_by_imap(server.maker(), {{"INBOX", 7, {3}}}), 0U);
    EXPECT_THAT(server.said, Contains("UID SEARCH DELETED NOT UID 3"));
    EXPECT_THAT(server.said, Not(Contains("EXPUNGE")));
}

TEST(LiveRemoval, AFolderNumberedAnewOrLockedIsLeftAlone) {
    RemovalServer server;
    EXPECT_EQ(remove_by_imap(server.maker(), {{"INBOX", 8, {3}}, {"locked", 7, {1}}, {"Sent", 7, {2}}}), 1U);
    EXPECT_THAT(server.said, Not(Contains(StartsWith("UID STORE 3"))));
}

TEST(LiveRemoval, ByPop3AllGoAtQuit) {
    RemovalServer server;
    EXPECT_EQ(remove_by_pop3(server.maker(), {"a", "c", "gone before"}), 2U);
    EXPECT_THAT(server.said, ElementsAre("CAPA", "LIST", "UIDL", "DELE 1", "DELE 3", "QUIT"));
    server.quit_fails = true;
    EXPECT_FALSE(remove_by_pop3(server.maker(), {"a"}));
}

}  // namespace
}  // namespace tayori::legacy
