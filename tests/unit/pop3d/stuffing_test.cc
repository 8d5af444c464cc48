#include "pop3d/grammar/stuffing.h"

#include <gmock/gmock.h>

#include "pop3d/grammar/command.h"

namespace tayori::pop3 {
namespace {

std::string stuffed(std::string_view text, std::size_t piece) {
    DotStuffer stuffer;
    std::string out;
    for (; !text.empty(); text.remove_prefix(std::min(piece, text.size()))) stuffer.feed(text.substr(0, piece), out);
    stuffer.finish(out);
    return out;
}

TEST(DotStuffer, StuffsLineStartsHoweverTheTextIsCut) {
    struct Row {
        const char* text;
        const char* sent;
    };
    const Row rows[] = {
        {"", ".\r\n"},
        {"a\r\n", "a\r\n.\r\n"},
        {"a", "a\r\n.\r\n"},
        {".a\r\n..\r\n", "..a\r\n...\r\n.\r\n"},
        {"a.b\r\n.\r\nc\r\n", "a.b\r\n..\r\nc\r\n.\r\n"},
        {"a\n", "a\n\r\n.\r\n"},
    };
    for (const auto& row : rows)
        for (std::size_t piece = 1; piece < 12; ++piece) EXPECT_EQ(stuffed(row.text, piece), row.sent) << piece;
}

std::string topped(std::string_view text, std::uint32_t lines, std::size_t piece) {
    TopCutter cutter(lines);
    std::string out;
    for (; !text.empty() && !cutter.done(); text.remove_prefix(std::min(piece, text.size())))
        out += cutter.take(text.substr(0, piece));
    return out;
}

TEST(TopCutter, GivesHeaderAndLines) {
    const std::string_view text = "A: b\r\nC: d\r\n\r\none\r\n\r\nthree\r\n";
    for (std::size_t piece = 1; piece < 40; ++piece) {
        EXPECT_EQ(topped(text, 0, piece), "A: b\r\nC: d\r\n\r\n") << piece;
        EXPECT_EQ(topped(text, 1, piece), "A: b\r\nC: d\r\n\r\none\r\n") << piece;
        EXPECT_EQ(topped(text, 2, piece), "A: b\r\nC: d\r\n\r\none\r\n\r\n") << piece;
        EXPECT_EQ(topped(text, 9, piece), text) << piece;
    }
    EXPECT_EQ(topped("A: b\r\n", 5, 3), "A: b\r\n");
}

TEST(Command, KeepsThePasswordAsItIs) {
    EXPECT_EQ(split_command("pass  a b ").verb, "PASS");
    EXPECT_EQ(split_command("pass  a b ").argument, " a b ");
}

TEST(Command, ParsesNumbers) {
    EXPECT_EQ(*parse_message_number(" 12 "), 12u);
    for (const char* wrong : {"", "0", "-1", "1x", "1 2", "4294967296"}) EXPECT_FALSE(parse_message_number(wrong)) << wrong;
    EXPECT_EQ(parse_top("3 0")->message, 3u);
    for (const char* wrong : {"", "3", "0 1", "3 x", "3 1 2"}) EXPECT_FALSE(parse_top(wrong)) << wrong;
}

}  // namespace
}  // namespace tayori::pop3
