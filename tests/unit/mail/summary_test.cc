#include "common/mail/summary.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "common/mail/body_text.h"
#include "common/mail/charset.h"
#include "common/mail/imap_text.h"

namespace tayori::mail {
namespace {

TEST(ImapString, QuotedOrLiteral) {
    const auto text = [](std::string_view s) {
        std::string out;
        append_imap_string(out, s);
        return out;
    };
    EXPECT_EQ(text("abc"), "\"abc\"");
    EXPECT_EQ(text(""), "\"\"");
    EXPECT_EQ(text("a\"b\\c"), "\"a\\\"b\\\\c\"");
    EXPECT_EQ(text("a\r\nb"), "{4}\r\na\r\nb");
    EXPECT_EQ(text("\xe3\x81\x82"), "{3}\r\n\xe3\x81\x82");
    EXPECT_EQ(text(std::string_view("a\0b", 3)), "\"ab\"");
    EXPECT_EQ(text(std::string(1001, 'x')), "{1001}\r\n" + std::string(1001, 'x'));
}

// The example of RFC 3501 §8.
TEST(Envelope, ExampleOfRfc3501) {
    EXPECT_EQ(
        envelope_text("Date: Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\r\n"
                      "From: Terry Gray <gray@cac.washington.edu>\r\n"
                      "Subject: IMAP4rev1 WG mtg summary and minutes\r\n"
                      "To: imap@cac.washington.edu\r\n"
                      "cc: minutes@CNRI.Reston.VA.US, John Klensin <KLENSIN@MIT.EDU>\r\n"
                      "Message-Id: <B27397-0100000@cac.washington.edu>\r\n"
                      "MIME-Version: 1.0\r\n"
                      "Content-Type: TEXT/PLAIN; CHARSET=US-ASCII\r\n\r\n"),
        R"E(("Wed, 17 Jul 1996 02:23:25 -0700 (PDT)" "IMAP4rev1 WG mtg summary and minutes" )E"
        R"((("Terry Gray" NIL "gray" "cac.washington.edu")) (("Terry Gray" NIL "gray" "cac.washington.edu")) )"
        R"((("Terry Gray" NIL "gray" "cac.washington.edu")) ((NIL NIL "imap" "cac.washington.edu")) )"
        R"(((NIL NIL "minutes" "CNRI.Reston.VA.US")("John Klensin" NIL "KLENSIN" "MIT.EDU")) NIL NIL )"
        R"("<B27397-0100000@cac.washington.edu>"))");
}

TEST(Envelope, DefaultsAndOddities) {
    EXPECT_EQ(envelope_text(""), "(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)");
    EXPECT_EQ(
        envelope_text("Subject:\r\nFrom: \r\nTo: Group:;\r\nIn-Reply-To: <x@y>\r\n"),
        R"((NIL "" NIL NIL NIL ((NIL NIL "Group" NIL)(NIL NIL NIL NIL)) NIL NIL "<x@y>" NIL))");
    EXPECT_EQ(envelope_text("From: a@b\r\nSender: c@d\r\nReply-To:\r\nTo: e@f\r\nTo: "
                            "g@h\r\nSubject: 1\r\nSubject: 2\r\n"),
              R"((NIL "1" ((NIL NIL "a" "b")) ((NIL NIL "c" "d")) ((NIL NIL "a" "b")) )"
              R"(((NIL NIL "e" "f")(NIL NIL "g" "h")) NIL NIL NIL NIL))");
    EXPECT_EQ(envelope_text("To: \"q\\\"\" <@r:nobody>\r\n"),
              R"((NIL NIL NIL NIL NIL (("q\"" "@r" "nobody" "")) NIL NIL NIL NIL))");
    EXPECT_EQ(envelope_text("Subject: \x93\xfa\r\n folded\r\n"),
              "(NIL {9}\r\n\x93\xfa folded NIL NIL NIL NIL NIL NIL NIL NIL)");
    EXPECT_EQ(envelope_text("Subject: \x1b$BF|\x1b(B\r\n").substr(0, 15),
              "(NIL \"\x1b$BF|\x1b(B\"");
}

