// Delivery status notifications, byte for byte where programs read them (RFC 3461, RFC 3464, RFC 6533).
#include "common/mail/dsn.h"

#include <gmock/gmock.h>

#include "common/base/text.h"

namespace tayori::mail {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

Dsn one(DsnAction action) {
    Dsn dsn;
    dsn.reporting_mta = "mx.ours.test";
    dsn.from = "postmaster@ours.test";
    dsn.to = "anna@ours.test";
    dsn.message_id = "dsn.1@mx.ours.test";
    dsn.boundary = "=_b";
    dsn.date_s = 1'700'000'000;
    dsn.arrived_s = 1'600'000'000;
    dsn.original = "Subject: hello\r\n\r\n";
    DsnRecipient recipient;
    recipient.action = action;
    recipient.address = "x@a.test";
    dsn.recipients.push_back(recipient);
    return dsn;
}

// The lines of the part that programs read.
std::string fields(const Dsn& dsn) {
    const auto text = make_dsn(dsn);
    const auto begin = text.find("delivery-status\r\n\r\n");
    const auto at = begin == std::string::npos ? text.find("8bit\r\n\r\nReporting") + 8 : begin + 19;
    return text.substr(at, text.find("\r\n--=_b", at) - at);
}

TEST(DsnTest, AWholeNotification) {
    auto dsn = one(DsnAction::failed);
    auto& recipient = dsn.recipients[0];
    recipient.original = "rfc822;x+2Bold@a.test";
    recipient.status = "5.1.1";
    recipient.code = 550;
    recipient.text = "5.1.1 no such user";
    recipient.host = "mx.a.test";
    recipient.last_try_s = 1'700'000'000;
    dsn.envelope_id = "QQ+3D1";
    EXPECT_EQ(make_dsn(dsn),
              "From: Mail Delivery System <postmaster@ours.test>\r\n"
              "To: <anna@ours.test>\r\n"
              "Subject: Mail could not be delivered\r\n"
              "Date: Tue, 14 Nov 2023 22:13:20 +0000\r\n"
              "Message-ID: <dsn.1@mx.ours.test>\r\n"
              "Auto-Submitted: auto-replied\r\n"
              "MIME-Version: 1.0\r\n"
              "Content-Type: multipart/report; report-type=delivery-status;\r\n"
              " boundary=\"=_b\"\r\n"
              "\r\n"
              "--=_b\r\n"
              "Content-Type: text/plain; charset=us-ascii\r\n"
              "\r\n"
              "This is the mail server mx.ours.test.\r\n"
              "\r\n"
              "<x@a.test>\r\n"
              "  could not be delivered; it will not be tried again.\r\n"
              "  The other server said:\r\n"
              "    550 5.1.1 no such user\r\n"
              "\r\n"
              "The header of your mail follows.\r\n"
              "\r\n"
              "--=_b\r\n"
              "Content-Type: message/delivery-status\r\n"
              "\r\n"
              "Reporting-MTA: dns;mx.ours.test\r\n"
              "Original-Envelope-Id: QQ=1\r\n"
              "Arrival-Date: Sun, 13 Sep 2020 12:26:40 +0000\r\n"
              "\r\n"
              "Original-Recipient: rfc822;x+old@a.test\r\n"
              "Final-Recipient: rfc822;x@a.test\r\n"
              "Action: failed\r\n"
              "Status: 5.1.1\r\n"
              "Remote-MTA: dns;mx.a.test\r\n"
              "Diagnostic-Code: smtp;550 5.1.1 no such user\r\n"
              "Last-Attempt-Date: Tue, 14 Nov 2023 22:13:20 +0000\r\n"
              "\r\n"
              "--=_b\r\n"
              "Content-Type: text/rfc822-headers\r\n"
              "\r\n"
              "Subject: hello\r\n"
              "\r\n"
              "\r\n"
              "--=_b--\r\n");
}

TEST(DsnTest, TheStatusFitsTheAction) {
    struct Case {
        DsnAction action;
        const char* status;
        bool expired;
        const char* shown;
    };
    const Case cases[] = {
        {DsnAction::failed, "5.1.1", false, "5.1.1"},   {DsnAction::failed, "", false, "5.0.0"},
        {DsnAction::failed, "4.2.2", false, "4.2.2"},   {DsnAction::failed, "2.0.0", false, "5.0.0"},
        {DsnAction::failed, "4.2.2", true, "4.4.7"},    {DsnAction::delayed, "5.2.2", false, "4.2.2"},
        {DsnAction::delayed, "4.2.2", false, "4.2.2"},  {DsnAction::delivered, "2.1.5", false, "2.1.5"},
        {DsnAction::delivered, "", false, "2.0.0"},     {DsnAction::relayed, "2.6.0", false, "2.6.0"},
        {DsnAction::failed, "5.1.1\r\nX: y", false, "5.0.0"}, {DsnAction::failed, "5.1", false, "5.0.0"},
    };
    for (const auto& test : cases) {
        auto dsn = one(test.action);
        dsn.recipients[0].status = test.status;
        dsn.recipients[0].expired = test.expired;
        EXPECT_THAT(fields(dsn), HasSubstr(cat("\r\nStatus: ", test.shown, "\r\n"))) << test.status;
    }
}

TEST(DsnTest, TheDiagnosticIsWhatTheRemoteSaid) {
    const struct {
        std::uint32_t code;
        const char* status;
        const char* text;
        const char* said;
    } cases[] = {{550, "5.1.1", "no such user", "smtp;550 5.1.1 no such user"},
                 {550, "5.1.1", "5.1.1 no such user", "smtp;550 5.1.1 no such user"},
                 {550, "5.0.0", "no such user", "smtp;550 no such user"},   // it had none
                 {535, "4.7.8", "wrong password", "smtp;535 wrong password"},  // ours
                 {550, "5.1", "no such user", "smtp;550 no such user"}};
    for (const auto& c : cases) {
        auto dsn = one(DsnAction::failed);
        dsn.recipients[0].code = c.code;
        dsn.recipients[0].status = c.status;
        dsn.recipients[0].text = c.text;
        EXPECT_THAT(fields(dsn), HasSubstr(cat("Diagnostic-Code: ", c.said, "\r\n")));
    }
}

TEST(DsnTest, NobodyWritesLinesIntoIt) {
    auto dsn = one(DsnAction::failed);
    dsn.recipients[0].code = 550;
    dsn.recipients[0].text = "no\r\nAction: delivered";
    dsn.recipients[0].host = "h\nX: y";
    dsn.recipients[0].original = "rfc822;x+0D+0AAction: delivered";
    dsn.envelope_id = "a+0Ab";
    EXPECT_THAT(fields(dsn), Not(HasSubstr("\nAction: delivered")));
    EXPECT_THAT(fields(dsn), Not(HasSubstr("\nX: y")));
    EXPECT_THAT(fields(dsn), HasSubstr("Original-Envelope-Id: a b\r\n"));
    dsn.recipients[0].text = std::string(5'000, 'x');
    const auto text = fields(dsn);
    for (std::string_view rest = text; !rest.empty();) {
        const auto end = std::min(rest.size(), rest.find("\r\n"));
        EXPECT_LE(end, 998u);
        rest.remove_prefix(std::min(rest.size(), end + 2));
    }
}

TEST(DsnTest, OurOwnWordsAreNotSmtp) {
    auto dsn = one(DsnAction::failed);
    dsn.recipients[0].text = "connection refused";
    EXPECT_THAT(fields(dsn), HasSubstr("Diagnostic-Code: x-tayori;connection refused\r\n"));
}

TEST(DsnTest, AddressesInUtf8AreGlobal) {
    auto dsn = one(DsnAction::delayed);
    dsn.recipients[0].address = "用户@例子.test";
    dsn.recipients[0].original = "utf-8;\\x{7528}@a.test";
    dsn.recipients[0].retry_until_s = 1'700'000'000;
    const auto text = make_dsn(dsn);
    EXPECT_THAT(text, HasSubstr("Content-Type: message/global-delivery-status; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n"));
    EXPECT_THAT(text, HasSubstr("Final-Recipient: utf-8;用户@例子.test\r\n"));
    EXPECT_THAT(text, HasSubstr("Original-Recipient: utf-8;\\x{7528}@a.test\r\n"));
    EXPECT_THAT(text, HasSubstr("Will-Retry-Until: "));
    dsn.original = "Subject: 件名\r\n\r\n";
    EXPECT_THAT(make_dsn(dsn), HasSubstr("Content-Type: message/global-headers; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n"));
    dsn.full = true;
    EXPECT_THAT(make_dsn(dsn), HasSubstr("Content-Type: message/global\r\n"));
    dsn.original = "Subject: x\r\n\r\n\xE4\r\n";
    EXPECT_THAT(make_dsn(dsn), HasSubstr("Content-Type: message/rfc822\r\nContent-Transfer-Encoding: 8bit\r\n"));
}

TEST(DsnTest, InJapaneseOrInBoth) {
    auto dsn = one(DsnAction::failed);
    dsn.language = DsnLanguage::japanese;
    auto text = make_dsn(dsn);
    EXPECT_THAT(text, StartsWith("From: "));
    EXPECT_THAT(text, HasSubstr("\r\nSubject: =?UTF-8?B?"));
    EXPECT_THAT(text, HasSubstr("Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n"));
    EXPECT_THAT(text, Not(HasSubstr("Mail could not")));
    dsn.language = DsnLanguage::both;
    text = make_dsn(dsn);
    for (std::string_view rest = text; !rest.empty();) {
        const auto end = std::min(rest.size(), rest.find("\r\n"));
        EXPECT_LE(end, 78u) << rest.substr(0, end);
        rest.remove_prefix(std::min(rest.size(), end + 2));
    }
}

TEST(DsnTest, TheSubjectTellsTheWorst) {
    auto dsn = one(DsnAction::delivered);
    EXPECT_THAT(make_dsn(dsn), HasSubstr("Subject: Mail was delivered\r\n"));
    dsn.recipients.push_back(one(DsnAction::delayed).recipients[0]);
    EXPECT_THAT(make_dsn(dsn), HasSubstr("Subject: Mail is delayed\r\n"));
    dsn.recipients.push_back(one(DsnAction::failed).recipients[0]);
    EXPECT_THAT(make_dsn(dsn), HasSubstr("Subject: Mail could not be delivered\r\n"));
}

TEST(DsnTest, Xtext) {
    EXPECT_EQ(decode_xtext("a+2Bb+3D"), "a+b=");
    EXPECT_EQ(decode_xtext("a+2"), "a+2");
    EXPECT_EQ(decode_xtext("a+zz+"), "a+zz+");
    EXPECT_EQ(decode_xtext(""), "");
}

}  // namespace
}  // namespace tayori::mail
