#include <gtest/gtest.h>

#include "adminctl/import/export.h"
#include "adminctl/import/frame_queue.h"
#include "adminctl/import/plan_file.h"
#include "adminctl/import/progress.h"
#include "adminctl/import/wire.h"

namespace tayori::admin {
namespace {

using std::chrono::milliseconds;

ImportPlan sample() {
    ImportPlan plan;
    plan.kind = "epost";
    plan.path = "/mnt/old\tspool\n100%";
    plan.origin = "dir:/mnt/old";
    plan.options.domain = "example.jp";
    plan.options.accounts_file = "/mnt/アカウント.txt";
    plan.options.keep_high_uids = true;
    plan.captures = "/mnt/captures";
    plan.fingerprint = "abc";
    plan.accounts = 3;
    plan.mails = 20'000;
    plan.bytes = UINT64_MAX;
    return plan;
}

TEST(ImportPlanFile, ComesBackAsItWas) {
    const auto text = format_plan(sample());
    auto read = parse_plan(text);
    ASSERT_TRUE(read) << read.error().text;
    EXPECT_EQ(read->path, sample().path);
    EXPECT_EQ(read->options.accounts_file, "/mnt/アカウント.txt");
    EXPECT_TRUE(read->options.keep_high_uids);
    EXPECT_EQ(read->captures, "/mnt/captures");
    EXPECT_FALSE(read->options.new_uidls);
    EXPECT_EQ(read->bytes, UINT64_MAX);
    EXPECT_EQ(format_plan(*read), text);
}

TEST(ImportPlanFile, RefusesWhatItDoesNotKnow) {
    const auto text = format_plan(sample());
    for (const auto& wrong : {std::string(), std::string("#tayori-import-plan\t2\n"), text + "new\t1\n", text + "no tab\n",
                              "x" + text, std::string("#tayori-import-plan\t1\nkind\tepost\n"),
                              text + "mails\tmany\n", text + "new-uidls\tperhaps\n"}) {
        EXPECT_FALSE(parse_plan(wrong)) << wrong;
    }
}

TEST(ImportProgress, SaysHowMuchIsLeft) {
    EXPECT_EQ(progress_line(10'000, 20'000, milliseconds(1000), legacy::Language::english),
              "10000 of 20000 mails (50 %), 10000 a second, 0:00:01 left");
    EXPECT_EQ(progress_line(0, 20'000, milliseconds(10), legacy::Language::english),
              "0 of 20000 mails (0 %), 0 a second, - left");
    // More than was planned: the old server still receives.
    EXPECT_EQ(progress_line(30, 20, milliseconds(1000), legacy::Language::japanese),
              "30 通中 30 通 (100 %)、毎秒 30 通、残り 0:00:00");
}

TEST(ImportWire, TheAccountSaysWhatWillCome) {
    legacy::Account account;
    account.address = "anna@example.jp";
    account.password = "secret";
    account.imap = false;
    legacy::Mailbox mailbox;
    auto& inbox = mailbox.folders.emplace_back();
    inbox.name = "INBOX";
    inbox.keeps_uids = true;
    inbox.uid_validity = 7;
    inbox.uid_next = 5;
    auto& mail = inbox.mails.emplace_back();
    mail.uid = 90;  // above what an old counter said
    mail.pop3_order = 4;
    const auto request = account_request(3, account, mailbox, false);
    EXPECT_EQ(request.folders(0).uid_next(), 91U);
    EXPECT_EQ(request.pop3_order_last(), 4U);
    EXPECT_EQ(request.protocols_size(), 2);
    EXPECT_FALSE(request.has_quota_bytes());
    EXPECT_EQ(identity_of(mail).size(), kIdentityBytes);
}

TEST(ImportWire, ReportLinesComeBack) {
    const legacy::ReportLine line{legacy::Severity::person, "a@b.test", "IMS.CTL", 7, "code", {"x", "y"}};
    const auto back = from_wire(to_wire(line));
    EXPECT_EQ(back.severity, line.severity);
    EXPECT_EQ(back.file, line.file);
    EXPECT_EQ(back.line, 7U);
    EXPECT_EQ(back.values, line.values);
}

// Files of old servers have names in any charset, and a field of text on the wire must be UTF-8.
TEST(ImportWire, ReportLinesOfAnyBytesTravel) {
    const legacy::ReportLine line{legacy::Severity::changed, "a@b.test", "\x8e\x71 100%/1.MSG", 0, "name-cp932",
                                  {"\x8e\x71", std::string(50'000, 'x')}};
    v1::ImportReportLine arrived;
    ASSERT_TRUE(arrived.ParseFromString(to_wire(line).SerializeAsString()));
    const auto back = from_wire(arrived);
    EXPECT_EQ(back.file, line.file);
    EXPECT_EQ(back.values[0], "子");
    EXPECT_EQ(back.values[1].size(), kReportValueBytesMax + 3);
}

TEST(ImportExport, AnAddressIsNoPath) {
    EXPECT_EQ(directory_of("anna.b@example.jp"), "anna.b@example.jp");
    EXPECT_EQ(directory_of("../../etc@x"), "%2E.%2F..%2Fetc@x");
    EXPECT_EQ(directory_of("a/b%@x"), "a%2Fb%25@x");
}

TEST(ImportFrames, TheQueueEndsBothWays) {
    FrameQueue queue;
    EXPECT_TRUE(queue.push(std::make_unique<v1::ImportFrame>()));
    queue.end();
    EXPECT_NE(queue.pop(), nullptr);
    EXPECT_EQ(queue.pop(), nullptr);
    FrameQueue closed;
    closed.close();
    EXPECT_FALSE(closed.push(std::make_unique<v1::ImportFrame>()));
    EXPECT_EQ(closed.pop(), nullptr);
}

}  // namespace
}  // namespace tayori::admin
