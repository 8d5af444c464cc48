// Generated spools of every family against what tests/harness/spools.py says a correct import gives.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>

#include "common/base/text.h"
#include "common/crypto/crypto.h"
#include "common/legacy/lines.h"
#include "common/legacy/source.h"
#include "common/legacy/tab_fields.h"

namespace tayori::legacy {
namespace {

constexpr std::uint64_t kMessageBytesMax = 10'000'000;

struct Spool {
    std::string path;
    std::vector<std::vector<std::string>> expected;  // lines of the generator
    ~Spool() { std::filesystem::remove_all(path); }
};

Spool make_spool(const std::string& kind, int mails, int users) {
    auto name = ::testing::TempDir() + "spool-XXXXXX";
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    Spool spool{name, {}};
    const auto list = name + ".tsv";
    const auto command = cat("python3 " TAYORI_SPOOLS " ", kind, ' ', name, ' ', mails, ' ', users, " 7 > ", list);
    EXPECT_EQ(std::system(command.c_str()), 0) << command;
    std::ifstream in(list);
    for (std::string line; std::getline(in, line);) spool.expected.push_back(split_fields(line, '\t'));
    std::filesystem::remove(list);
    return spool;
}

std::string flags_text(const Mail& mail) {
    std::set<std::string> flags(mail.keywords.begin(), mail.keywords.end());
    if (mail.flags & kAnswered) flags.insert("\\Answered");
    if (mail.flags & kFlagged) flags.insert("\\Flagged");
    if (mail.flags & kDeleted) flags.insert("\\Deleted");
    if (mail.flags & kSeen) flags.insert("\\Seen");
    if (mail.flags & kDraft) flags.insert("\\Draft");
    std::string out;
    for (const auto& flag : flags) append(out, out.empty() ? "" : ",", flag);
    return out;
}

// "account folder uid uidl order flags date sha256" of all mails; what the generator leaves open as it has it.
std::multiset<std::string> imported(const Tree& tree, Source& source, const std::vector<std::vector<std::string>>& expected, Report& report) {
    std::map<std::string, const std::vector<std::string>*> open;  // by sha256 and folder
    for (const auto& line : expected)
        if (line[0] == "mail") open[line[1] + line[8] + line[2]] = &line;
    std::multiset<std::string> out;
    const auto plan = source.plan(report);
    EXPECT_TRUE(plan) << (plan ? "" : plan.error().text);
    if (!plan) return out;
    for (const auto& account : plan->accounts) {
        const auto mailbox = source.load(account, report);
        EXPECT_TRUE(mailbox) << account.address;
        if (!mailbox) continue;
        std::uint64_t mails = 0;
        for (const auto& folder : mailbox->folders) mails += folder.mails.size();
        EXPECT_GE(account.mails, mails) << account.address;  // a plan also counts what turns out to be no mail
        for (const auto& folder : mailbox->folders)
            for (const auto& mail : folder.mails) {
                const auto message = read_message(tree, mail, kMessageBytesMax);
                EXPECT_TRUE(message) << mail.file;
                if (!message) continue;
                const auto sha = hex_encode(crypto::sha256(*message));
                const auto at = open.find(account.address + sha + folder.name);
                const bool uid_open = at != open.end() && (*at->second)[3] == "-";
                const bool uidl_open = at != open.end() && (*at->second)[4] == "-";
                out.insert(cat(account.address, '\t', folder.name, '\t', uid_open ? "-" : folder.keeps_uids ? std::to_string(mail.uid) : "none", '\t',
                               uidl_open ? "-" : mail.uidl, '\t', mail.pop3_order, '\t', flags_text(mail), '\t',
                               mail.internal_date ? mail.internal_date->unix_s : 0, '\t', sha));
            }
    }
    return out;
}

void check(const std::string& kind, const std::string& generator, int mails = 60, int users = 4) {
    const auto spool = make_spool(generator, mails, users);
    const auto tree = open_tree(spool.path);
    ASSERT_TRUE(tree);
    auto source = open_source(kind, **tree, {});
    ASSERT_TRUE(source);
    Report report;
    const auto got = imported(**tree, **source, spool.expected, report);
    std::multiset<std::string> wanted;
    std::size_t exceptions = 0;
    for (const auto& line : spool.expected) {
        if (line[0] == "mail") {
            std::string text;
            for (std::size_t i = 1; i < line.size(); ++i) append(text, i == 1 ? "" : "\t", line[i]);
            wanted.insert(text);
            continue;
        }
        ++exceptions;
        const bool said = std::any_of(report.lines().begin(), report.lines().end(), [&](const ReportLine& l) {
            const auto severity = l.severity == Severity::note      ? "note"
                                  : l.severity == Severity::changed ? "changed"
                                  : l.severity == Severity::person  ? "person"
                                                                    : "refused";
            return escape_field(l.file) == line[1] && (line[2] == "any" || line[2] == severity || line[2] == l.code);
        });
        EXPECT_TRUE(said) << kind << ": nothing of " << line[1] << " is " << line[2];
    }
    EXPECT_GT(exceptions, 0u);
    EXPECT_EQ(wanted.size(), got.size());
    std::size_t shown = 0;
    for (const auto& text : wanted)
        if (!got.contains(text) && ++shown < 5) ADD_FAILURE() << "missing: " << text;
    shown = 0;
    for (const auto& text : got)
        if (!wanted.contains(text) && ++shown < 5) ADD_FAILURE() << "not expected: " << text;
    for (const auto& line : report.lines()) {  // every code has its sentence
        EXPECT_NE(sentence(line, Language::english), line.code);
        EXPECT_NE(sentence(line, Language::japanese), sentence(line, Language::english)) << line.code;
    }
}

TEST(Spools, Maildir) { check("maildir", "maildir"); }
TEST(Spools, Mbox) { check("mbox", "mbox"); }
TEST(Spools, Mh) { check("mh", "mh"); }
TEST(Spools, HmailserverFromMysql) { check("hmailserver", "hmailserver"); }
TEST(Spools, HmailserverFromSqlServer) { check("hmailserver", "hmailserver-mssql"); }
TEST(Spools, Epost) { check("epost", "epost"); }
TEST(Spools, Pmail) { check("pmail", "pmail"); }

}  // namespace
}  // namespace tayori::legacy
