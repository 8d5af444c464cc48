#include "smtpd/grammar/data_reader.h"

#include <gmock/gmock.h>

namespace tayori::smtp {
namespace {

struct Outcome {
    DataReader::State state;
    std::string text;
    std::string rest;
    bool operator==(const Outcome&) const = default;
};

Outcome read(BareNewline policy, std::string_view input, std::size_t piece) {
    DataReader reader(policy);
    std::string out;
    while (!input.empty()) {
        std::size_t consumed = 0;
        const auto state = reader.feed(input.substr(0, piece), out, consumed);
        input.remove_prefix(consumed);
        if (state != DataReader::State::more) return {state, out, std::string(input)};
    }
    return {DataReader::State::more, out, ""};
}

struct Row {
    const char* name;
    std::string_view input;
    Outcome rejecting;
    Outcome normalizing;
};

constexpr auto kDone = DataReader::State::done;
constexpr auto kMore = DataReader::State::more;
constexpr auto kBare = DataReader::State::bare_newline;

const Row kRows[] = {
    {"ordinary", "a\r\nb\r\n.\r\nQUIT\r\n", {kDone, "a\r\nb\r\n", "QUIT\r\n"}, {kDone, "a\r\nb\r\n", "QUIT\r\n"}},
    {"empty", ".\r\nX", {kDone, "", "X"}, {kDone, "", "X"}},
    {"stuffed", "..\r\n...a\r\n.b\r\n.\r\n", {kDone, ".\r\n..a\r\nb\r\n", ""}, {kDone, ".\r\n..a\r\nb\r\n", ""}},
    {"no end yet", "a\r\n.\r", {kMore, "a\r\n", ""}, {kMore, "a\r\n", ""}},
    {"LF dot LF", "a\n.\nMAIL", {kBare, "a", "\n.\nMAIL"}, {kMore, "a\r\n\r\nMAIL", ""}},
    {"LF dot CRLF", "a\n.\r\nMAIL", {kBare, "a", "\n.\r\nMAIL"}, {kMore, "a\r\n\r\nMAIL", ""}},
    {"CRLF dot LF", "a\r\n.\nMAIL", {kBare, "a\r\n", "\nMAIL"}, {kMore, "a\r\n\r\nMAIL", ""}},
    {"CR dot CR", "a\r.\rMAIL", {kBare, "a", ".\rMAIL"}, {kMore, "a . MAIL", ""}},
    {"CRLF dot CR", "a\r\n.\rMAIL", {kBare, "a\r\n", "MAIL"}, {kMore, "a\r\n MAIL", ""}},
    {"CR dot CRLF", "a\r.\r\nMAIL", {kBare, "a", ".\r\nMAIL"}, {kMore, "a .\r\nMAIL", ""}},
    {"CR CRLF dot CRLF", "a\r\r\n.\r\n", {kBare, "a", "\r\n.\r\n"}, {kDone, "a \r\n", ""}},
    {"CRLF dot CR CRLF", "a\r\n.\r\r\n", {kBare, "a\r\n", "\r\n"}, {kMore, "a\r\n \r\n", ""}},
    {"bare LF then real end", "a\nb\r\n.\r\nX", {kBare, "a", "\nb\r\n.\r\nX"}, {kDone, "a\r\nb\r\n", "X"}},
};

TEST(DataReader, EndsOnlyAtCrlfDotCrlfHoweverTheBytesArrive) {
    for (const auto& row : kRows) {
        for (std::size_t piece = 1; piece <= row.input.size(); ++piece) {
            SCOPED_TRACE(testing::Message() << row.name << " in pieces of " << piece);
            const auto rejecting = read(BareNewline::reject, row.input, piece);
            EXPECT_EQ(rejecting.state, row.rejecting.state);
            EXPECT_EQ(rejecting.text, row.rejecting.text);
            EXPECT_EQ(rejecting.rest, row.rejecting.rest);
            const auto normalizing = read(BareNewline::normalize, row.input, piece);
            EXPECT_EQ(normalizing.state, row.normalizing.state);
            EXPECT_EQ(normalizing.text, row.normalizing.text);
            EXPECT_EQ(normalizing.rest, row.normalizing.rest);
        }
    }
}

}  // namespace
}  // namespace tayori::smtp
