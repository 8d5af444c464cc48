#include "common/legacy/capture/capture.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "common/crypto/crypto.h"
#include "common/legacy/capture/hash.h"
#include "common/legacy/capture/match.h"
#include "common/legacy/source.h"
#include "spool.h"

namespace tayori::legacy {
namespace {

Capture sample_capture() {
    Capture capture;
    capture.product = "epost";
    capture.user = "taro@example.jp";
    capture.taken = "2026-11-22T01:02:03Z";
    capture.drop.push_back({1, "B0000000001.MSG", {100, std::string(64, 'a'), "", {}}});
    capture.drop.push_back({2, "odd\tuidl%", {7, "", "<m@x>", mail::MailDate{1'700'000'000, 540}}});
    capture.folders.push_back({"INBOX", "INBOX", 42, 1000, true});
    capture.folders.push_back({"下書き", "&Tgtm+DBN-", 43, 1, false});
    capture.mails.push_back({"INBOX",
                             5,
                             {"\\Seen", "$MDNSent"},
                             mail::MailDate{1'700'000'000, 540},
                             {100, std::string(64, 'b'), "", {}}});
    capture.mails.push_back({"下書き", 6, {}, {}, {1, "", "", {}}});
    return capture;
}

std::string sealed(std::string text) {
    const auto lines = std::count(text.begin(), text.end(), '\n');
    const auto hash = hex_encode(crypto::sha256(text));
    return text + cat("#end\t", lines, '\t', hash, '\n');
}
constexpr std::string_view kHead = "#legacy-capture\t1\tproduct=epost\tuser=u\ttaken=t\n";

TEST(CaptureFile, BothWays) {
    const auto written = write_capture(sample_capture());
    EXPECT_NE(written.find("P\t2\todd%09uidl%25\t7\t\t<m@x>\t2023-11-15T07:13:20+09:00\n"),
              std::string::npos);
    EXPECT_NE(written.find("M\tINBOX\t5\t\\Seen,$MDNSent\t2023-11-15T07:13:20+09:00\t100\t"),
              std::string::npos);
    const auto read = parse_capture(written);
    ASSERT_TRUE(read) << read.error().text << read.error().detail;
    EXPECT_EQ(*read, sample_capture());
    EXPECT_EQ(parse_capture(write_capture({})).value(), Capture{});
}

TEST(CaptureFile, CutOffOrChangedIsRefused) {
    const auto written = write_capture(sample_capture());
    for (std::size_t n = 0; n < written.size(); ++n)
        EXPECT_FALSE(parse_capture(written.substr(0, n))) << n;
    for (std::size_t n = 0; n < written.size(); ++n) {
        auto changed = written;
        changed[n] = changed[n] == 'x' ? 'y' : 'x';
        EXPECT_FALSE(parse_capture(changed)) << n;
    }
    EXPECT_FALSE(parse_capture(written + "more\n"));
    EXPECT_EQ(parse_capture("hello").error().kind, Kind::invalid);
    EXPECT_EQ(parse_capture(sealed("#legacy-capture\t2\n")).error().kind, Kind::unsupported);
}

TEST(CaptureFile, LinesThatMakeNoSense) {
    for (const char* line : {"P\t0\tu\t1\t",
                             "P\t1\t\t1\t",
                             "P\tx\tu\t1\t",
                             "P\t1\tu\t1",
                             "P\t1\tu\t1\tnothex",
                             "P\t1\tu%\t1\t",
                             "P\t1\tu%0\t1\t",
                             "P\t1\tu%GG\t1\t",
                             "P\t1\tu\t1\t\t<m>\tyesterday",
                             "Q\t1",
                             "",
                             "F\tA\ta\t1\t2",
                             "F\tA\ta\t1\t2\tyes",
                             "F\t\ta\t1\t2\t1",
                             "F\tA\ta\t4294967296\t2\t1",
                             "M\tnone\t1\t\t\t1\t",
                             "F\tA\ta\t1\t2\t1\nF\tA\ta\t1\t2\t1",
                             "P\t1\t\xff\t1\t",
                             "F\tA\ta\t1\t2\t1\nM\tA\t0\t\t\t1\t",
                             "F\tA\ta\t1\t2\t1\nM\tA\t1\t\tnever\t1\t"}) {
        const auto read = parse_capture(sealed(cat(kHead, line, '\n')));
        ASSERT_FALSE(read) << line;
        EXPECT_EQ(read.error().kind, Kind::corrupt) << line;
    }
    EXPECT_TRUE(parse_capture(sealed(cat(kHead, "F\tA\ta\t1\t2\t1\nM\tA\t1\t\t\t1\t\n"))));
}

TEST(CaptureHash, IsTheSameHoweverTheMailWasFetched) {
    const std::string mail = "Subject: x\r\nX-Status-Not: y\r\n\r\nStatus: body\r\n";
    const auto hash = capture_hash(mail);
    EXPECT_EQ(hash, hex_encode(crypto::sha256(mail)));
    EXPECT_EQ(capture_hash("X-UIDL: abc\r\n" + mail), hash);
    EXPECT_EQ(capture_hash("Status: RO\r\nX-STATUS: A\r\n\tfolded\r\n" + mail), hash);
    EXPECT_EQ(capture_hash(mail.substr(0, mail.size() - 2)), hash);
    EXPECT_NE(capture_hash("X: 1\r\n" + mail), hash);
    EXPECT_EQ(capture_hash(""), hex_encode(crypto::sha256("\r\n")));
}

// A mailbox of E-Post's, loaded, and what is captured of it.
class Matching : public ::testing::Test {
  protected:
    void mail(const std::string& path, const std::string& text) {
        spool_.file("inbox/a.example/taro/" + path, text);
    }
    void load() {
        auto source = open_source("epost", spool_.tree(), {});
        Account account;
        account.address = "taro@a.example";
        account.directory = "inbox/a.example/taro";
        mailbox_ = (*source)->load(account, loading_).value();
    }
    MatchCount apply() {
        AccountReport account{report_, "taro@a.example"};
        const auto count =
            apply_capture(capture_, spool_.tree(), {1'000'000, false}, mailbox_, account);
        expect_sentences(report_);
        return count;
    }
    static CapturedText of(const std::string& text) {
        return {text.size(), capture_hash(text), "", {}};
    }
    void drop(std::uint64_t order, const std::string& uidl, CapturedText text) {
        capture_.drop.push_back({order, uidl, std::move(text)});
    }
    void imap(const std::string& folder, std::uint32_t uid, std::vector<std::string> flags,
              CapturedText text) {
        capture_.mails.push_back(
            {folder, uid, std::move(flags), mail::MailDate{1'600'000'000, 540}, std::move(text)});
    }
    std::string mails(std::size_t folder = 0) const {
        std::string out;
        for (const auto& mail : mailbox_.folders.at(folder).mails)
            append(out, mail.uid, ' ', mail.flags, ' ', mail.pop3_order, ' ',
                   mail.uidl.empty() ? "-" : mail.uidl, '\n');
        return out;
    }

    Spool spool_;
    Report loading_;
    Report report_;
    Mailbox mailbox_;
    Capture capture_;
    std::string one_ = sample("B0000000001", "<1@x>");
    std::string two_ = sample("B0000000002", "<2@x>");
    std::string three_ = sample("B0000000003", "<3@x>");
};

TEST_F(Matching, Pop3ByHashDecidesUidlAndOrder) {
    mail("B0000000001.MSG", one_);
    mail("B0000000002.MSG", two_);
    mail("B0000000003.MSG", three_);
    load();
    drop(1, "second", of(two_));
    drop(2, "first", of(one_));
    drop(3, "gone", of(sample("B0000000099", "<99@x>")));
    const auto count = apply();
    EXPECT_EQ(
        mails(),
        "0 0 2 first\n0 0 1 second\n0 0 3 B0000000003.MSG\n");  // the third came after the capture
    EXPECT_EQ(count.drop, 2U);
    EXPECT_EQ(count.drop_missing, 1U);
    EXPECT_EQ(find_line(report_, "capture-no-mail")->values[0], "gone");
    EXPECT_EQ(find_line(report_, "capture-pop3")->values,
              (std::vector<std::string>{"2", "1", "1", "2"}));
}

TEST_F(Matching, Pop3ByIdThenByFields) {
    mail("B0000000001.MSG", one_);
    mail("B0000000002.MSG", two_);
    load();
    drop(1, "B0000000001.MSG", {1, "", "", {}});
    drop(2, "fields",
         {two_.size(), std::string(64, 'f'), "<2@x>", mail::MailDate{1'699'999'980, 0}});
    EXPECT_EQ(apply().drop, 2U);
    EXPECT_EQ(mails(), "0 0 1 B0000000001.MSG\n0 0 2 fields\n");
}

TEST_F(Matching, AmbiguousIsReportedAndNeverGuessed) {
    mail("x/0000000001-000000.MSG", one_ + "other\r\n");  // the same id and Message-ID, other text
    mail("x/0000000002-000000.MSG", one_ + "another\r\n");
    load();
    for (auto& known : mailbox_.folders.at(1).mails) known.uidl.clear();
    drop(1, "B0000000001.MSG", {1, std::string(64, 'f'), "", {}});
    const auto count = apply();
    EXPECT_EQ(count.drop, 0U);
    EXPECT_EQ(count.ambiguous, 1U);
    EXPECT_EQ(times(report_, "capture-ambiguous"), 1U);
    EXPECT_EQ(mails(1), "1 0 0 -\n2 0 0 -\n");
}

TEST_F(Matching, IdenticalMailsInPop3Order) {
    SampleMail plain;
    plain.received.clear();
    mail("B0000000001.MSG", plain.text());
    mail("B0000000002.MSG", plain.text());
    mail("B0000000003.MSG", plain.text());
    load();
    drop(1, "a", of(plain.text()));
    drop(2, "b", of(plain.text()));
    drop(3, "c", of(plain.text()));
    EXPECT_EQ(apply().drop, 3U);
    EXPECT_EQ(mails(), "0 0 1 a\n0 0 2 b\n0 0 3 c\n");
    EXPECT_EQ(times(report_, "capture-identical"), 1U);
}

TEST_F(Matching, ImapUidsFlagsAndDates) {
    mail("inbox/0000000001-000000.MSG", one_);
    mail("inbox/0000000002-000000.MSG", two_);
    mail("inbox/0000000200-001000.MSG", three_);
    mail("&Tgtm+DBN-/0000000001-000001.MSG", one_);
    load();
    capture_.folders = {{"INBOX", "INBOX", 42, 103, true},
                        {"下書き", "&Tgtm+DBN-", 43, 8, false},
                        {"None", "None", 1, 1, true}};
    imap("INBOX", 102, {"\\Seen", "\\Recent", "\\Deleted", "$Label1"}, of(one_));
    imap("INBOX", 101, {"\\Answered", "\\flagged"}, of(two_));
    imap("下書き", 7, {"\\Draft"}, of(one_));
    imap("None", 1, {}, of(one_));
    const auto count = apply();
    EXPECT_EQ(mails(),
              "101 3 0 B0000000002.MSG\n102 8 0 B0000000001.MSG\n200 2 0 B0000000003.MSG\n");
    const auto& inbox = mailbox_.folders[0];
    EXPECT_EQ(inbox.uid_validity, 42U);
    EXPECT_EQ(inbox.uid_next, 201U);
    EXPECT_TRUE(inbox.keeps_uids);
    EXPECT_EQ(inbox.mails[1].keywords, (std::vector<std::string>{"$Label1"}));
    EXPECT_EQ(inbox.mails[0].internal_date, (mail::MailDate{1'600'000'000, 540}));
    EXPECT_EQ(inbox.mails[0].date_source, DateSource::stored);
    EXPECT_EQ(mails(1), "7 16 0 -\n");
    EXPECT_EQ(mailbox_.folders[1].uid_validity, 43U);
    EXPECT_FALSE(mailbox_.folders[1].subscribed);
    EXPECT_EQ(count.mails, 3U);
    EXPECT_EQ(count.mails_missing, 1U);
    EXPECT_EQ(times(report_, "flag-deleted"), 1U);
    EXPECT_EQ(find_line(report_, "capture-no-folder")->file, "None");
}

TEST_F(Matching, MailThatTheCaptureDoesNotKnowIsAppended) {
    mail("inbox/0000000001-000000.MSG", one_);
    mail("inbox/0000000002-000000.MSG", two_);
    load();
    capture_.folders = {{"INBOX", "INBOX", 42, 500, true}};
    imap("INBOX", 2, {}, of(one_));
    apply();
    EXPECT_EQ(mails(), "2 0 0 B0000000001.MSG\n500 0 0 B0000000002.MSG\n");
}

TEST_F(Matching, FoldersAreFoundByTheirMails) {
    mail("inbox/0000000001-000000.MSG", one_);
    mail("F00017/0000000001-000000.MSG", two_);
    load();
    capture_.folders = {{"INBOX", "INBOX", 42, 2, true},
                        {"仕事/2023", "&TtVOiw-/2023", 43, 9, true}};
    imap("INBOX", 1, {}, of(one_));
    imap("仕事/2023", 8, {}, of(two_));
    EXPECT_EQ(apply().mails, 2U);
    EXPECT_EQ(mailbox_.folders[1].name, "仕事/2023");
    EXPECT_EQ(mails(1), "8 0 0 B0000000002.MSG\n");
    EXPECT_EQ(times(report_, "capture-folder-name"), 1U);
}

}  // namespace
}  // namespace tayori::legacy