TEST(BaseSubject, Rfc5256) {
    const struct {
        const char* subject;
        const char* base;
        bool reply;
    } cases[] = {
        {"hello", "hello", false},
        {"Re: hello", "hello", true},
        {"RE: Fwd: re : hello", "hello", true},
        {"Re[2]: hello", "hello", true},
        {"[list] Re: [list] hello", "hello", true},
        {"[list] hello", "hello", false},
        {"[list]", "[list]", false},
        {"[a][b] hello", "hello", false},
        {"hello (fwd)", "hello", true},
        {"hello (fwd) (FWD) ", "hello", true},
        {"[Fwd: Re: hello]", "hello", true},
        {"[fwd: [list] hello]", "hello", true},
        {"  hello \t world  ", "hello world", false},
        {"Re:", "", true},
        {"", "", false},
        {"regards: x", "regards: x", false},
        {"Fw: x", "x", true},
        {"=?utf-8?B?UmU6IOaXpeacrOiqng==?=", "日本語", true},
        {"Re: =?ISO-2022-JP?B?GyRCRnxLXDhsGyhC?=", "日本語", true},
    };
    for (const auto& c : cases) {
        const auto base = base_subject(c.subject);
        EXPECT_EQ(base.text, c.base) << c.subject;
        EXPECT_EQ(base.is_reply_or_forward, c.reply) << c.subject;
    }
    base_subject(std::string(60'000, '['));
    std::string blobs;
    for (int i = 0; i < 20'000; ++i) blobs += "[]";
    base_subject(blobs);
}

TEST(MessageIds, Lists) {
    using Ids = std::vector<std::string>;
    EXPECT_EQ(parse_message_ids("<a@b>"), Ids{"a@b"});
    EXPECT_EQ(parse_message_ids("<a@b> <c@d>\r\n\t<e@f>"), (Ids{"a@b", "c@d", "e@f"}));
    EXPECT_EQ(parse_message_ids("<a@b><c@d> junk <\"e\"@f>"), (Ids{"a@b", "c@d", "e@f"}));
    EXPECT_EQ(parse_message_ids("Your message of x <a@b>"), Ids{"a@b"});
    EXPECT_EQ(parse_message_ids("a@b c@d"), (Ids{"a@b", "c@d"}));
    EXPECT_EQ(parse_message_ids("<<a@b> <"), Ids{"a@b"});
    EXPECT_EQ(parse_message_ids("<\xff@b>"), Ids{"\xef\xbf\xbd@b"});
    EXPECT_EQ(parse_message_ids(""), Ids{});
}

TEST(Summary, Whole) {
    const std::string header =
        "Date: Tue, 1 Feb 1994 00:01:00 +0900\r\n"
        "From: =?ISO-2022-JP?B?GyRCO0NFRBsoQg==?= <Yamada@example.test>\r\nTo: bob@x.test, c@d\r\n"
        "Subject: Re: =?ISO-2022-JP?B?GyRCRnxLXDhsGyhC?=\r\nMessage-ID: <m1@example.test>\r\n"
        "References: <a@b> <c@d>\r\nIn-Reply-To: <c@d>\r\n\r\n";
    const auto s = make_summary(header + "Hello\r\n");
    EXPECT_EQ(s.message_bytes, header.size() + 7);
    EXPECT_EQ(s.header_bytes, header.size());
    EXPECT_EQ(s.header, header);
    EXPECT_TRUE(s.header_is_whole());
    EXPECT_EQ(s.sent->unix_s, 760028460);
    EXPECT_EQ(s.subject_key, "日本語");
    EXPECT_TRUE(s.is_reply_or_forward);
    EXPECT_EQ(s.from_key, "yamada");
    EXPECT_EQ(s.to_key, "bob");
    EXPECT_EQ(s.cc_key, "");
    EXPECT_EQ(s.message_id, "m1@example.test");
    EXPECT_EQ(s.references, (std::vector<std::string>{"a@b", "c@d"}));
    EXPECT_TRUE(decode_part_tree(s.parts));
}

TEST(Summary, ReferencesAreBounded) {
    std::string header = "In-Reply-To: <x@y> <z@y>\r\nReferences:";
    EXPECT_EQ(make_summary("In-Reply-To: <x@y> <z@y>\r\n").references,
              std::vector<std::string>{"x@y"});
    for (int i = 0; i < 500; ++i) header += " <" + std::to_string(i) + "@y>\r\n";
    const auto s = make_summary(header + "\r\n");
    ASSERT_EQ(s.references.size(), 100u);
    EXPECT_EQ(s.references.front(), "0@y");
    EXPECT_EQ(s.references[1], "401@y");
    EXPECT_EQ(s.references.back(), "499@y");
}

TEST(Summary, LargeHeader) {
    const auto s = make_summary("X: " + std::string(20'000, 'x') + "\r\n\r\nbody");
    EXPECT_EQ(s.header.size(), 16u * 1024);
    EXPECT_FALSE(s.header_is_whole());
}

TEST(BodyText, Searches) {
    const std::string message =
        "Subject: =?ISO-2022-JP?B?GyRCRnxLXDhsGyhC?=\r\nContent-Type: multipart/mixed; "
        "boundary=x\r\n\r\n"
        "--x\r\nContent-Type: text/plain; charset=ISO-2022-JP\r\n\r\n\x1b$BF|K\\8l\x1b(B hello\r\n"
        "--x\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: "
        "quoted-printable\r\n\r\n"
        "<p>caf=C3=A9 <b>bo</b>ld<script>hidden</script> &amp; a &lt; b\r\n"
        "--x\r\nContent-Type: image/png\r\n\r\nsecret\r\n"
        "--x\r\nContent-Type: message/rfc822\r\n\r\nSubject: within\r\n\r\ndeep\r\n--x--\r\n";
    MimeParser parser;
    parser.feed(message);
    const auto tree = parser.finish().tree;
    const auto has = [&](std::string_view needle) {
        return body_contains(message, tree, fold_for_search(needle));
    };
    for (const char* needle :
         {"日本語", "HELLO", "語 h", "CAFÉ", "bold", "& a < b", "within", "deep", ""})
        EXPECT_TRUE(has(needle)) << needle;
    for (const char* needle : {"secret", "hidden", "script", "ESC", "nothing"})
        EXPECT_FALSE(has(needle)) << needle;
    EXPECT_TRUE(field_contains(message, "subject", "日本"));
    EXPECT_TRUE(field_contains(message, "subject", ""));
    EXPECT_FALSE(field_contains(message, "x-none", ""));
    EXPECT_TRUE(header_contains(message, "日本"));
    EXPECT_FALSE(header_contains(message, "deep"));
}

TEST(BodyText, LargeBodiesInBlocks) {
    std::string body;
    while (body.size() < 3'000'000) body += "0123456789 this is a line of text that repeats\r\n";
    const std::string message = "Subject: x\r\n\r\n" + body + "the needle\r\n";
    MimeParser parser;
    parser.feed(message);
    const auto tree = parser.finish().tree;
    EXPECT_TRUE(body_contains(message, tree, "the needle"));
    EXPECT_FALSE(body_contains(message, tree, "the noodle"));
    EXPECT_EQ(decode_part_text("Subject: x\r\n\r\n", body), body);
}

TEST(BodyText, Html) {
    EXPECT_EQ(html_to_text("a<br>b"), "a\nb");
    EXPECT_EQ(html_to_text("a < b &lt;&#x3042;&#12354;&bogus; &amp"), "a < b <ああ&bogus; &");
    EXPECT_EQ(html_to_text("<!-- x > y -->z<style>p{}</style>w"), "z\nw");
    EXPECT_EQ(html_to_text("<a title=\">\">t</a>"), "t");
    EXPECT_EQ(html_to_text(""), "");
    EXPECT_EQ(html_to_text("<"), "");
}

}  // namespace
}  // namespace tayori::mail
