#include "smtpd/grammar/dot_stuffer.h"

#include <gmock/gmock.h>

#include "smtpd/grammar/data_reader.h"
#include "smtpd/grammar/dsn.h"

namespace tayori::smtp {
namespace {

std::string stuff(std::string_view text, std::size_t piece) {
    DotStuffer stuffer;
    std::string out;
    for (std::size_t at = 0; at < text.size(); at += piece) stuffer.feed(text.substr(at, piece), out);
    stuffer.finish(out);
    return out;
}

TEST(DotStuffer, HowItGoesOut) {
    const std::pair<std::string, std::string> rows[] = {
        {"", ".\r\n"},
        {"a", "a\r\n.\r\n"},
        {"a\r\n", "a\r\n.\r\n"},
        {".a\r\n..\r\n.\r\n", "..a\r\n...\r\n..\r\n.\r\n"},
        {"a.b\r\nc.", "a.b\r\nc.\r\n.\r\n"},
        {"a\n.\nb", "a\r\n..\r\nb\r\n.\r\n"},          // a bare LF is a line end to some: nothing is smuggled
        {"a\r.\rb\r", "a . b\r\n.\r\n"},               // a bare CR is none
        {"a\r\n\r\n", "a\r\n\r\n.\r\n"},
        {"\n", "\r\n.\r\n"},
        {"\r\r\n.", " \r\n..\r\n.\r\n"},
    };
    for (const auto& [text, wanted] : rows) {
        for (const std::size_t piece : {1u, 2u, 3u, 100u}) EXPECT_EQ(stuff(text, piece), wanted) << text << " by " << piece;
    }
}

TEST(DotStuffer, OurOwnReaderGetsTheTextBack) {
    for (const std::string text : {".\r\n", "..a\r\n.\r\n.b\r\n", "x\r\n.\r\n\r\n"}) {
        DataReader reader(BareNewline::reject);
        std::string out;
        std::size_t used = 0;
        const auto wire = stuff(text, 1);
        EXPECT_EQ(reader.feed(wire, out, used), DataReader::State::done);
        EXPECT_EQ(out, text);
        EXPECT_EQ(used, wire.size());
    }
}

TEST(Dsn, NotifyIsNeverOrAList) {
    EXPECT_EQ(parse_notify("NEVER"), kNotifyNever);
    EXPECT_EQ(parse_notify("success,Delay"), kNotifySuccess | kNotifyDelay);
    EXPECT_EQ(parse_notify("FAILURE,FAILURE"), kNotifyFailure);
    for (const auto* wrong : {"", ",", "NEVER,SUCCESS", "SUCCESS,", ",SUCCESS", "SOON", "SUCCESS FAILURE"})
        EXPECT_FALSE(parse_notify(wrong)) << wrong;
    EXPECT_EQ(notify_text(kNotifyFailure | kNotifySuccess), "SUCCESS,FAILURE");
    EXPECT_EQ(notify_text(kNotifyNever), "NEVER");
}

TEST(Dsn, XtextEnvidAndOrcpt) {
    EXPECT_EQ(xtext_encode("a+b=c d"), "a+2Bb+3Dc+20d");
    EXPECT_EQ(xtext_decode("a+2Bb+3Dc+20d"), "a+b=c d");
    for (const auto* good : {"", "abc", "+2B", "a+20b"}) EXPECT_TRUE(is_xtext(good)) << good;
    for (const auto* wrong : {"+", "+2", "+2b", "a b", "a=b", "+2G", "\x7f", "\xe3"}) EXPECT_FALSE(is_xtext(wrong)) << wrong;
    EXPECT_TRUE(is_envid("QQ314159"));
    EXPECT_FALSE(is_envid(""));
    EXPECT_FALSE(is_envid(std::string(kEnvidBytesMax + 1, 'x')));
    for (const auto* good : {"rfc822;a@b.example", "RFC822;a+2Bc@b", "utf-8;\xe3\x81\x82@b", "x-y;z"}) EXPECT_TRUE(is_orcpt(good)) << good;
    for (const auto* wrong : {"", ";", "rfc822", "rfc822;", "rfc822;a=b", "rfc 822;a", ";a", "rfc822;\xe3\x81\x82"})
        EXPECT_FALSE(is_orcpt(wrong)) << wrong;
}

}  // namespace
}  // namespace tayori::smtp
