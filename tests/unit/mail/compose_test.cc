// Mails that are written here: read again, they say what was to be said, whatever the values hold.
#include "common/mail/compose.h"

#include <gmock/gmock.h>

#include "common/base/text.h"
#include "common/mail/address.h"
#include "common/mail/body_text.h"
#include "common/mail/charset.h"
#include "common/mail/header.h"
#include "common/mail/japanese.h"
#include "common/mail/summary.h"

namespace tayori::mail {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using std::string_literals::operator""s;

std::string repeated(std::string_view text, int times) {
    std::string out;
    for (int i = 0; i < times; ++i) out += text;
    return out;
}

std::size_t longest(std::string_view text) {
    std::size_t best = 0;
    for (std::size_t from = 0; from < text.size();) {
        const auto to = std::min(text.find("\r\n", from), text.size());
        best = std::max(best, to - from);
        from = to + 2;
    }
    return best;
}

TEST(EncodeHeader, ShortText) {
    const struct {
        const char *utf8, *utf8_words, *jis_words;
    } cases[] = {
        {"hello", "hello", "hello"},
        {"", "", ""},
        {"  a  b  ", "a  b", "a  b"},
        {"日本語", "=?UTF-8?B?5pel5pys6Kqe?=", "=?ISO-2022-JP?B?GyRCRnxLXDhsGyhC?="},
        {"Re: 日本語 (1)", "Re: =?UTF-8?B?5pel5pys6Kqe?= (1)", "Re: =?ISO-2022-JP?B?GyRCRnxLXDhsGyhC?= (1)"},
        {"ｶﾞ", "=?UTF-8?B?7722776e?=", "=?ISO-2022-JP?B?GyRCJSwbKEI=?="},
        {"① 番", "=?UTF-8?B?4pGgIOeVqg==?=", "=?UTF-8?B?4pGgIOeVqg==?="},  // not in the charset: all of it in UTF-8
        {"Grüße aus Zürich", "=?UTF-8?Q?Gr=C3=BC=C3=9Fe_aus_Z=C3=BCrich?=", "=?UTF-8?Q?Gr=C3=BC=C3=9Fe_aus_Z=C3=BCrich?="},
        {"=?UTF-8?B?QQ==?=", "=?UTF-8?B?PT9VVEYtOD9CP1FRPT0/PQ==?=", "=?ISO-2022-JP?B?PT9VVEYtOD9CP1FRPT0/PQ==?="},
        {"a\r\nBcc: x@b.test", "a  Bcc: x@b.test", "a  Bcc: x@b.test"},
        {"日本\r\nBcc: x", "=?UTF-8?B?5pel5pys?=  Bcc: x", "=?ISO-2022-JP?B?GyRCRnxLXBsoQg==?=  Bcc: x"},
        {"bell\a", "bell", "bell"},
    };
    for (const auto& c : cases) {
        EXPECT_EQ(encode_header_text(c.utf8, 9), c.utf8_words);
        EXPECT_EQ(encode_header_text(c.utf8, 9, TextCharset::iso_2022_jp), c.jis_words);
    }
}

TEST(EncodeHeader, LongTextComesBackWhole) {
    const std::string texts[] = {
        repeated("長い件名です。", 60),          repeated("word ", 300) + "end",        repeated("語 word ", 120) + "end",
        repeated("x", 950) + " end",             repeated("x", 5000),                   repeated("Ünïcödé ", 80) + "end",
        repeated("🎌", 200),                     "begin " + repeated("x", 100) + " 漢", repeated("ﾊﾟﾊﾟ", 100),
        "Re: " + repeated("件名 subject ", 70) + "(1)", "a   b   日本   語   c   d"};
    for (const auto& text : texts) {
        for (const auto charset : {TextCharset::utf8, TextCharset::iso_2022_jp}) {
            const auto encoded = encode_header_text(text, 9, charset);
            EXPECT_TRUE(is_ascii(encoded));
            const bool has_long_word = text.find(std::string(77, 'x')) != std::string::npos;
            EXPECT_LE(longest(cat("Subject: ", encoded)), has_long_word ? 998u : 76u) << encoded;
            const auto back = decode_header_text(encoded);
            EXPECT_EQ(fold_for_search(back), fold_for_search(text)) << encoded;
            if (charset == TextCharset::utf8) {
                EXPECT_EQ(back, text) << encoded;
            }
            EXPECT_THAT(encoded, Not(HasSubstr("\r\n\r\n")));
        }
    }
    EXPECT_LE(longest(cat("Subject: ", encode_header_text(repeated("長い件名です。", 60), 9))), 76u);
}

TEST(EncodeHeader, Phrases) {
    const struct {
        const char *name, *text;
    } cases[] = {
        {"", "<anna@a.test>"},
        {"Anna", "Anna <anna@a.test>"},
        {"Anna B. C", "\"Anna B. C\" <anna@a.test>"},
        {"B, Anna \"x\" \\", "\"B, Anna \\\"x\\\" \\\\\" <anna@a.test>"},
        {"山田 太郎", "=?UTF-8?B?5bGx55SwIOWkqumDjg==?= <anna@a.test>"},
        {"x\r\nBcc: y", "\"x  Bcc: y\" <anna@a.test>"},
    };
    for (const auto& c : cases) {
        EXPECT_EQ(mailbox_text({c.name, "anna@a.test"}, 6), c.text);
        if (*c.name != '\0' && std::string_view(c.name).find('\n') == std::string_view::npos) {
            const auto back = parse_address_list(mailbox_text({c.name, "anna@a.test"}, 6));
            ASSERT_EQ(back.size(), 1u);
            EXPECT_EQ(decode_header_text(back[0].name), c.name);
        }
    }
    EXPECT_EQ(mailbox_text({"", "a@b.test>\r\nBcc: <x@c.test"}, 6), "<a@b.testBcc:x@c.test>");
}

TEST(Iso2022Jp, WhatIsInItAndWhatIsNot) {
    const struct {
        const char* utf8;
        const char* bytes;  // null: not in it
    } cases[] = {
        {"abc \\ ~", "abc \\ ~"},
        {"日本語", "\x1b$BF|K\\8l\x1b(B"},
        {"あa", "\x1b$B$\"\x1b(Ba"},
        {"ｶﾀｶﾅ", "\x1b$B%+%?%+%J\x1b(B"},
        {"ｶﾞﾊﾟｳﾞ｡", "\x1b$B%,%Q%t!#\x1b(B"},
        {"ｱﾞ", "\x1b$B%\"!+\x1b(B"},
        {"〜～−－‖∥—―", "\x1b$B!A!A!]!]!B!B!=!=\x1b(B"},
        {"¥￥", "\x1b$B!o!o\x1b(B"},
        {"日\r\n本", "\x1b$BF|\x1b(B\r\n\x1b$BK\\\x1b(B"},
        {"凜熙", "\x1b$Bt%t&\x1b(B"},
        {"①", nullptr},
        {"㈱", nullptr},
        {"髙", nullptr},
        {"é", nullptr},
        {"🎌", nullptr},
        {"\x1b$B", nullptr},
    };
    for (const auto& c : cases) {
        const auto bytes = japanese::encode_iso_2022_jp(c.utf8);
        ASSERT_EQ(bytes.has_value(), c.bytes != nullptr) << c.utf8;
        if (bytes) {
            EXPECT_EQ(*bytes, c.bytes) << c.utf8;
        }
    }
}

TEST(TextEntity, TakesTheEncodingThatFits) {
    const struct {
        std::string text;
        TextCharset charset;
        const char* head;
    } cases[] = {
        {"hello\nworld", TextCharset::utf8, "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 7bit\r\n\r\nhello\r\nworld\r\n"},
        {"hello\r\nworld\r", TextCharset::utf8, "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 7bit\r\n\r\nhello\r\nworld\r\n"},
        {"é and much that is ascii", TextCharset::utf8,
         "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=C3=A9 and much that is ascii\r\n"},
        {"日本語の本文", TextCharset::utf8, "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n5pel5pys6Kqe"},
        {"日本語", TextCharset::iso_2022_jp,
         "Content-Type: text/plain; charset=ISO-2022-JP\r\nContent-Transfer-Encoding: 7bit\r\n\r\n\x1b$BF|K\\8l\x1b(B\r\n"},
        {"①日本語", TextCharset::iso_2022_jp, "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"},
        {repeated("語", 600), TextCharset::iso_2022_jp, "Content-Type: text/plain; charset=ISO-2022-JP\r\nContent-Transfer-Encoding: base64\r\n\r\n"},
        {repeated("x", 2000), TextCharset::utf8, "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"},
        {"", TextCharset::utf8, "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 7bit\r\n\r\n"},
    };
    for (const auto& c : cases) {
        const auto entity = text_entity("plain", c.text, c.charset);
        EXPECT_THAT(entity, testing::StartsWith(c.head));
        EXPECT_LE(longest(entity), 998u);
        const auto end = entity.find("\r\n\r\n") + 4;
        auto back = decode_part_text(entity.substr(0, end), entity.substr(end));
        std::erase(back, '\r');
        auto wanted = c.text;
        for (char& byte : wanted)
            if (byte == '\r') byte = '\n';
        while (wanted.find("\n\n") != std::string::npos) wanted.erase(wanted.find("\n\n"), 1);
        if (!wanted.empty() && wanted.back() != '\n') wanted += '\n';
        EXPECT_EQ(back, wanted);
    }
}

NewMail reply_to_anna() {
    NewMail mail;
    mail.from = {"太郎", "taro@ours.test"};
    mail.to = {{"Anna", "anna@a.test"}};
    mail.subject = "Auto: 会議";
    mail.text = "不在です。\n";
    mail.auto_submitted = "auto-replied";
    mail.message_id = "r1@ours.test";
    mail.in_reply_to = "m2@a.test";
    mail.references = {"m1@a.test", "m2@a.test"};
    mail.date = {1'700'000'000, 540};
    mail.unique = "u";
    return mail;
}

TEST(Compose, AWholeReply) {
    EXPECT_EQ(compose(reply_to_anna()),
              "From: =?UTF-8?B?5aSq6YOO?= <taro@ours.test>\r\n"
              "To: Anna <anna@a.test>\r\n"
              "Subject: Auto: =?UTF-8?B?5Lya6K2w?=\r\n"
              "Date: Wed, 15 Nov 2023 07:13:20 +0900\r\n"
              "Message-ID: <r1@ours.test>\r\n"
              "In-Reply-To: <m2@a.test>\r\n"
              "References: <m1@a.test> <m2@a.test>\r\n"
              "Auto-Submitted: auto-replied\r\n"
              "MIME-Version: 1.0\r\n"
              "Content-Type: text/plain; charset=utf-8\r\n"
              "Content-Transfer-Encoding: base64\r\n"
              "\r\n"
              "5LiN5Zyo44Gn44GZ44CCDQo=\r\n");
}

TEST(Compose, InIso2022Jp) {
    auto mail = reply_to_anna();
    mail.charset = TextCharset::iso_2022_jp;
    const auto text = compose(mail);
    EXPECT_THAT(text, HasSubstr("From: =?ISO-2022-JP?B?"));
    EXPECT_THAT(text, HasSubstr("Subject: Auto: =?ISO-2022-JP?B?"));
    EXPECT_THAT(text, HasSubstr("charset=ISO-2022-JP\r\nContent-Transfer-Encoding: 7bit\r\n\r\n\x1b$B"));
}

TEST(Compose, NoValueMakesAField) {
    auto mail = reply_to_anna();
    const std::string evil = "x\r\nBcc: victim@b.test\r\n\r\nbody\n.\n\rX-Evil: 1\0"s;
    mail.from = {evil, "taro@ours.test" + evil};
    mail.to = {{evil, evil}};
    mail.reply_to = {evil, evil};
    mail.subject = mail.auto_submitted = mail.message_id = mail.in_reply_to = evil;
    mail.references = {evil, evil};
    const auto text = compose(mail);
    const auto header = text.substr(0, text.find("\r\n\r\n") + 2);
    std::vector<std::string> names;
    Fields fields(header);
    while (const auto field = fields.next()) names.emplace_back(field->name);
    EXPECT_THAT(names, ElementsAre("From", "To", "Reply-To", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "Auto-Submitted",
                                   "MIME-Version", "Content-Type", "Content-Transfer-Encoding"));
    EXPECT_EQ(header.find('\0'), std::string::npos);
    for (std::size_t i = 0; i < header.size(); ++i) {
        if (header[i] == '\n') {
            EXPECT_EQ(header[i - 1], '\r');
        }
        if (header[i] == '\r') {
            EXPECT_EQ(header[i + 1], '\n');
        }
    }
}

TEST(Compose, HtmlAndEcho) {
    auto mail = reply_to_anna();
    mail.html = "<p>不在です。</p>";
    mail.echo = Echo::whole;
    mail.original = "Subject: hello\r\n\r\nGr\xfc\xdf\x65\r\n";
    const auto text = compose(mail);
    const auto summary = make_summary(text);
    const auto tree = decode_part_tree(summary.parts);
    ASSERT_TRUE(tree);
    // mixed( alternative( plain, html ), message( text ) )
    std::vector<PartKind> kinds;
    for (const auto& part : tree->parts) kinds.push_back(part.kind);
    EXPECT_THAT(kinds, ElementsAre(PartKind::multipart, PartKind::multipart, PartKind::text, PartKind::text, PartKind::message, PartKind::text));
    EXPECT_THAT(text, HasSubstr("Content-Type: message/rfc822\r\nContent-Transfer-Encoding: 8bit\r\n\r\nSubject: hello\r\n"));
    EXPECT_THAT(text.substr(0, text.find("\r\n\r\n")), HasSubstr("Content-Transfer-Encoding: 8bit"));

    mail.echo = Echo::header;
    mail.html.clear();
    mail.original = "Subject: hello\r\n\r\n";
    EXPECT_THAT(compose(mail), HasSubstr("Content-Type: text/rfc822-headers\r\n\r\nSubject: hello\r\n"));
}

TEST(Compose, SubjectsOfAnswers) {
    const struct {
        const char *subject, *reply;
    } cases[] = {
        {"hello", "Auto: hello"},
        {"Re: hello", "Auto: hello"},
        {"RE: re: Re: hello", "Auto: hello"},
        {"Re: Auto: Re: Auto: hello", "Auto: hello"},
        {"Auto: Auto: hello", "Auto: hello"},
        {"Re[2]: hello", "Auto: hello"},
        {"Re^3: hello", "Auto: hello"},
        {"Re：会議", "Auto: 会議"},
        {"Recipe: cake", "Auto: Recipe: cake"},
        {"Reminder", "Auto: Reminder"},
        {"Re[x]: hello", "Auto: Re[x]: hello"},
        {"Fwd: hello", "Auto: Fwd: hello"},
        {"", "Auto: (no subject)"},
        {"Re:", "Auto: (no subject)"},
    };
    for (const auto& c : cases) {
        EXPECT_EQ(reply_subject(c.subject), c.reply);
        EXPECT_EQ(reply_subject(reply_subject(c.subject)), c.reply) << "does not grow";
    }
    const auto clipped = reply_subject(repeated("あ", 1000));
    EXPECT_LE(clipped.size(), 6 + kReplySubjectBytesMax);
    EXPECT_TRUE(is_valid_utf8(clipped));
}

TEST(Compose, ThreadsOfAnswers) {
    auto threading = reply_threading("Message-ID: <m3@a.test>\r\nReferences: <m1@a.test> <m2@a.test>\r\n\r\n");
    EXPECT_EQ(threading.in_reply_to, "m3@a.test");
    EXPECT_THAT(threading.references, ElementsAre("m1@a.test", "m2@a.test", "m3@a.test"));

    threading = reply_threading("Message-ID: <m3@a.test>\r\nIn-Reply-To: <m2@a.test>\r\n\r\n");
    EXPECT_THAT(threading.references, ElementsAre("m2@a.test", "m3@a.test"));
    // Of several parents none is the thread's (RFC 5322 §3.6.4).
    threading = reply_threading("Message-ID: <m3@a.test>\r\nIn-Reply-To: <m1@a.test> <m2@a.test>\r\n\r\n");
    EXPECT_THAT(threading.references, ElementsAre("m3@a.test"));
    threading = reply_threading("References: <m1@a.test>\r\n\r\n");
    EXPECT_EQ(threading.in_reply_to, "");
    EXPECT_TRUE(threading.references.empty());

    std::string many = "Message-ID: <last@a.test>\r\nReferences:";
    for (int i = 0; i < 300; ++i) append(many, "\r\n <m", i, "@a.test>");
    threading = reply_threading(many + "\r\n\r\n");
    EXPECT_EQ(threading.references.size(), 100u);
    EXPECT_EQ(threading.references.front(), "m0@a.test");
    EXPECT_EQ(threading.references[98], "m299@a.test");
    EXPECT_EQ(threading.references.back(), "last@a.test");
}

}  // namespace
}  // namespace tayori::mail
