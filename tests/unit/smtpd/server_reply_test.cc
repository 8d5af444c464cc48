#include "smtpd/grammar/server_reply.h"

#include <gmock/gmock.h>

#include <optional>

#include "smtpd/outbound/extensions.h"

namespace tayori::smtp {
namespace {

using State = ReplyReader::State;

// A reply of these lines; none where it is broken or not whole.
std::optional<ServerReply> read_reply(const std::vector<std::string>& lines) {
    ReplyReader reader;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const auto state = reader.add(lines[i]);
        if (state == State::broken) return std::nullopt;
        if (state == State::done) return i + 1 == lines.size() ? std::optional(reader.take()) : std::nullopt;
    }
    return std::nullopt;
}

TEST(ServerReply, LinesBecomeACodeAStatusAndAText) {
    struct Row {
        std::vector<std::string> lines;
        int code;
        std::string enhanced;
        std::string text;
    };
    const Row rows[] = {
        {{"250 ok"}, 250, "", "ok"},
        {{"250"}, 250, "", ""},
        {{"250 "}, 250, "", ""},
        {{"550 5.1.1 No such user"}, 550, "5.1.1", "No such user"},
        {{"550-5.1.1 No such", "550 5.1.1 user"}, 550, "5.1.1", "No such user"},
        {{"550-No such", "550 user"}, 550, "", "No such user"},
        {{"450 4.2.0"}, 450, "4.2.0", ""},
        {{"550 4.1.1 of another class"}, 550, "", "4.1.1 of another class"},
        {{"550 5.1.1x"}, 550, "", "5.1.1x"},
        {{"550 5.1"}, 550, "", "5.1"},
        {{"550 5.1000.1 long"}, 550, "", "5.1000.1 long"},
        {{"250-first", "450 changed its mind"}, 450, "", "first changed its mind"},
        {{"550 \xe3\x81\x82\x01\ttab"}, 550, "", "???? tab"},
    };
    for (const auto& row : rows) {
        const auto reply = read_reply(row.lines);
        ASSERT_TRUE(reply) << row.lines[0];
        EXPECT_EQ(reply->code, row.code) << row.lines[0];
        EXPECT_EQ(reply->enhanced, row.enhanced) << row.lines[0];
        EXPECT_EQ(reply->text, row.text) << row.lines[0];
    }
}

TEST(ServerReply, WhatIsNotSmtpIsBroken) {
    for (const auto* line : {"", "25", "250x", "abc", "150 preliminary", "650 x", "HTTP/1.1 400 Bad Request", "2500 x", "+OK", "\0"})
        EXPECT_FALSE(read_reply({line})) << line;
    EXPECT_FALSE(read_reply({"250-first", "second"}));
}

TEST(ServerReply, AnEndlessReplyIsBrokenAndKeepsLittle) {
    ReplyReader reader;
    std::size_t lines = 0;
    while (reader.add("250-" + std::string(1000, 'x')) == State::more) ++lines;
    EXPECT_EQ(lines, kReplyLinesMax);
    const auto reply = reader.take();
    EXPECT_LE(reply.text.size(), kReplyTextMax);
    EXPECT_EQ(reply.lines.size(), kReplyLinesKept);
}

TEST(ServerReply, EhloTellsWhatIsOffered) {
    const auto reply = read_reply({"250-mx.example.net Hello [192.0.2.1]", "250-pipelining", "250-SIZE 1000000", "250-STARTTLS",
                                   "250-AUTH LOGIN plain", "250-8BITMIME", "250-DSN", "250-LIMITS MAILMAX=5 RCPTMAX=20",
                                   "250 SMTPUTF8"});
    ASSERT_TRUE(reply);
    const auto offered = read_extensions(*reply);
    EXPECT_EQ(offered.name, "mx.example.net");
    EXPECT_TRUE(offered.pipelining && offered.starttls && offered.eight_bit_mime && offered.dsn && offered.smtputf8);
    EXPECT_TRUE(offered.size && offered.auth_login && offered.auth_plain);
    EXPECT_EQ(offered.bytes_max, 1000000u);
    EXPECT_EQ(offered.recipients_max, 20u);
    EXPECT_EQ(offered.mails_max, 5u);
    EXPECT_FALSE(read_extensions(*read_reply({"250 PIPELINING"})).pipelining);  // its name
    EXPECT_TRUE(read_extensions(*read_reply({"250-x", "250 AUTH=LOGIN"})).auth_login);
    const auto bare = read_extensions(*read_reply({"250-x", "250 SIZE"}));
    EXPECT_TRUE(bare.size && bare.bytes_max == 0);
}

}  // namespace
}  // namespace tayori::smtp
