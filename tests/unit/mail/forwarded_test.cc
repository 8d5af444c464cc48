// What is passed on instead of a mail: still a valid mail, with the text and without the files.
#include "common/mail/forwarded.h"

#include <gmock/gmock.h>

#include "common/base/text.h"
#include "common/mail/encoded_word.h"
#include "common/mail/header.h"
#include "common/mail/body_text.h"
#include "common/mail/summary.h"

namespace tayori::mail {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr std::string_view kWithFiles =
    "From: =?ISO-2022-JP?B?GyRCMlYbKEI=?= <hana@a.test>\r\n"
    "To: taro@ours.test\r\n"
    "Subject: =?UTF-8?B?6KaL56mN?=\r\n"
    "Message-ID: <m1@a.test>\r\n"
    "Date: Fri, 27 Nov 2026 08:42:00 +0900\r\n"
    "DKIM-Signature: v=1; d=a.test;\r\n b=abc\r\n"
    "MIME-Version: 1.0\r\n"
    "Content-Type: multipart/mixed; boundary=out\r\n"
    "\r\n"
    "preamble\r\n"
    "--out\r\n"
    "Content-Type: multipart/alternative; boundary=in\r\n"
    "\r\n"
    "--in\r\n"
    "\r\n"
    "the text\r\n"
    "--in\r\n"
    "Content-Type: text/html\r\n"
    "\r\n"
    "<p>the text\r\n"
    "--in--\r\n"
    "--out\r\n"
    "Content-Type: application/pdf\r\n"
    "Content-Disposition: attachment; filename*=UTF-8''%E8%A6%8B%E7%A9%8D.pdf\r\n"
    "Content-Transfer-Encoding: base64\r\n"
    "\r\n"
    "AAAA\r\n"
    "--out\r\n"
    "Content-Type: text/csv; name=\"=?UTF-8?B?6KGo?=.csv\"\r\n"
    "\r\n"
    "1,2\r\n"
    "--out\r\n"
    "Content-Type: message/rfc822\r\n"
    "\r\n"
    "Subject: inner\r\n"
    "\r\n"
    "secret\r\n"
    "--out--\r\n"
    "epilogue\r\n";

std::string without_files_of(std::string_view message, std::size_t kept = std::string::npos) {
    const auto tree = decode_part_tree(make_summary(message).parts);
    return without_files(message.substr(0, kept), *tree);
}

// "multipart/mixed[text/plain;text/plain]", with the decoded texts.
std::string outline(std::string_view message, std::vector<std::string>& texts) {
    const auto tree = decode_part_tree(make_summary(message).parts);
    std::string out;
    for (const auto& part : tree->parts) {
        const auto header = message.substr(part.header_offset, part.header_bytes);
        out += part.kind == PartKind::multipart ? 'M' : part.kind == PartKind::text ? 't' : part.kind == PartKind::message ? 'R' : 'x';
        if (part.kind == PartKind::text) texts.push_back(decode_part_text(header, message.substr(part.body_offset(), part.body_bytes)));
    }
    return out;
}

TEST(Forwarded, FilesBecomeLinesThatNameThem) {
    const auto mail = without_files_of(kWithFiles);
    EXPECT_THAT(mail, StartsWith("From: "));
    EXPECT_THAT(mail, Not(HasSubstr("DKIM-Signature")));
    EXPECT_THAT(mail, Not(HasSubstr("secret")));
    EXPECT_THAT(mail, HasSubstr("\r\npreamble\r\n--out\r\n"));
    EXPECT_THAT(mail, testing::EndsWith("\r\n--out--\r\nepilogue\r\n"));
    std::vector<std::string> texts;
    EXPECT_EQ(outline(mail, texts), "MMttttt");
    ASSERT_EQ(texts.size(), 5u);
    EXPECT_EQ(texts[0], "the text");
    EXPECT_EQ(texts[1], "<p>the text");
    EXPECT_THAT(texts[2], HasSubstr("見積.pdf (application/pdf, 4 bytes)"));
    EXPECT_THAT(texts[3], HasSubstr("表.csv (text/csv, 3 bytes)"));
    EXPECT_THAT(texts[4], HasSubstr("message/rfc822"));
}

TEST(Forwarded, AMailThatIsAFile) {
    const auto mail = without_files_of(
        "Subject: scan\r\nContent-Type: image/png; name=a.png\r\nContent-Transfer-Encoding: base64\r\n\r\nAAAA\r\n");
    std::vector<std::string> texts;
    EXPECT_EQ(outline(mail, texts), "t");
    EXPECT_THAT(texts[0], HasSubstr("a.png (image/png, 6 bytes)"));
    EXPECT_THAT(mail, StartsWith("Subject: scan\r\nMIME-Version: 1.0\r\nContent-Type: text/plain"));
    EXPECT_THAT(mail, Not(HasSubstr("AAAA")));
}

TEST(Forwarded, APlainMailStaysAsItIs) {
    const std::string_view plain = "Subject: hello\r\nContent-Type: text/plain\r\n\r\nhello\r\n";
    EXPECT_EQ(without_files_of(plain), plain);
}

TEST(Forwarded, OfAMailThatIsNotAllHere) {
    // Wherever it is cut, what comes out has its multiparts closed and none of what was cut off.
    const auto header = kWithFiles.find("\r\n\r\n") + 4;
    for (auto kept = header; kept < kWithFiles.size(); ++kept) {
        const auto mail = without_files_of(kWithFiles, kept);
        std::vector<std::string> texts;
        const auto parts = outline(mail, texts);
        EXPECT_THAT(parts, Not(testing::AnyOf(HasSubstr("R"), HasSubstr("x")))) << kept;
        EXPECT_THAT(mail, Not(HasSubstr("secret"))) << kept;
        if (kept > kWithFiles.find("preamble")) {
            EXPECT_THAT(mail, HasSubstr("--out--")) << kept;
        }
    }
}

TEST(Forwarded, BrokenMailsNeverBreakIt) {
    const std::string_view broken[] = {
        "", "\r\n", "no header at all", "Subject: x", "Content-Type: multipart/mixed\r\n\r\n--x\r\n",
        "Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n--a\r\n--a",
        "Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\nContent-Type: application/x\r\n",
        "Content-Type: multipart/digest; boundary=a\r\n\r\n--a\r\n\r\nSubject: x\r\n\r\ny\r\n--a--\r\n",
        "From x@y Mon\r\nSubject: x\r\nno colon here\r\n\r\nbody"};
    for (const auto text : broken) {
        const auto mail = without_files_of(text);
        std::vector<std::string> texts;
        EXPECT_THAT(outline(mail, texts), Not(HasSubstr("x"))) << text;
    }
}

TEST(Forwarded, TheNotice) {
    ForwardNotice notice;
    notice.account = "taro@ours.test";
    notice.to = {"phone@b.test"};
    notice.message_id = "n1@ours.test";
    notice.unique = "u";
    notice.now = {1'700'000'000, 0};
    notice.bytes = 12345;
    const auto header = kWithFiles.substr(0, kWithFiles.find("\r\n\r\n") + 4);
    const auto mail = forward_notice(header, notice);
    EXPECT_THAT(mail, StartsWith("From: <taro@ours.test>\r\nTo: <phone@b.test>\r\n"
                                 "Reply-To: =?UTF-8?B?6Iqx?= <hana@a.test>\r\n"
                                 "Subject: =?UTF-8?B?6KaL56mN?=\r\n"
                                 "Date: Tue, 14 Nov 2023 22:13:20 +0000\r\n"
                                 "Message-ID: <n1@ours.test>\r\n"
                                 "References: <m1@a.test>\r\n"
                                 "Auto-Submitted: auto-generated\r\n"
                                 "MIME-Version: 1.0\r\n"));
    std::vector<std::string> texts;
    EXPECT_EQ(outline(mail, texts), "t");
    EXPECT_THAT(texts[0], StartsWith("From: 花 <hana@a.test>\r\nSubject: 見積\r\nDate: Fri, 27 Nov 2026 08:42:00 +0900\r\n\r\n"));
    EXPECT_THAT(texts[0], HasSubstr("12345"));
}

TEST(Forwarded, WithoutItsBody) {
    const auto header = kWithFiles.substr(0, kWithFiles.find("\r\n\r\n") + 4);
    const auto mail = without_body(header, 5000, 1000);
    EXPECT_THAT(mail, StartsWith("From: =?ISO-2022-JP?B?GyRCMlYbKEI=?= <hana@a.test>\r\n"));
    EXPECT_THAT(mail, Not(HasSubstr("multipart")));
    EXPECT_THAT(mail, Not(HasSubstr("DKIM-Signature")));
    std::vector<std::string> texts;
    EXPECT_EQ(outline(mail, texts), "t");
    EXPECT_THAT(texts[0], HasSubstr("the mail has 5000 bytes, at most 1000 are forwarded"));
}

}  // namespace
}  // namespace tayori::mail
