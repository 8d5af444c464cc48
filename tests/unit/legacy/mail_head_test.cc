#include "common/legacy/mail_head.h"

#include <gtest/gtest.h>

#include "common/legacy/source.h"
#include "spool.h"

namespace tayori::legacy {
namespace {

MailHead head_of(std::string_view text) { return parse_head(text, text.size()); }

TEST(MailHead, TopmostReceivedDateAndId) {
    const auto text = cat(
        "Received: from x by mail.example.jp (E-Post SMTP) with SMTP id "
        "<B0001589565@mail.example.jp>; "
        "Wed, 15 Nov 2023 07:13:20 +0900\r\n"
        "Received: from y by z id <B0000000007@z>; Tue, 14 Nov 2023 00:00:00 +0000\r\n"
        "Message-Id: <a@b>\r\nDate: Tue, 14 Nov 2023 22:00:00 +0000\r\n\r\nbody B0009999999\r\n");
    const auto head = head_of(text);
    EXPECT_EQ(head.state, HeadState::whole);
    EXPECT_EQ(head.b_id, "B0001589565");
    EXPECT_EQ(head.message_id, "<a@b>");
    EXPECT_EQ(head.received, (mail::MailDate{1'700'000'000, 540}));
    EXPECT_EQ(head.date, (mail::MailDate{1'699'999'200, 0}));
    EXPECT_EQ(head.fingerprint.size(), 24U);
    EXPECT_EQ(head.fingerprint, head_of(text + "more body").fingerprint);
    EXPECT_NE(head.fingerprint, head_of("X: 1\r\n" + text).fingerprint);
}

TEST(MailHead, BIds) {
    const struct {
        const char* text;
        const char* id;
    } cases[] = {
        {"B0001589565.MSG", "B0001589565"},
        {"b0001589565.msg", "B0001589565"},
        {"from AB0001589565 id <B0000000001@h>", "B0000000001"},
        {"id B000000001x", ""},
        {"id B12345", ""},
        {"", ""},
        {"Bob", ""},
        {"id=B123456;", "B123456"},
    };
    for (const auto& c : cases) EXPECT_EQ(find_b_id(c.text), c.id) << c.text;
}

TEST(MailHead, States) {
    const struct {
        std::string text;
        HeadState state;
    } cases[] = {
        {"", HeadState::empty},
        {std::string(100, '\0'), HeadState::empty},
        {"\xffSubject: x\r\n\r\n", HeadState::obfuscated},
        {"Subject: x\r\n\r\nbody", HeadState::whole},
        {"Subject: x\n\nbody", HeadState::whole},
        {"Subject: x\r\n", HeadState::whole},
        {"Subject: x\r\nFrom: a", HeadState::cut_off},
        {"Subject: x\r\nMessage-", HeadState::cut_off},
        {"Subject: x\r\nMessage-ID", HeadState::cut_off},
        {"Subject: x\r\n\r\nMessage-", HeadState::whole},
        {"Subject: x\r\nno blank line before", HeadState::whole},
        {"\r\nbody", HeadState::no_header},
        {"Hello there\r\n", HeadState::no_header},
    };
    for (const auto& c : cases) EXPECT_EQ(head_of(c.text).state, c.state) << c.text;
    const auto long_header = "Subject: " + std::string(kHeadBytes - 9, 'x');
    EXPECT_EQ(parse_head(long_header, 1'000'000).state, HeadState::whole);
}

TEST(MailHead, OfAFileReadsHeadAndTailOnly) {
    Spool spool;
    spool.file("small", "Subject: x\r\n\r\n..dot\r\n.\r\n");
    spool.file("large", "Subject: x\r\n\r\n" + std::string(100'000, 'x') + "\r\n.\r\n");
    spool.file("other", "Subject: x\r\n\r\n" + std::string(100'000, 'x') + ".\r\n");
    const auto& tree = spool.tree();
    const auto stuffed = [&](const char* name) {
        return read_head(tree, name, tree.stat(name)->bytes)->maybe_stuffed;
    };
    EXPECT_TRUE(stuffed("small"));
    EXPECT_TRUE(stuffed("large"));
    EXPECT_FALSE(stuffed("other"));
    EXPECT_FALSE(read_head(tree, "nothing", 1));
}

TEST(InternalDate, Rule) {
    constexpr std::int64_t kDay = 24 * 60 * 60;
    const mail::MailDate received{1'700'000'000, 540};
    const mail::MailDate date{1'600'000'000, 60};
    const struct {
        std::optional<mail::MailDate> received, date;
        std::int64_t mtime;
        std::optional<mail::MailDate> expected;
        DateSource source;
    } cases[] = {
        {received, date, 1'700'000'000 + kDay, mail::MailDate{1'700'000'000 + kDay, 540},
         DateSource::mtime},
        {received, date, 1'700'000'000 - kDay, mail::MailDate{1'700'000'000 - kDay, 540},
         DateSource::mtime},
        {received, date, 1'700'000'001 + kDay, received, DateSource::received},
        {received, {}, 0, received, DateSource::received},
        {{}, date, 1'600'000'005, date, DateSource::date_field},
        {{}, {}, 1'600'000'005, mail::MailDate{1'600'000'005, 0}, DateSource::mtime},
        {{}, {}, 0, {}, DateSource::none},
    };
    for (const auto& c : cases) {
        Mail mail;
        MailHead head;
        head.received = c.received;
        head.date = c.date;
        choose_internal_date(mail, c.mtime, head);
        EXPECT_EQ(mail.internal_date, c.expected) << c.mtime;
        EXPECT_EQ(mail.date_source, c.source) << c.mtime;
    }
}

TEST(DotStuffing, OnlyWhereEverythingFits) {
    const struct {
        const char* text;
        bool stuffed;
    } cases[] = {
        {"a\r\n.\r\n", true},
        {"a\n.\n", true},
        {"a\r\n.", true},
        {".\r\n", true},
        {"a\r\n..b\r\n.\r\n", true},
        {"a\r\n.b\r\n.\r\n", false},
        {"a.\r\n", false},
        {"a\r\n..\r\n", false},
        {"", false},
        {"a\r\n.\r\nb\r\n", false},
        {".\r\n.\r\n", false},
    };
    for (const auto& c : cases) EXPECT_EQ(is_dot_stuffed(c.text), c.stuffed) << c.text;
}

TEST(ReadMessage, LineEndsAndDots) {
    const struct {
        std::string file;
        Wrapping wrapping;
        std::string message;
    } cases[] = {
        {"a\r\nb\r\n", Wrapping::plain, "a\r\nb\r\n"},
        {"a\nb\n", Wrapping::plain, "a\r\nb\r\n"},
        {"\n\na\rb\r\nc", Wrapping::plain, "\r\n\r\na\rb\r\nc"},
        {std::string("a\0\n", 3), Wrapping::plain, std::string("a\0\r\n", 4)},
        {"a\r\n..b\r\n.\r\n", Wrapping::plain, "a\r\n..b\r\n.\r\n"},
        {"a\r\n..b\r\n...\r\n.\r\n", Wrapping::dot_stuffed, "a\r\n.b\r\n..\r\n"},
        {"a\n..b\n.\n", Wrapping::dot_stuffed, "a\r\n.b\r\n"},
        {"..a\n.", Wrapping::dot_stuffed, ".a\r\n"},
        {"a\r\n.b\r\n.\r\n", Wrapping::dot_stuffed,
         "a\r\n.b\r\n.\r\n"},  // is not stuffed after all
        {"", Wrapping::plain, ""},
    };
    for (const auto& c : cases) {
        Spool spool;
        spool.file("m", c.file);
        Mail mail;
        mail.file = "m";
        mail.bytes = c.file.size();
        mail.wrapping = c.wrapping;
        EXPECT_EQ(read_message(spool.tree(), mail, 1000).value(), c.message);
    }
}

TEST(ReadMessage, Refuses) {
    Spool spool;
    spool.file("m", "0123456789");
    const auto& tree = spool.tree();
    Mail mail;
    mail.file = "m";
    mail.bytes = 10;
    EXPECT_EQ(read_message(tree, mail, 9).error().kind, Kind::too_big);
    mail.bytes = 11;  // it shrank
    EXPECT_EQ(read_message(tree, mail, 99).error().kind, Kind::corrupt);
    mail.bytes = 9;  // it grew
    EXPECT_EQ(read_message(tree, mail, 99).error().kind, Kind::corrupt);
    mail.file = "gone";
    EXPECT_EQ(read_message(tree, mail, 99).error().kind, Kind::not_found);
    spool.file("lf", "a\nb\n");
    mail.file = "lf";
    mail.bytes = 4;
    EXPECT_EQ(read_message(tree, mail, 5).error().kind, Kind::too_big);  // with its line ends
}

TEST(Rfc3339, BothWays) {
    const struct {
        const char* text;
        std::int64_t unix_s;
        int zone;
        const char* written;
    } cases[] = {
        {"1970-01-01T00:00:00Z", 0, 0, "1970-01-01T00:00:00Z"},
        {"2023-11-15T07:13:20+09:00", 1'700'000'000, 540, "2023-11-15T07:13:20+09:00"},
        {"2023-11-14t15:13:20.123456-07:00", 1'700'000'000, -420, "2023-11-14T15:13:20-07:00"},
        {"2000-02-29 12:00:00z", 951'825'600, 0, "2000-02-29T12:00:00Z"},
        {"1969-12-31T23:59:59Z", -1, 0, "1969-12-31T23:59:59Z"},
        {"2016-12-31T23:59:60Z", 1'483'228'800, 0, "2017-01-01T00:00:00Z"},
        {"0001-01-02T00:00:00Z", -62'135'510'400, 0, "0001-01-02T00:00:00Z"},
    };
    for (const auto& c : cases) {
        const auto date = parse_rfc3339(c.text);
        ASSERT_TRUE(date) << c.text;
        EXPECT_EQ(date->unix_s, c.unix_s) << c.text;
        EXPECT_EQ(date->zone_minutes, c.zone) << c.text;
        EXPECT_EQ(format_rfc3339(*date), c.written);
    }
    for (const char* bad :
         {"", "2023", "2023-11-15", "2023-11-15T07:13:20", "2023-13-15T07:13:20Z",
          "2023-02-29T00:00:00Z", "2023-11-15T24:00:00Z", "2023-11-15T07:13:20+9:00",
          "2023-11-15T07:13:20Zx", "2023-11-15T07:13:20.Z", "2023-11-15T07:13:20+24:00",
          "0000-01-01T00:00:00Z", "2023-11-15T07:60:20Z", "2023-11-00T07:13:20Z"})
        EXPECT_FALSE(parse_rfc3339(bad)) << bad;
}

}  // namespace
}  // namespace tayori::legacy
